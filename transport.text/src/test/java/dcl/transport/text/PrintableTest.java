package dcl.transport.text;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(30)
class PrintableTest {

	@Test
	void what_does_not_show_is_spelled_out_and_what_is_too_long_is_cut() {
		assertThat(Printable.of("plain ünïcode 😀 漢字")).isEqualTo("plain ünïcode 😀 漢字");
		assertThat(Printable.of("\u001b[0m\u202e\u200b\u2028\ud800\ue000\u009b"))
				.isEqualTo("\\u{1b}[0m\\u{202e}\\u{200b}\\u{2028}\\u{d800}\\u{e000}\\u{9b}");
		assertThat(Printable.of("x".repeat(4_096))).hasSize(4_096);
		assertThat(Printable.of("x".repeat(4_097))).hasSize(4_097).endsWith("x…");
	}
}
