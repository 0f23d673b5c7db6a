package dcl.transport.websocket;

/** Tells UTF-8 from other bytes (RFC 3629). */
final class Utf8 {

	private Utf8() {
	}

	static boolean valid(byte[] bytes, int from, int to) {
		int i = from;
		while (i < to) {
			int b = bytes[i++];
			if (b >= 0) {
				continue;
			}
			int more; // continuation bytes
			int least = 0x80; // the range of the first of them: keeps out overlong forms, surrogates and what lies above U+10FFFF
			int most = 0xBF;
			b &= 0xFF;
			if (b >= 0xC2 && b <= 0xDF) {
				more = 1;
			} else if (b >= 0xE0 && b <= 0xEF) {
				more = 2;
				least = b == 0xE0 ? 0xA0 : 0x80;
				most = b == 0xED ? 0x9F : 0xBF;
			} else if (b >= 0xF0 && b <= 0xF4) {
				more = 3;
				least = b == 0xF0 ? 0x90 : 0x80;
				most = b == 0xF4 ? 0x8F : 0xBF;
			} else {
				return false;
			}
			if (to - i < more) {
				return false;
			}
			int first = bytes[i++] & 0xFF;
			if (first < least || first > most) {
				return false;
			}
			for (int k = 1; k < more; k++) {
				if ((bytes[i++] & 0xC0) != 0x80) {
					return false;
				}
			}
		}
		return true;
	}
}
