package dcl.transport.rfc4;

/**
 * Walks over the fields of a packet without looking into them, by the rules of protobuf's own parser. A place and a number are passed around as one
 * {@code long}, the place in its high half, so that nothing is allocated.
 */
final class TopLevel {

	private static final int MAX_GROUP_DEPTH = 100;
	private static final int MALFORMED = -1;

	private TopLevel() {
	}

	/** Returns the last member among the first {@code size} bytes, {@link Kind#UNKNOWN} if there is none or the walk does not reach the end. */
	static Kind lastMember(byte[] bytes, int size) {
		Kind last = Kind.UNKNOWN;
		int at = 0;
		while (at < size) {
			long read = varint(bytes, at, size);
			int tag = (int) read;
			at = skip(bytes, place(read), size, tag, 0);
			if (at == MALFORMED) {
				return Kind.UNKNOWN;
			}
			Kind member = (tag & 7) == 2 ? Kind.byNumber(tag >>> 3) : null;
			if (member != null) {
				last = member;
			}
		}
		return last;
	}

	/** Returns the place behind the value at {@code at}, {@link #MALFORMED} if it has no end or its tag is none. */
	private static int skip(byte[] bytes, int at, int end, int tag, int depth) {
		if (at == MALFORMED || tag >>> 3 == 0) {
			return MALFORMED;
		}
		switch (tag & 7) {
			case 0 :
				return place(varint(bytes, at, end));
			case 1 :
				return advance(at, end, 8);
			case 2 :
				long length = varint(bytes, at, end);
				return length == MALFORMED ? MALFORMED : advance(place(length), end, (int) length);
			case 3 :
				return depth < MAX_GROUP_DEPTH ? skipGroup(bytes, at, end, tag >>> 3, depth + 1) : MALFORMED;
			case 5 :
				return advance(at, end, 4);
			default :
				return MALFORMED;
		}
	}

	private static int skipGroup(byte[] bytes, int from, int end, int number, int depth) {
		int at = from;
		while (at < end && at != MALFORMED) {
			long read = varint(bytes, at, end);
			int tag = (int) read;
			if (read != MALFORMED && (tag & 7) == 4) {
				return tag >>> 3 == number ? place(read) : MALFORMED;
			}
			at = skip(bytes, place(read), end, tag, depth);
		}
		return MALFORMED;
	}

	private static int advance(int at, int end, int count) {
		return count >= 0 && count <= end - at ? at + count : MALFORMED;
	}

	/** Reads a number of at most ten bytes and keeps its lower 32 bits; {@link #MALFORMED} if there is none. */
	private static long varint(byte[] bytes, int from, int end) {
		int value = 0;
		for (int i = 0; i < 10 && from + i < end; i++) {
			byte b = bytes[from + i];
			value |= i < 5 ? (b & 0x7f) << 7 * i : 0;
			if (b >= 0) {
				return (long) (from + i + 1) << 32 | value & 0xffff_ffffL;
			}
		}
		return MALFORMED;
	}

	private static int place(long read) {
		return (int) (read >> 32);
	}
}
