package dcl.transport.websocket;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(30)
class Utf8Test {

	static boolean decodes(byte[] bytes) {
		try {
			StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
			return true;
		} catch (CharacterCodingException e) {
			return false;
		}
	}

	@Test
	void it_agrees_with_the_decoder_of_the_jdk() {
		Random random = new Random(7);
		int[] lively = {0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEF, 0xF0, 0xF1, 0xF4, 0xF5, 0xFF};
		int valid = 0;
		for (int i = 0; i < 300_000; i++) {
			byte[] bytes = new byte[1 + random.nextInt(5)];
			for (int k = 0; k < bytes.length; k++) {
				bytes[k] = (byte) lively[random.nextInt(lively.length)];
			}
			boolean expected = decodes(bytes);
			if (Utf8.valid(bytes, 0, bytes.length) != expected) {
				throw new AssertionError(java.util.Arrays.toString(bytes) + " decodes: " + expected);
			}
			valid += expected ? 1 : 0;
		}
		assertThat(valid).isBetween(5_000, 290_000);
		for (int codePoint = 0; codePoint <= Character.MAX_CODE_POINT; codePoint++) {
			byte[] bytes = Character.toString(codePoint).getBytes(StandardCharsets.UTF_8);
			boolean surrogate = codePoint >= 0xD800 && codePoint <= 0xDFFF; // encoded as a question mark
			if (!Utf8.valid(bytes, 0, bytes.length) || bytes.length == 1 != (codePoint < 0x80 || surrogate)) {
				throw new AssertionError("code point " + codePoint);
			}
		}
	}
}
