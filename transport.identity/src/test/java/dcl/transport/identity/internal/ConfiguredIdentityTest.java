package dcl.transport.identity.internal;

import java.lang.annotation.Annotation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

import dcl.transport.AuthChain;
import dcl.transport.Identity;
import dcl.transport.SigningRequest;
import dcl.transport.TransportUri;
import dcl.transport.identity.KeyFileException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

@Timeout(30)
class ConfiguredIdentityTest {

	@TempDir
	Path folder;

	@Test
	void guest_makes_a_throw_away_wallet_that_delegates() throws Exception {
		Identity identity = ConfiguredIdentity.identity(new Settings("", true, true, 10, 4096));

		assertThat(identity.isGuest()).isTrue();
		assertThat(sign(identity, "dcl-1").links()).hasSize(3);
	}

	@Test
	void delegation_can_be_switched_off() throws Exception {
		assertThat(sign(ConfiguredIdentity.identity(new Settings("", true, false, 10, 4096)), "dcl-1").links()).hasSize(2);
	}

	@Test
	@DisabledOnOs(OS.WINDOWS)
	void a_key_file_gives_its_wallet() throws Exception {
		Path file = Files.writeString(folder.resolve("key"), "0x" + "0".repeat(63) + "1\n");
		Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));

		Identity identity = ConfiguredIdentity.identity(new Settings(file.toString(), false, true, 10, 4096));

		assertThat(identity.address().value()).isEqualTo("0x7e5f4552091a69125d5dfcb7b8c2659029395bdf");
		assertThat(identity.isGuest()).isFalse();
	}

	@Test
	void a_bad_key_file_fails_with_its_reason() {
		String missing = folder.resolve("none").toString();

		assertThatExceptionOfType(KeyFileException.class).isThrownBy(() -> ConfiguredIdentity.identity(new Settings(missing, false, true, 10, 4096)))
				.withMessageContaining(missing);
		assertThatIllegalArgumentException().isThrownBy(() -> ConfiguredIdentity.identity(new Settings("a\0b", false, true, 10, 4096)))
				.withMessageContaining("keyFile");
	}

	@Test
	void both_or_neither_of_guest_and_key_file_is_a_mistake() {
		assertThatIllegalArgumentException().isThrownBy(() -> ConfiguredIdentity.identity(new Settings("key", true, true, 10, 4096)))
				.withMessageContaining("both");
		assertThatIllegalArgumentException().isThrownBy(() -> ConfiguredIdentity.identity(new Settings(" ", false, true, 10, 4096)))
				.withMessageContaining("neither");
	}

	@Test
	void settings_out_of_range_are_a_mistake() {
		for (int minutes : new int[] {-1, 0, 10_081, Integer.MAX_VALUE}) {
			assertThatIllegalArgumentException().isThrownBy(() -> ConfiguredIdentity.identity(new Settings("", true, true, minutes, 4096)));
		}
		for (int challenges : new int[] {-1, 0, 1_000_001}) {
			assertThatIllegalArgumentException().isThrownBy(() -> ConfiguredIdentity.identity(new Settings("", true, true, 10, challenges)));
		}
	}

	private static AuthChain sign(Identity identity, String challenge) {
		return identity.sign(SigningRequest.roomChallenge(TransportUri.parse("ws-room:example.org"), challenge)).toCompletableFuture().join();
	}

	/** What the framework would make of a configuration. */
	private record Settings(String keyFile, boolean guest, boolean delegate, int ephemeralMinutes, int rememberedChallenges)
			implements ConfiguredIdentity.Config {

		@Override
		public int service_ranking() {
			return 0;
		}

		@Override
		public Class<? extends Annotation> annotationType() {
			return ConfiguredIdentity.Config.class;
		}
	}
}
