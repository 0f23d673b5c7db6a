package dcl.transport.itest.chaos;

/** Finds where the units of a stream begin and end, byte by byte. */
abstract class Units {

	private long number;
	private long inUnit;
	private long size;

	/** Whether the next byte is of no unit. */
	abstract boolean isBefore();

	abstract void before(byte b);

	/** The size of a unit, as far as its first bytes tell; more than {@code count} while they do not. */
	abstract long size(long count, byte b);

	final void next(byte b) {
		if (isBefore()) {
			before(b);
			return;
		}
		if (inUnit == size) {
			number++;
			inUnit = 0;
		}
		inUnit++;
		size = size(inUnit, b);
	}

	/** Whether the next byte begins a unit. */
	final boolean atStart() {
		return !isBefore() && inUnit == size;
	}

	/** Whether the next byte is the first of this unit. */
	final boolean isStartOf(long unit) {
		return atStart() && number + 1 == unit;
	}

	/** Whether so many bytes of this unit have passed, or all it has. */
	final boolean hasPassed(long unit, long bytes) {
		return number > unit || number == unit && (inUnit >= bytes || inUnit == size);
	}

	/** WebSocket frames (RFC 6455, 5.2), after one HTTP head. */
	static final class Frames extends Units {

		private static final int END_OF_HEAD = 0x0D0A0D0A;

		private int lastFour;
		private boolean inFrames;
		private long length;
		private int extended;
		private long total;

		@Override
		boolean isBefore() {
			return !inFrames;
		}

		@Override
		void before(byte b) {
			lastFour = lastFour << 8 | b & 0xFF;
			inFrames = lastFour == END_OF_HEAD;
		}

		@Override
		long size(long count, byte b) {
			if (count == 1) {
				total = 2;
			} else if (count == 2) {
				length = b & 0x7F;
				extended = length == 126 ? 2 : length == 127 ? 8 : 0;
				total = 2 + extended + (b < 0 ? 4 : 0) + (extended == 0 ? length : 0);
				length = 0;
			} else if (count <= 2 + extended) {
				length = length << 8 | b & 0xFF;
				if (count == 2 + extended) {
					total += Math.max(0, length);
				}
			}
			return count < 2 + extended ? Math.max(total, count + 1) : total;
		}
	}

	/** TLS records (RFC 8446, 5.1): five bytes, of which two are the length. */
	static final class Records extends Units {

		private long total;

		@Override
		boolean isBefore() {
			return false;
		}

		@Override
		void before(byte b) {
			throw new IllegalStateException("a stream of records has nothing before them");
		}

		@Override
		long size(long count, byte b) {
			if (count == 4) {
				total = 5 + ((b & 0xFF) << 8);
			} else if (count == 5) {
				total += b & 0xFF;
			}
			return count < 5 ? 6 : total;
		}
	}
}
