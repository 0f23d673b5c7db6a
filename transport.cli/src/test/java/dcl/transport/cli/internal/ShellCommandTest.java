package dcl.transport.cli.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.ToIntFunction;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(60)
class ShellCommandTest {

	private final List<List<String>> asked = new ArrayList<>();
	private final ToIntFunction<String[]> shell = args -> {
		asked.add(List.of(args));
		return 42;
	};

	@Test
	void the_shell_is_interactive_where_a_person_looks_on_and_its_exit_code_is_the_command_s() throws Exception {
		assertThat(Session.of(true, () -> Optional.of(shell), "shell").exit()).isEqualTo(42);
		assertThat(Session.of(false, () -> Optional.of(shell), "shell").exit()).isEqualTo(42);
		assertThat(asked).containsExactly(List.of("--interactive"), List.of());
	}

	@Test
	void without_a_shell_it_says_which_bundles_are_missing() throws Exception {
		Session session = Session.of(false, Optional::empty, "shell");

		assertThat(session.exit()).isEqualTo(Exit.DEFECT);
		assertThat(session.err()).contains("dcl.transport.shell and Gogo");
	}

	@Test
	void interrupted_while_it_waits_for_the_shell_it_ends() throws Exception {
		Session session = Session.of(false, () -> {
			throw new InterruptedException();
		}, "shell");

		assertThat(session.exit()).isEqualTo(Exit.INTERRUPTED);
	}
}
