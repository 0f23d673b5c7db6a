package dcl.transport.itest;

import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportRegistry;
import dcl.transport.TransportUri;
import org.junit.Test;
import org.osgi.framework.Bundle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/** Which provider serves a connection string, as bundles come and go. */
public class ResolutionIT extends FrameworkTest {

	@Test
	public void without_a_provider_create_refuses_at_once_and_names_what_is_installed() {
		TransportException refusal = catchThrowableOfType(TransportException.class, () -> create("echo:x"));

		assertThat(refusal.code()).isEqualTo(Code.NO_PROVIDER);
		assertThat(refusal).hasMessageContaining("echo").hasMessageContaining("offline").hasMessageContaining("ws-room");
	}

	@Test
	public void the_only_provider_serves() throws Exception {
		start("echo", "1.0.0");

		assertThat(served("echo:x")).isEqualTo("echo-1.0.0");
	}

	@Test
	public void an_installed_bundle_serves_when_it_is_started_and_no_longer_when_it_is_stopped() throws Exception {
		Bundle echo = install("echo", "1.0.0");
		assertThat(registry().types()).doesNotContain("echo");

		echo.start();
		assertThat(served("echo:x")).isEqualTo("echo-1.0.0");

		echo.stop();
		assertThat(catchThrowableOfType(TransportException.class, () -> create("echo:x")).code()).isEqualTo(Code.NO_PROVIDER);
	}

	@Test
	public void the_higher_ranking_serves_whichever_came_first_and_what_is_open_stays_where_it_is() throws Exception {
		start("echo", "1.0.0");
		Transport early = connect("echo:x");

		Bundle ranked = start("ranked", "1.0.0");

		assertThat(served("echo:x")).isEqualTo("ranked-1.0.0");
		assertThat(early.state()).isEqualTo(Transport.State.CONNECTED);
		assertThat(serving(early)).isEqualTo("echo-1.0.0");

		ranked.stop();
		assertThat(served("echo:x")).isEqualTo("echo-1.0.0");
		assertThat(early.state()).isEqualTo(Transport.State.CONNECTED);

		start("echo", "2.0.0");
		ranked.start();
		assertThat(served("echo:x")).isEqualTo("ranked-1.0.0");
	}

	@Test
	public void of_equal_rankings_the_older_serves() throws Exception {
		Bundle older = start("echo", "2.0.0");
		start("echo", "1.0.0");
		assertThat(served("echo:x")).isEqualTo("echo-2.0.0");

		older.stop();
		assertThat(served("echo:x")).isEqualTo("echo-1.0.0");

		older.start(); // its service is the younger one now
		assertThat(served("echo:x")).isEqualTo("echo-1.0.0");
	}

	@Test
	public void a_wildcard_serves_what_nobody_else_does() throws Exception {
		start("any", "1.0.0");
		assertThat(served("never-heard-of:x")).isEqualTo("any-1.0.0");
		assertThat(served("echo:x")).isEqualTo("any-1.0.0");

		start("echo", "1.0.0");
		assertThat(served("echo:x")).isEqualTo("echo-1.0.0");
		assertThat(served("never-heard-of:x")).isEqualTo("any-1.0.0");
	}

	@Test
	public void the_types_on_the_service_follow_the_bundles() throws Exception {
		assertThat(shownTypes()).contains("offline", "ws-room").doesNotContain("echo", "other");

		Bundle echo = start("echo", "1.0.0");
		assertThat(shownTypes()).contains("echo", "offline", "ws-room").doesNotContain("other");
		assertThat(isThere(TransportRegistry.class, "(transport.types=echo)")).isTrue();

		Bundle other = start("other", "1.0.0");
		assertThat(shownTypes()).contains("echo", "other", "offline", "ws-room");

		echo.uninstall();
		assertThat(shownTypes()).contains("other", "offline", "ws-room").doesNotContain("echo");
		assertThat(isThere(TransportRegistry.class, "(transport.types=echo)")).isFalse();

		other.stop();
		assertThat(shownTypes()).contains("offline", "ws-room").doesNotContain("other");
	}

	@Test
	public void whoever_waits_is_told_when_a_bundle_is_started() throws Exception {
		Bundle echo = install("echo", "1.0.0");
		CompletionStage<Void> available = registry().whenAvailable(TransportUri.parse("echo:x"), Duration.ofSeconds(Await.LIMIT_SECONDS));
		assertThat(available.toCompletableFuture()).isNotDone();

		echo.start();

		Await.result(available);
		assertThat(served("echo:x")).isEqualTo("echo-1.0.0");
	}

	@Test
	public void whoever_waits_in_vain_is_told_so() throws Exception {
		CompletionStage<Void> available = registry().whenAvailable(TransportUri.parse("echo:x"), Duration.ofMillis(50));

		assertThat(Await.failure(available).code()).isEqualTo(Code.NO_PROVIDER);
	}

	@Test
	public void a_declared_host_is_there_while_its_type_is_served() throws Exception {
		start("host", "1.0.0");
		assertThat(isThere(Supplier.class, "(fixture=host)")).isFalse();

		Bundle echo = start("echo", "1.0.0");
		Await.until("the host is satisfied", () -> isThere(Supplier.class, "(fixture=host)"));

		echo.stop();
		Await.until("the host is unsatisfied", () -> !isThere(Supplier.class, "(fixture=host)"));
		assertThat(journal).contains("host deactivated");

		echo.start();
		Await.until("the host is satisfied again", () -> isThere(Supplier.class, "(fixture=host)"));
	}
}
