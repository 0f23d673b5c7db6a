package dcl.transport.cli.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import dcl.transport.hotdeploy.DropZone;
import dcl.transport.hotdeploy.DropZoneException;
import dcl.transport.hotdeploy.DropZoneException.Code;
import dcl.transport.hotdeploy.DropZoneOptions;
import dcl.transport.hotdeploy.DropZoneOptions.Signatures;
import dcl.transport.hotdeploy.DropZones;
import dcl.transport.hotdeploy.Outcome;
import dcl.transport.hotdeploy.Rule;
import dcl.transport.hotdeploy.Verdict;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/** What deploy and run make of verdicts; the drop zone itself is transport.hotdeploy's. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class DeployTest {

	private record Said(Outcome outcome, Rule rule) implements Verdict {

		@Override
		public Instant at() {
			return Instant.EPOCH;
		}

		@Override
		public String file() {
			return "acme.jar";
		}

		@Override
		public String why() {
			return "because\u001b[31m";
		}

		@Override
		public String bundle() {
			return "com.acme";
		}

		@Override
		public String version() {
			return "1.0.0";
		}

		@Override
		public String hash() {
			return "ab".repeat(32);
		}

		@Override
		public Set<String> types() {
			return Set.of("acme");
		}

		@Override
		public List<Signer> signers() {
			return List.of(new Signature());
		}

		@Override
		public List<String> warnings() {
			return List.of("careful");
		}
	}

	private record Signature() implements Verdict.Signer {

		@Override
		public String subject() {
			return "CN=acme";
		}

		@Override
		public String certificatePin() {
			return "cert:" + "cd".repeat(32);
		}

		@Override
		public String keyPin() {
			return "key:" + "ef".repeat(32);
		}

		@Override
		public String trustedAs() {
			return "";
		}
	}

	/** Answers everything in one way. */
	private static final class Zones implements DropZones {

		private final Verdict verdict;
		private final DropZoneException failure;
		private volatile DropZoneOptions used;
		private volatile String rolledBack = "";

		private Zones(Outcome outcome, Rule rule) {
			verdict = new Said(outcome, rule);
			failure = null;
		}

		private Zones(Code code) {
			verdict = null;
			failure = new DropZoneException(code, "told so");
		}

		@Override
		public DropZoneOptions options() {
			return DropZoneOptions.defaults();
		}

		@Override
		public DropZone watch(Path folder, DropZoneOptions options) throws IOException {
			throw new AssertionError("the one with a listener is meant");
		}

		@Override
		public DropZone watch(Path folder, DropZoneOptions options, Consumer<Verdict> listener) throws IOException {
			used = options;
			if (failure != null) {
				throw failure;
			}
			listener.accept(verdict);
			throw new DropZoneException(Code.IN_USE, "that was all");
		}

		@Override
		public Verdict check(Path jar, Path folder, DropZoneOptions options) {
			return verdict;
		}

		@Override
		public Verdict handOver(Path jar, Path folder, DropZoneOptions options, Duration limit) throws IOException {
			used = options;
			assertThat(limit).isEqualTo(Duration.ofSeconds(10));
			if (failure != null) {
				throw failure;
			}
			return verdict;
		}

		@Override
		public Verdict rollback(String bundle, Path folder, Duration limit) throws IOException {
			rolledBack = bundle;
			return handOver(null, folder, null, limit);
		}
	}

	@Test
	void instead_of_a_jar_a_bundle_may_be_rolled_back() throws Exception {
		Zones zones = new Zones(Outcome.DEPLOYED, Rule.NONE);
		Session session = Session.of(zones, "deploy", "--rollback", "com.acme.transport", "--to", "there", "--json");
		assertThat(session.exit()).isZero();
		assertThat(zones.rolledBack).isEqualTo("com.acme.transport");
		Schemas.assertValid("deploy", session.lines());
		assertThat(Session.of(zones, "deploy", "acme.jar", "--rollback", "com.acme.transport").exit()).isEqualTo(2);
		assertThat(Session.of(zones, "deploy").exit()).isEqualTo(2);
		assertThat(Session.of(zones, "deploy", "--rollback", "com.acme.transport", "--dry-run").exit()).isEqualTo(2);
	}

	@ParameterizedTest
	@CsvSource({"DEPLOYED,NONE,0,deployed", "ACCEPTED,NONE,0,accepted", "REFUSED,UNTRUSTED,9,refused", "ROLLED_BACK,NOT_STARTED,9,rolledBack"})
	void the_exit_code_and_the_event_are_those_of_the_verdict(Outcome outcome, Rule rule, int exit, String event) throws Exception {
		Session session = Session.of(new Zones(outcome, rule), "deploy", "acme.jar", "--json");

		assertThat(session.exit()).isEqualTo(exit);
		Schemas.assertValid("deploy", session.lines());
		assertThat(session.lines()).singleElement().asString().contains("\"event\":\"" + event + "\"", "\"at\":\"1970-01-01T00:00:00.000Z\"", rule.name());
	}

	@ParameterizedTest
	@CsvSource({"NOBODY_WATCHES,4", "CLOSED,4", "TIMEOUT,7", "FOLDER_UNSAFE,9", "IN_USE,9"})
	void what_fails_has_an_exit_code_of_its_own(Code code, int exit) throws Exception {
		Session session = Session.of(new Zones(code), "deploy", "acme.jar", "--json");

		assertThat(session.exit()).isEqualTo(exit);
		Schemas.assertValid("deploy", session.lines());
		assertThat(session.lines()).singleElement().asString().contains(code.name(), "told so");
	}

	@ParameterizedTest
	@EnumSource(Rule.class)
	void each_rule_is_in_the_schema(Rule rule) throws Exception {
		Session session = Session.of(new Zones(Outcome.REFUSED, rule), "deploy", "acme.jar", "--dry-run", "--json");

		assertThat(session.exit()).isEqualTo(9);
		Schemas.assertValid("deploy", session.lines());
	}

	@Test
	void people_get_a_line_with_what_somebody_should_look_at() throws Exception {
		Session session = Session.of(new Zones(Outcome.DEPLOYED, Rule.NONE), "deploy", "acme.jar");

		assertThat(session.exit()).isZero();
		assertThat(session.lines()).containsExactly("deployed acme.jar: com.acme 1.0.0: because\\u{1b}[31m", "  warning: careful",
				"  signed by CN=acme, key:" + "ef".repeat(32) + ", not trusted here");
	}

	@Test
	void run_says_what_it_watches_and_what_happens(@TempDir Path folder) throws Exception {
		Path made = folder.resolve("deploy");
		Session session = Session.of(new Zones(Outcome.DEPLOYED, Rule.NONE), "run", "--deploy", made.toString(), "--json");

		assertThat(session.exit()).isEqualTo(9);
		Schemas.assertValid("run", session.lines());
		assertThat(session.lines()).hasSize(3).element(0).asString().contains("\"event\":\"watching\"", "\"signatures\":\"enforce\"");
		assertThat(Files.getPosixFilePermissions(made)).hasSize(3);
	}

	@Test
	void the_rules_are_those_of_the_installation_but_for_what_is_said() throws Exception {
		Zones zones = new Zones(Outcome.DEPLOYED, Rule.NONE);
		Session.of(zones, "deploy", "acme.jar", "--signatures", "off", "--allow-older", "--trust", "t.json").exit();

		assertThat(zones.used.signatures()).isEqualTo(Signatures.OFF);
		assertThat(zones.used.allowOlder()).isTrue();
		assertThat(zones.used.nativeCode()).isFalse();
		assertThat(zones.used.trustFile()).isPresent();
	}

	@Test
	void a_mode_that_is_none_is_a_mistake_in_usage() throws Exception {
		Session session = Session.of(new Zones(Outcome.DEPLOYED, Rule.NONE), "run", "--signatures", "maybe");

		assertThat(session.exit()).isEqualTo(2);
		assertThat(session.err()).contains("enforce", "warn", "off");
	}
}
