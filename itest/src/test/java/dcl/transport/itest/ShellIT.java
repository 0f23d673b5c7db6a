package dcl.transport.itest;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

import dcl.transport.TransportRegistry;
import dcl.transport.hotdeploy.DropZone;
import dcl.transport.hotdeploy.DropZoneOptions;
import dcl.transport.hotdeploy.DropZoneOptions.Signatures;
import dcl.transport.hotdeploy.DropZones;
import dcl.transport.status.TransportStatus;
import org.apache.felix.service.command.CommandProcessor;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Converter;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;
import org.osgi.framework.Bundle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** The shell's commands in the real Gogo. */
public class ShellIT extends FrameworkTest {

	private final ByteArrayOutputStream out = new ByteArrayOutputStream();
	private CommandSession shell;

	@Before
	public void open() throws Exception {
		Await.until("the commands are there", () -> isCommand("open"));
		service(TransportRegistry.class);
		PrintStream printed = new PrintStream(out, true, StandardCharsets.UTF_8);
		shell = service(CommandProcessor.class).createSession(InputStream.nullInputStream(), printed, printed);
		shell.execute("comms:close all");
	}

	@After
	public void close() {
		shell.close();
	}

	private String table(String command) {
		try {
			return shell.format(shell.execute(command), Converter.INSPECT).toString();
		} catch (Exception e) {
			return e.toString();
		}
	}

	@Test
	public void providers_are_objects_and_a_table() throws Exception {
		assertThat((List<?>) shell.execute("comms:providers")).hasSizeGreaterThan(3);
		assertThat(table("comms:providers")).startsWith("type ").contains("\nws-room ", "dcl.transport.wsroom 1.0.0");
		assertThat(shell.execute("((comms:providers) get 0) bundle")).asString().startsWith("dcl.transport.");
	}

	@Test
	public void a_provider_that_comes_and_goes_is_seen_and_a_room_in_it_used() throws Exception {
		Bundle echo = start("echo", "1.0.0");
		assertThat(table("comms:providers")).contains("echo");
		shell.execute("room = (comms:open echo:secret-token)");
		assertThat(shell.execute("comms:send $room hello")).isEqualTo("sent");
		assertThat(shell.execute("$room state")).isEqualTo("CONNECTED");
		assertThat(table("comms:list")).contains("transport", "echo:…", "CONNECTED", "dcl.transport.shell").doesNotContain("secret-token");
		echo.stop();
		Await.until("the room is over", () -> state().equals("CLOSED"));
		assertThat(table("comms:events $room")).contains("PROVIDER_GONE").doesNotContain("secret-token");
		assertThat(table("comms:providers")).doesNotContain("echo");
		assertThatThrownBy(() -> shell.execute("comms:open echo:x")).hasToString("NO_PROVIDER: no provider for 'echo'; installed: "
				+ registry().types());
	}

	private String state() {
		try {
			return shell.execute("$room state").toString();
		} catch (Exception e) {
			throw new AssertionError(e);
		}
	}

	@Test
	public void what_the_shell_opened_ends_with_its_bundle_and_the_commands_come_back() throws Exception {
		start("echo", "1.0.0");
		shell.execute("comms:open echo:x");
		assertThat(ofShell()).isEqualTo(1);
		Bundle commands = bundleNamed("dcl.transport.shell");
		commands.stop();
		Await.until("the room is closed", () -> ofShell() == 0);
		assertThatThrownBy(() -> shell.execute("comms:list")).hasMessageContaining("comms:list");
		commands.start();
		Await.until("the commands are back", () -> isCommand("open"));
		Await.until("nothing is open", () -> table("comms:list").equals("nothing is open")); // a transport is closed politely, which takes a moment
	}

	@Test
	public void a_jar_is_checked_deployed_updated_rolled_back_and_taken_away() throws Exception {
		assertThatThrownBy(() -> shell.execute("comms:deployed")).asString().startsWith("no drop zone is open here: ");
		Path folder = Files.createTempDirectory("zone-");
		Path jars = Files.createTempDirectory("jars-");
		Path jar = jars.resolve("echo.jar");
		DropZoneOptions options = DropZoneOptions.defaults().withSignatures(Signatures.OFF).withPoll(Duration.ofMillis(20)).withStart(Duration.ofSeconds(30));
		try (DropZone zone = service(DropZones.class).watch(folder, options)) {
			Await.until("the commands see it", () -> !table("comms:deployed").startsWith("no drop zone"));
			assertThat(table("comms:deployed")).isEqualTo("nothing came through the drop zone");
			Files.write(jar, fixture("echo", "1.0.0").readAllBytes());
			assertThat(shell.execute("(comms:deploy --dry-run " + jar + ") outcome")).isEqualTo("ACCEPTED");
			assertThat(registry().types()).doesNotContain("echo");
			assertThat(shell.execute("(comms:deploy " + jar + ") outcome")).isEqualTo("DEPLOYED");
			assertThat(registry().types()).contains("echo");
			Files.write(jar, fixture("echo", "2.0.0").readAllBytes());
			shell.execute("comms:deploy " + jar);
			String bundle = shell.execute("((comms:deployed) get 0) bundle").toString();
			assertThat(shell.execute("((comms:deployed) get 0) version")).isEqualTo("2.0.0");
			assertThat(shell.execute("(comms:rollback " + bundle + ") outcome")).isEqualTo("DEPLOYED");
			assertThat(shell.execute("((comms:deployed) get 0) version")).isEqualTo("1.0.0");
			Files.write(jar, new byte[] {1, 2, 3});
			assertThatThrownBy(() -> shell.execute("comms:deploy " + jar)).asString().startsWith("REFUSED (");
			assertThat(registry().types()).contains("echo");
			assertThat(shell.execute("(comms:undeploy " + bundle + ") outcome")).isEqualTo("UNDEPLOYED");
			assertThat(registry().types()).doesNotContain("echo");

			assertThat(table("comms:trust list")).isEqualTo("nobody is trusted");
			shell.execute("comms:trust add acme key:" + "0a".repeat(32) + " acme,acme-two");
			assertThat(table("comms:trust list")).contains("acme  acme, acme-two  key:0a0a");
			assertThatThrownBy(() -> shell.execute("comms:trust add acme nonsense acme")).isInstanceOf(Exception.class);
			assertThat(shell.execute("comms:trust remove acme")).isEqualTo("trusted no longer");
			assertThatThrownBy(() -> shell.execute("comms:trust remove acme")).hasToString("nobody of that name is trusted");
			assertThatThrownBy(() -> shell.execute("comms:trust dance")).asString().contains("is expected");
		} finally {
			for (Path root : List.of(folder, jars)) {
				try (Stream<Path> files = Files.walk(root)) {
					files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
				}
			}
		}
	}

	private long ofShell() {
		try {
			return service(TransportStatus.class).transports().stream().filter(open -> open.host().startsWith("dcl.transport.shell ")).count();
		} catch (InterruptedException e) {
			throw new AssertionError(e);
		}
	}

	@Test
	public void the_registry_can_be_restarted_under_the_commands() throws Exception {
		Bundle registry = bundleNamed("dcl.transport.registry");
		registry.stop();
		registry.start();
		Await.until("the commands are back", () -> isCommand("open"));
		assertThat(shell.execute("((comms:open offline:x) state)")).isEqualTo("CONNECTED");
		shell.execute("comms:close all");
	}
}
