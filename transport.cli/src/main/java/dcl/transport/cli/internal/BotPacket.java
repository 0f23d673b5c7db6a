package dcl.transport.cli.internal;

import com.google.protobuf.UnknownFieldSet;
import dcl.transport.Packet;
import dcl.transport.rfc4.Movement;
import dcl.transport.rfc4.Rfc4;
import dcl.transport.rfc4.Rfc4Packet;

/**
 * What a bot sends: a movement as clients send it, and behind it, in a field no client knows and every client skips, which packet it is. Two packets of the
 * same bot with the same place and numbers are equal byte for byte. The numbers stand at the very end, so that a receiver finds them without decoding.
 */
final class BotPacket {

	/** Far from the members of the schema, which are below 20 (ADR-104), and from what protobuf keeps for itself. */
	private static final int FIELD = 7_411;
	/** Tag of a fixed64 field with that number, as a varint, and eight bytes. */
	private static final byte[] TAG = {(byte) ((FIELD << 3 | 1) & 0x7f | 0x80), (byte) ((FIELD << 3 | 1) >> 7 & 0x7f | 0x80), (byte) ((FIELD << 3 | 1) >> 14)};
	private static final int TAIL = TAG.length + Long.BYTES;
	/** Ours are shorter. */
	static final int MAX_BYTES = 256;
	private static final long NONE = -1;

	// The numbers: one bit, then three times as many as each needs.
	private static final int BOT_BITS = 11;
	private static final int COUNT_BITS = 26;
	/** One more than the highest number and slot there can be. */
	static final int MOST = (1 << COUNT_BITS) - 1;

	private BotPacket() {
	}

	/**
	 * Returns a packet.
	 *
	 * @param place  where the bot is, and when
	 * @param bot    which bot, from 0 to 2 046
	 * @param stream which of its streams, 0 or 1, the number counts in
	 * @param number from 0
	 * @param slot   its place in the bot's schedule, from 0
	 */
	static Packet encode(Movement place, int bot, int stream, int number, int slot) {
		long numbers = (((long) stream << BOT_BITS | bot) << COUNT_BITS | number) << COUNT_BITS | slot;
		UnknownFieldSet ours = UnknownFieldSet.newBuilder()
				.addField(FIELD, UnknownFieldSet.Field.newBuilder().addFixed64(numbers).build()).build();
		// with a version of its own nothing is added behind
		return Rfc4.encode(Rfc4Packet.newBuilder().setMovement(place).setProtocolVersion(Rfc4.PROTOCOL_VERSION).setUnknownFields(ours).build());
	}

	/**
	 * Reads the numbers of a packet.
	 *
	 * @param scratch of {@link #MAX_BYTES}
	 * @return for {@link #bot}, {@link #stream}, {@link #number} and {@link #slot}; empty, which is all bits set, if it is not a bot's
	 */
	static long numbers(Packet packet, byte[] scratch) {
		int size = packet.size();
		if (size < TAIL || size > MAX_BYTES) {
			return NONE;
		}
		packet.copyTo(scratch, 0);
		int at = size - TAIL;
		for (byte expected : TAG) {
			if (scratch[at++] != expected) {
				return NONE;
			}
		}
		long numbers = 0;
		for (int i = 0; i < Long.BYTES; i++) {
			numbers |= (scratch[at++] & 0xffL) << (8 * i);
		}
		return numbers;
	}

	static boolean isBots(long numbers) {
		return numbers != NONE;
	}

	static int bot(long numbers) {
		return (int) (numbers >> 2 * COUNT_BITS) & (1 << BOT_BITS) - 1;
	}

	static int stream(long numbers) {
		return (int) (numbers >>> Long.SIZE - 1);
	}

	static int number(long numbers) {
		return (int) (numbers >> COUNT_BITS) & MOST;
	}

	static int slot(long numbers) {
		return (int) numbers & MOST;
	}
}
