package dcl.transport.registry.internal;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;

/** Which addresses a connection string out of a remote document may lead to: public unicast ones, and nothing of the host's own network. */
final class AddressPolicy {

	private AddressPolicy() {
	}

	/** Returns whether an address belongs to the public internet. */
	static boolean isPublic(InetAddress address) {
		if (address.isAnyLocalAddress() || address.isLoopbackAddress() || address.isLinkLocalAddress() || address.isSiteLocalAddress()
				|| address.isMulticastAddress()) {
			return false;
		}
		byte[] b = address.getAddress();
		if (address instanceof Inet4Address) {
			return isPublic4(b[0] & 0xff, b[1] & 0xff, b[2] & 0xff);
		}
		if (!(address instanceof Inet6Address)) {
			return false;
		}
		if ((b[0] & 0xfe) == 0xfc) { // fc00::/7, unique local (rfc4193)
			return false;
		}
		if (zero(b, 0, 12)) { // ::/96, IPv4-compatible (rfc4291, deprecated)
			return false;
		}
		if (b[0] == 0 && b[1] == 0x64 && (b[2] & 0xff) == 0xff && (b[3] & 0xff) == 0x9b) { // 64:ff9b::/96 and 64:ff9b:1::/48, NAT64 (rfc6052, rfc8215)
			return zero(b, 4, 12) && isPublic4(b[12] & 0xff, b[13] & 0xff, b[14] & 0xff);
		}
		if (b[0] == 0x20 && b[1] == 0x02) { // 2002::/16, 6to4 (rfc3056)
			return isPublic4(b[2] & 0xff, b[3] & 0xff, b[4] & 0xff);
		}
		if (b[0] == 0x20 && b[1] == 0x01 && (b[2] & 0xfe) == 0) { // 2001::/23, Teredo and other special purposes (rfc2928)
			return false;
		}
		if (b[0] == 0x20 && b[1] == 0x01 && b[2] == 0x0d && (b[3] & 0xff) == 0xb8) { // 2001:db8::/32, documentation (rfc3849)
			return false;
		}
		if (b[0] == 0x3f && (b[1] & 0xff) == 0xff && (b[2] & 0xf0) == 0) { // 3fff::/20, documentation (rfc9637)
			return false;
		}
		return (b[0] & 0xe0) == 0x20; // 2000::/3, the only global unicast space handed out
	}

	/** The blocks of rfc6890 and rfc1112 that are nobody's on the internet. */
	private static boolean isPublic4(int a, int b, int c) {
		return !(a == 0 || a == 10 || a == 127 || a >= 224
				|| a == 100 && (b & 0xc0) == 64
				|| a == 169 && b == 254
				|| a == 172 && (b & 0xf0) == 16
				|| a == 192 && b == 168
				|| a == 192 && b == 0 && (c == 0 || c == 2)
				|| a == 192 && b == 88 && c == 99
				|| a == 198 && (b & 0xfe) == 18
				|| a == 198 && b == 51 && c == 100
				|| a == 203 && b == 0 && c == 113);
	}

	private static boolean zero(byte[] bytes, int from, int to) {
		for (int i = from; i < to; i++) {
			if (bytes[i] != 0) {
				return false;
			}
		}
		return true;
	}
}
