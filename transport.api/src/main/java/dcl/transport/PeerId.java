package dcl.transport;

import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Who sent or should get a packet: an Ethereum address, or a name a service chose ("authoritative-server"). Immutable.
 * <p>
 * An address is kept in lower case, the form in which services hand them out, so equal wallets are equal ids; a name keeps its case.
 *
 * @param value the address or name, at most {@value #MAX_LENGTH} characters; empty for {@link #SERVICE} only
 */
public record PeerId(String value) {

	/** The longest name accepted, in characters. */
	public static final int MAX_LENGTH = 256;

	private static final Pattern ADDRESS = Pattern.compile("0x[0-9a-fA-F]{40}");

	/** The service itself, where it speaks: LiveKit's server API sends packets without a sender. Its value is empty. */
	public static final PeerId SERVICE = new PeerId("");

	/** @throws IllegalArgumentException if the value is longer than {@link #MAX_LENGTH} */
	public PeerId {
		if (value.length() > MAX_LENGTH) {
			throw new IllegalArgumentException("a peer id has at most " + MAX_LENGTH + " characters, this one has " + value.length());
		}
		if (ADDRESS.matcher(value).matches()) {
			value = value.toLowerCase(Locale.ROOT);
		}
	}

	/**
	 * Returns the id of a peer.
	 *
	 * @throws IllegalArgumentException if the text is empty or longer than {@link #MAX_LENGTH}
	 */
	public static PeerId of(String text) {
		if (text.isEmpty()) {
			throw new IllegalArgumentException("a peer id is an address or a name; this one is empty");
		}
		return new PeerId(text);
	}

	/** Returns whether the value is an Ethereum address: "0x" and 40 hexadecimal digits. */
	public boolean isAddress() {
		return ADDRESS.matcher(value).matches();
	}

	/** Returns the bare value. */
	@Override
	public String toString() {
		return value;
	}
}
