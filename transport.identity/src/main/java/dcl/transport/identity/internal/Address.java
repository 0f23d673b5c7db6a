package dcl.transport.identity.internal;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

import dcl.transport.PeerId;

/** An Ethereum address. Equal whatever the case it was written in. */
final class Address {

	private static final Pattern TEXT = Pattern.compile("0x[0-9a-fA-F]{40}");
	private static final HexFormat HEX = HexFormat.of();
	private static final int BYTES = 20;

	private final byte[] bytes;

	private Address(byte[] bytes) {
		this.bytes = bytes;
	}

	/** Returns the address written here, if it is one; its checksum is not looked at, since services pass addresses on in lower case. */
	static Optional<Address> parse(String text) {
		return TEXT.matcher(text).matches() ? Optional.of(new Address(HEX.parseHex(text, 2, text.length()))) : Optional.empty();
	}

	/** Returns the address of a public key: the last 20 bytes of the hash of both coordinates. */
	static Address ofPublicKey(byte[] uncompressed) {
		byte[] hash = Keccak.hash(uncompressed, 1, uncompressed.length - 1);
		return new Address(Arrays.copyOfRange(hash, hash.length - BYTES, hash.length));
	}

	PeerId toPeerId() {
		return PeerId.of("0x" + HEX.formatHex(bytes));
	}

	/** Returns the mixed-case form whose upper-case letters are a checksum (EIP-55). */
	String checksummed() {
		String lower = HEX.formatHex(bytes);
		byte[] hash = Keccak.hash(lower.getBytes(StandardCharsets.US_ASCII), 0, lower.length());
		String nibbles = HEX.formatHex(hash, 0, BYTES);
		String upper = lower.toUpperCase(Locale.ROOT);
		StringBuilder text = new StringBuilder("0x");
		for (int i = 0; i < lower.length(); i++) {
			text.append(nibbles.charAt(i) >= '8' ? upper.charAt(i) : lower.charAt(i));
		}
		return text.toString();
	}

	@Override
	public boolean equals(Object other) {
		return other instanceof Address address && Arrays.equals(bytes, address.bytes);
	}

	@Override
	public int hashCode() {
		return Arrays.hashCode(bytes);
	}

	/** Returns the address in lower case. */
	@Override
	public String toString() {
		return "0x" + HEX.formatHex(bytes);
	}
}
