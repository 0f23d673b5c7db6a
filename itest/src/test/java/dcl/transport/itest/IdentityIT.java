package dcl.transport.itest;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;

import dcl.transport.Identity;
import dcl.transport.TransportException.Code;
import org.junit.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The wallet as a configured service. */
public class IdentityIT extends FrameworkTest {

	private static final String PID = "dcl.transport.identity";
	/** The private key 1, whose address everybody knows. */
	private static final String KEY = "0".repeat(63) + "1";
	private static final String ADDRESS = "0x7e5f4552091a69125d5dfcb7b8c2659029395bdf";

	@Test
	public void without_a_configuration_there_is_none() throws Exception {
		// What another test configured goes a little later.
		Await.until("there is none", () -> bundles.getServiceReference(Identity.class) == null);
		assertThat(Await.failure(create("ws-room:ws://127.0.0.1:9/rooms/x").connect()).code()).isEqualTo(Code.NO_IDENTITY);
	}

	@Test
	public void a_configured_guest_is_a_service_until_the_configuration_goes() throws Exception {
		configure(PID, Map.of("guest", true));
		Identity guest = service(Identity.class);
		assertThat(guest.isGuest()).isTrue();
		assertThat(guest.address().isAddress()).isTrue();

		unconfigure(PID);
		Await.until("it is gone", () -> bundles.getServiceReference(Identity.class) == null);
	}

	@Test
	public void a_configured_key_file_is_the_wallet_of_that_key() throws Exception {
		Path file = Files.createTempFile("key", "", PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
		try {
			Files.writeString(file, KEY);
			configure(PID, Map.of("keyFile", file.toString()));

			Identity wallet = service(Identity.class);

			assertThat(wallet.isGuest()).isFalse();
			assertThat(wallet.address().value()).isEqualTo(ADDRESS);
		} finally {
			Files.delete(file);
		}
	}
}
