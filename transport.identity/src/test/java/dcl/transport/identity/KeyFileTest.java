package dcl.transport.identity;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

import dcl.transport.Identity;
import dcl.transport.identity.KeyFileException.Reason;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

@Timeout(30)
@DisabledOnOs(OS.WINDOWS)
class KeyFileTest {

	private static final String KEY = "9b237646043c4eaffb77488286fbf5c33f28627b78ae35daf03dd78d4fe82dd6"; // of the test vectors
	private static final String ADDRESS = "0x3cf8192b993785eef2ce44cc0821089fe12851dc";
	private static final String ZERO = "0000000000000000000000000000000000000000000000000000000000000000";
	private static final String ORDER = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

	@TempDir
	Path folder;

	@ParameterizedTest
	@ValueSource(strings = {KEY, "0x" + KEY, "0x" + KEY + "\n", KEY + "\r\n", KEY + " \n"})
	void a_line_of_64_digits_is_a_key(String content) throws Exception {
		Identity wallet = Wallets.fromKeyFile(file("rw-------", content));

		assertThat(wallet.address().value()).isEqualTo(ADDRESS);
		assertThat(wallet.isGuest()).isFalse();
	}

	@Test
	void digits_may_be_upper_case() throws Exception {
		assertThat(Wallets.fromKeyFile(file("r--------", KEY.toUpperCase())).address().value()).isEqualTo(ADDRESS);
	}

	@ParameterizedTest
	@ValueSource(strings = {"rw-r-----", "rw----r--", "rw--w----", "rw-----w-", "rw---x---", "rw------x", "rw-rw-rw-", "rwxrwxrwx"})
	void a_mode_that_gives_others_anything_is_refused(String mode) throws Exception {
		KeyFileException refused = refusal(file(mode, KEY));

		assertThat(refused.reason()).isEqualTo(Reason.NOT_OWNER_ONLY);
		assertThat(refused).hasMessageContaining(mode).hasMessageContaining("rw-------");
	}

	@ParameterizedTest
	@ValueSource(strings = {"", "\n", "0x", "0x\n", "x", KEY + "0", "0x" + KEY + KEY, "0X" + KEY, " " + KEY, KEY + "\n" + KEY, KEY + "\nx", "\ufeff" + KEY,
			"g" + KEY, ZERO, ORDER, "g000000000000000000000000000000000000000000000000000000000000000"})
	void what_is_not_a_key_is_malformed_and_not_quoted(String content) throws Exception {
		KeyFileException refused = refusal(file("rw-------", content));

		assertThat(refused.reason()).isEqualTo(Reason.MALFORMED);
		assertThat(refused).hasNoCause().hasMessageContaining(folder.toString()).message().doesNotContain(KEY.substring(0, 8)).doesNotContain(ORDER.substring(0, 8));
	}

	@Test
	void what_does_not_exist_or_is_a_folder_is_not_found() {
		assertThat(refusal(folder.resolve("none")).reason()).isEqualTo(Reason.NOT_FOUND);
		assertThat(refusal(folder).reason()).isEqualTo(Reason.NOT_FOUND);
	}

	@Test
	@EnabledOnOs(OS.LINUX)
	void what_cannot_be_read_is_unreadable() {
		assertThat(refusal(Path.of("/proc/self/mem")).reason()).isEqualTo(Reason.UNREADABLE); // owner-only, and nothing is mapped at its beginning
	}

	private Path file(String mode, String content) throws IOException {
		Path file = folder.resolve("key");
		Files.write(file, content.getBytes(StandardCharsets.UTF_8));
		return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
	}

	private static KeyFileException refusal(Path file) {
		return catchThrowableOfType(KeyFileException.class, () -> Wallets.fromKeyFile(file));
	}
}
