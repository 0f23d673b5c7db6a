package dcl.transport.itest.chaos;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

@Timeout(30)
class ScriptTest {

	@ParameterizedTest
	@ValueSource(strings = {"at 0 ms of every connection: latency 20 jitter 10 both", "at 200 ms of connection 2: rst both",
			"at byte 1000 down of connection 3: corrupt down", "at frame 3 byte 7 down of connection 4: fin both",
			"at record 2 byte 5 up of connection 5: rst both", "at frame 2 up of connection 1: inject 9 00ff down",
			"at 0 ms of connection 1: answer 503 Retry-After: 7", "at 0 ms of connection 1: endless-headers",
			"at 5 ms of connection 1: bandwidth 100 down", "at 5 ms of connection 1: stop-read up", "at 5 ms of connection 1: refuse",
			"at byte 0 up of connection 1: drop up", "at frame 1 down of connection 1: opcode 0 down"})
	void what_is_printed_is_what_is_read(String line) {
		Script script = Script.parse("seed 42\n" + line + "\n");

		assertThat(script.toString()).isEqualTo("seed 42\n" + line + "\n");
		assertThat(Script.parse(script.toString()).toString()).isEqualTo(script.toString());
	}

	@Test
	void the_short_forms_mean_the_long_ones() {
		assertThat(Script.parse("at 200ms of connection 2: rst # gone\n\nat byte 9 up of connection 1: corrupt\n"
				+ "at frame 2 down of every connection: split 4").toString())
				.isEqualTo("seed 0\nat 200 ms of connection 2: rst both\nat byte 9 up of connection 1: corrupt up\n"
						+ "at frame 2 down of every connection: split 4 down\n");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = {"at noon of connection 1: rst|expected 'at' N 'ms'",
			"at 1 ms of connection 1: explode|expected a fault, one of", "at 1 ms of connection 1: corrupt|to end with up, down or both",
			"at 1 ms of connection 1: rst now|nothing more than a direction", "at 1 ms of connection 1: bandwidth 0|a number from 1",
			"at 1 ms of connection 1: answer 503|at 0 ms", "at byte 1 up of connection 1: silence|at 0 ms",
			"at 1 ms of connection 1: opcode 16 up|an opcode from 0 to 15", "at 1 ms of connection 1: inject 9 abc up|1 to 125 bytes in hex",
			"at 1 ms of connection 1: latency x|milliseconds", "seed x|For input string"})
	void what_is_no_script_is_told_with_its_line(String line, String expected) {
		assertThatThrownBy(() -> Script.parse("seed 1\n" + line)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(expected)
				.hasMessageContaining(line);
	}

	@Test
	void a_seed_makes_the_same_schedule_each_time_and_others_another() {
		String first = Script.random(7, 50, 1_000).toString();

		assertThat(Script.random(7, 50, 1_000).toString()).isEqualTo(first).hasLineCount(51);
		assertThat(Script.random(8, 50, 1_000).toString().replace("seed 8", "seed 7")).isNotEqualTo(first);
		assertThat(Script.parse(first).toString()).isEqualTo(first);
		assertThat(Script.parse("").withSeed(3).seed()).isEqualTo(3);
	}
}
