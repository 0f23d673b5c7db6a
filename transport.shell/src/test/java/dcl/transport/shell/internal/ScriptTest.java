package dcl.transport.shell.internal;

import java.util.Map;

import dcl.transport.shell.internal.Gogo.Ran;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(60)
class ScriptTest {

	private final Gogo gogo = new Gogo(Map.of());

	@AfterEach
	void close() {
		gogo.close();
	}

	@Test
	void what_fails_is_told_and_the_next_goes_on_and_the_last_decides_the_exit_code() {
		Ran good = gogo.run("nonsense", "providers");
		Ran bad = gogo.run("providers", "nonsense");

		assertThat(good.code()).isZero();
		assertThat(good.out()).contains("echo");
		assertThat(good.err()).startsWith("comms: ").contains("nonsense");
		assertThat(bad.code()).isEqualTo(1);
	}

	@Test
	void no_input_is_no_failure() {
		assertThat(gogo.run("").code()).isZero();
		assertThat(gogo.run("", "  ", "# a comment").code()).isZero();
	}

	@Test
	void a_command_goes_on_while_a_bracket_is_open() {
		Ran ran = gogo.run("x = [", "1", "2", "]", "($x size)");

		assertThat(ran.err()).isEmpty();
		assertThat(ran.out()).endsWith("2\n");
	}

	@Test
	void input_that_ends_within_a_command_fails() {
		Ran ran = gogo.run("providers", "x = [ 1");

		assertThat(ran.err()).isEqualTo("comms: the input ended in the middle of a command\n");
		assertThat(ran.code()).isEqualTo(1);
	}

	@Test
	void what_gogo_quotes_of_a_connection_string_is_not_its_secret() {
		Ran ran = gogo.run("open echo:https://h.example/?t=s3cr3t", "ws-room:s3cr3t", "comms:nothing", "open 'echo:s3cr3t' ($x)");

		assertThat(ran.err()).contains("ws-room:…", "comms:nothing").doesNotContain("s3cr3t");
	}

	@Test
	void a_command_that_never_ends_is_given_up() {
		Ran ran = gogo.run("[" + "x ".repeat(40_000), "providers");

		assertThat(ran.err()).contains("at most 65536 characters");
		assertThat(ran.out()).contains("echo");
		assertThat(ran.code()).isZero();
	}

	@Test
	void terminal_sequences_in_an_error_do_not_reach_the_terminal() {
		Ran ran = gogo.run("bo\u001bcgus");

		assertThat(ran.err()).contains("\\u{1b}c").doesNotContain("\u001b");
	}
}
