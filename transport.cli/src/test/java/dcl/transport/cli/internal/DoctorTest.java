package dcl.transport.cli.internal;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

import dcl.transport.cli.internal.Checks.Status;
import dcl.transport.cli.internal.Installed.Candidate;
import dcl.transport.webrtc.IceServer;
import dcl.transport.webrtc.PeerConnection;
import dcl.transport.webrtc.PeerConnectionEvents;
import dcl.transport.webrtc.WebRtc;
import dcl.transport.webrtc.WebRtcUnavailableException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class DoctorTest {

	private static final Exception MISSING = new WebRtcUnavailableException("libwebrtc needs the system library libpulse.so.0, which is not installed",
			"libpulse.so.0", "apt-get install libpulse0");

	/** One that loads, or not. */
	private record FakeWebRtc(CompletionStage<Void> loading) implements WebRtc {

		@Override
		public CompletionStage<Void> load() {
			return loading;
		}

		@Override
		public CompletionStage<PeerConnection> open(List<IceServer> servers, boolean relayOnly, PeerConnectionEvents events) {
			throw new AssertionError("the doctor opens nothing");
		}
	}

	private static Installed installed(CompletionStage<Void> loading, String... types) {
		return new Installed() {
			@Override
			public List<Candidate> bestFirst() {
				return types.length == 0 ? List.of() : List.of(new Candidate(List.of(types), "b", "1.0.0", 0, uri -> true));
			}

			@Override
			public Optional<WebRtc> webRtc() {
				return Optional.ofNullable(loading).map(FakeWebRtc::new);
			}
		};
	}

	private static Session run(Installed installed, String... args) throws Exception {
		return new Session(new FakeRegistry(), installed, null, args);
	}

	@Test
	void a_healthy_machine_has_a_line_a_check_and_exit_code_0() throws Exception {
		Session session = run(installed(CompletableFuture.completedFuture(null), "ws-room", "livekit"), "doctor", "--json");

		assertThat(session.exit()).isZero();
		Schemas.assertValid("doctor", session.lines());
		assertThat(session.lines()).hasSize(8).noneMatch(line -> line.contains("\"failed\""));
		assertThat(session.lines().get(0)).startsWith("{\"check\":\"java\",\"status\":\"ok\",\"detail\":\"" + Runtime.version());
		assertThat(session.lines().get(1)).isEqualTo("{\"check\":\"types\",\"status\":\"ok\",\"detail\":\"livekit, ws-room\",\"fix\":\"\"}");
		assertThat(session.lines().get(7)).startsWith("{\"check\":\"libwebrtc\",\"status\":\"ok\"");
	}

	@Test
	void a_missing_library_is_named_with_the_package_to_install() throws Exception {
		Installed installed = installed(CompletableFuture.failedFuture(MISSING), "livekit");
		Session programs = run(installed, "doctor", "--json");
		Session people = run(installed, "doctor");

		assertThat(programs.exit()).isEqualTo(1);
		Schemas.assertValid("doctor", programs.lines());
		assertThat(programs.lines().get(7)).contains("\"failed\"").contains("libpulse.so.0").contains("\"fix\":\"apt-get install libpulse0\"");
		assertThat(people.exit()).isEqualTo(1);
		assertThat(people.lines()).contains("FAILED   libwebrtc   " + MISSING.getMessage(), "         what to do: apt-get install libpulse0");
		assertThat(people.lines()).anyMatch(line -> line.startsWith("ok       java "));
		assertThat(people.err()).isEmpty();
	}

	@Test
	void without_the_service_only_a_type_that_needs_it_makes_it_a_failure() throws Exception {
		Session without = run(installed(null, "ws-room"), "doctor", "--json");
		Session with = run(installed(null, "livekit"), "doctor", "--json");

		assertThat(without.exit()).isZero();
		assertThat(without.lines().get(7)).contains("\"warning\"").contains("livekit");
		assertThat(with.exit()).isEqualTo(1);
		assertThat(with.lines().get(7)).contains("\"failed\"").contains("dcl.transport.webrtc");
		Schemas.assertValid("doctor", with.lines());
		Schemas.assertValid("doctor", without.lines());
	}

	@Test
	void no_provider_at_all_is_a_failure() throws Exception {
		Session session = run(installed(CompletableFuture.completedFuture(null)), "doctor", "--json");

		assertThat(session.exit()).isEqualTo(1);
		assertThat(session.lines().get(1)).contains("no provider is installed");
	}

	@Test
	void old_java_a_clock_that_is_off_and_a_folder_that_is_not_there_are_failures_with_a_fix() {
		assertThat(Checks.java(Runtime.Version.parse("11.0.2"), "V", "/h", 1 << 20)).satisfies(finding -> {
			assertThat(finding.status()).isEqualTo(Status.FAILED);
			assertThat(finding.fix()).contains("17");
		});
		assertThat(Checks.clock(Instant.EPOCH).status()).isEqualTo(Status.FAILED);
		assertThat(Checks.clock(Instant.parse("2099-01-01T00:00:00Z")).status()).isEqualTo(Status.FAILED);
		assertThat(Checks.clock(Instant.parse("2026-06-01T00:00:00Z")).status()).isEqualTo(Status.OK);
		assertThat(Checks.temporary(Path.of("no", "such", "folder"))).satisfies(finding -> {
			assertThat(finding.status()).isEqualTo(Status.FAILED);
			assertThat(finding.fix()).contains("java.io.tmpdir");
		});
	}

	@Test
	void a_key_file_for_all_to_read_is_a_failure_and_its_key_is_not_shown(@TempDir Path folder) throws Exception {
		String key = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318";
		Path file = Files.writeString(folder.resolve("key"), key + "\n");
		Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
		Installed installed = installed(CompletableFuture.completedFuture(null), "ws-room");
		Session open = run(installed, "doctor", "--json", "--key-file", file.toString());

		assertThat(open.exit()).isEqualTo(1);
		assertThat(open.lines().get(6)).contains("\"keys\",\"status\":\"failed\"").contains("chmod 600");

		Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
		Session closed = run(installed, "doctor", "--json", "--key-file", file.toString());

		assertThat(closed.exit()).isZero();
		assertThat(closed.lines().get(6)).contains("\"keys\",\"status\":\"ok\"").contains("0x2c7536e3605d9c16a7a3d7b1898e529396a65c23");
		assertThat(open.lines() + open.err() + closed.lines() + closed.err()).doesNotContain(key);
	}
}
