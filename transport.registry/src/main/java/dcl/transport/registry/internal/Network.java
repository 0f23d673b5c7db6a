package dcl.transport.registry.internal;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A block of addresses, written as an address and how many of its bits count: {@code 192.168.0.0/16}. */
record Network(InetAddress base, int bits) {

	/** An address in digits, so that nothing is looked up. */
	private static final Pattern TEXT = Pattern.compile("((?:\\d{1,3}\\.){3}\\d{1,3}|[0-9a-fA-F.]*:[0-9a-fA-F:.]*)/(\\d{1,3})");

	/**
	 * Reads a block.
	 *
	 * @throws IllegalArgumentException if it is none; the text says what was expected
	 */
	static Network parse(String text) {
		Matcher matcher = TEXT.matcher(text.strip());
		if (matcher.matches()) {
			try {
				InetAddress base = InetAddress.getByName(matcher.group(1));
				int bits = Integer.parseInt(matcher.group(2));
				if (bits <= 8 * base.getAddress().length) {
					return new Network(base, bits);
				}
			} catch (UnknownHostException e) {
				// said below
			}
		}
		throw new IllegalArgumentException("a block of addresses is an address, a slash and a number of bits, such as 192.168.0.0/16");
	}

	boolean contains(InetAddress address) {
		byte[] one = base.getAddress();
		byte[] other = address.getAddress();
		if (one.length != other.length) {
			return false;
		}
		for (int bit = 0; bit < bits; bit++) {
			int mask = 0x80 >> (bit & 7);
			if ((one[bit >> 3] & mask) != (other[bit >> 3] & mask)) {
				return false;
			}
		}
		return true;
	}
}
