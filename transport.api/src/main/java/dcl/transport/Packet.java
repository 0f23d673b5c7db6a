package dcl.transport;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * One encoded rfc4 packet (ADR-104), free of any transport's own wrapping. Immutable; equal by content.
 */
public final class Packet {

	private final byte[] array;
	private final int offset;
	private final int size;

	private Packet(byte[] array, int offset, int size) {
		this.array = array;
		this.offset = offset;
		this.size = size;
	}

	/** Returns a packet with a copy of the bytes. */
	public static Packet copyOf(byte[] bytes) {
		return new Packet(bytes.clone(), 0, bytes.length);
	}

	/**
	 * Returns a packet of the remaining bytes of the buffer, whose position does not change. The bytes of a heap buffer are taken over without a
	 * copy, and the caller must not touch them again; those of a direct or read-only buffer are copied.
	 */
	public static Packet wrap(ByteBuffer bytes) {
		if (bytes.hasArray()) {
			return new Packet(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
		}
		byte[] copy = new byte[bytes.remaining()];
		bytes.get(bytes.position(), copy);
		return new Packet(copy, 0, copy.length);
	}

	/** Returns the number of bytes. */
	public int size() {
		return size;
	}

	/** Returns a new read-only view. */
	public ByteBuffer asByteBuffer() {
		return ByteBuffer.wrap(array, offset, size).slice().asReadOnlyBuffer();
	}

	/** Returns a copy of the bytes. */
	public byte[] toByteArray() {
		return Arrays.copyOfRange(array, offset, offset + size);
	}

	/**
	 * Copies the bytes.
	 *
	 * @param target where to, with room for {@link #size()} bytes from {@code at}
	 * @throws IndexOutOfBoundsException if there is less room
	 */
	public void copyTo(byte[] target, int at) {
		System.arraycopy(array, offset, target, at, size);
	}

	@Override
	public boolean equals(Object other) {
		return other instanceof Packet packet && Arrays.equals(array, offset, offset + size, packet.array, packet.offset, packet.offset + packet.size);
	}

	@Override
	public int hashCode() {
		int hash = 1;
		for (int i = offset; i < offset + size; i++) {
			hash = 31 * hash + array[i];
		}
		return hash;
	}

	/** Returns the size only: what is inside may be private. */
	@Override
	public String toString() {
		return "Packet[" + size + " bytes]";
	}
}
