package dcl.transport.itest.livekit;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** What {@code install} asks of Maven on a machine that has next to nothing. */
@Timeout(60)
@EnabledOnOs(OS.LINUX)
class InstallTest {

	private static final Path SCRIPT = Path.of(System.getProperty("basedir", "")).toAbsolutePath().resolve("install");

	@TempDir
	private Path folder;

	@BeforeEach
	void have_the_least_tools() throws Exception {
		Files.createDirectory(folder.resolve("bin"));
		for (String tool : new String[] {"bash", "dirname", "mkdir", "id", "grep"}) { // and no ip, no apt-get
			Path real = Path.of("/usr/bin", tool);
			Files.createSymbolicLink(folder.resolve("bin").resolve(tool), Files.exists(real) ? real : Path.of("/bin", tool));
		}
	}

	@Test
	void without_a_server_nothing_is_required_and_the_reason_is_told() throws Exception {
		assertThat(said()).isEmpty();
		assertThat(Files.readString(folder.resolve("reason"))).startsWith("livekit: not proven (no ip or unshare");
	}

	@Test
	void where_a_server_is_all_else_is_required_too() throws Exception {
		Path server = folder.resolve(Path.of("dcl-transport", "livekit-server-v1.13.5", "server"));
		Files.createDirectories(server.getParent());
		Files.writeString(server, "#!/bin/sh\n");
		assertThat(server.toFile().setExecutable(true)).isTrue();
		assertThat(said()).isEqualTo("-Dlivekit.server=" + server + " -Dlivekit.required=true\n");
		assertThat(Files.readString(folder.resolve("reason"))).startsWith("livekit: not proven (no ip or unshare");
	}

	private String said() throws Exception {
		ProcessBuilder script = new ProcessBuilder(folder.resolve("bin").resolve("bash").toString(), SCRIPT.toString());
		script.environment().clear();
		script.environment().put("PATH", folder.resolve("bin").toString());
		script.environment().put("XDG_CACHE_HOME", folder.toString());
		Process process = script.redirectError(folder.resolve("reason").toFile()).start();
		try {
			String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
			assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
			assertThat(process.exitValue()).isZero();
			return said;
		} finally {
			process.destroyForcibly();
		}
	}
}
