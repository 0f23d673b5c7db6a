package dcl.transport.registry.internal;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

import dcl.transport.PeerId;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportListener;
import dcl.transport.TransportUri;
import dcl.transport.spi.LinkContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static dcl.transport.registry.internal.Rig.await;
import static dcl.transport.registry.internal.Rig.failure;
import static org.assertj.core.api.Assertions.assertThat;

/** What listeners hear of how far connecting has come. */
@Timeout(30)
class StepsTest {

	private final Rig rig = new Rig();
	private final Steps steps = new Steps();

	@AfterEach
	void stop() {
		rig.close();
	}

	private Transport listened(String uri) {
		Transport transport = rig.create(uri);
		transport.listen(steps);
		return transport;
	}

	@Test
	void a_provider_that_says_nothing_is_resolved_and_has_it() {
		await(listened("echo:x").connect());
		await(steps.over);

		assertThat(steps.heard()).containsExactly("resolve echo:…", "connect bundle 1", "connected");
	}

	@Test
	void what_a_provider_says_comes_in_order_before_connected_with_times_that_grow() {
		rig.echo.opening = (uri, context) -> {
			context.step("tcp", "192.0.2.1");
			return context.addresses("127.0.0.1").thenApply(found -> {
				context.step("challenge", "");
				return rig.echo.link();
			});
		};
		await(listened("echo:x").connect());
		await(steps.over);

		assertThat(steps.heard()).containsExactly("resolve echo:…", "connect bundle 1", "tcp 192.0.2.1", "dns 127.0.0.1", "challenge ", "connected");
		assertThat(steps.times).isSorted().allSatisfy(time -> assertThat(time).isBetween(Duration.ZERO, Duration.ofSeconds(30)));
	}

	@Test
	void the_last_step_of_a_connection_that_failed_is_the_one_it_failed_in() {
		rig.echo.opening = (uri, context) -> {
			context.step("tcp", "");
			return CompletableFuture.failedFuture(new TransportException(Code.UNREACHABLE, "refused"));
		};
		Transport transport = listened("echo:x");
		failure(transport.connect());
		await(transport.closed());

		assertThat(steps.heard()).endsWith("tcp ").doesNotContain("connected");
	}

	@Test
	void a_redirect_begins_anew() {
		FakeProvider login = new FakeProvider();
		rig.add(login, "login");
		login.opening = (uri, context) -> {
			context.step("login", "");
			return context.open(TransportUri.parse("echo:room"));
		};
		await(listened("login:x").connect());
		await(steps.over);

		assertThat(steps.heard()).containsExactly("resolve login:…", "connect bundle 2", "login ", "resolve echo:…", "connect bundle 1", "connected");
	}

	@Test
	void a_step_quotes_nothing_secret_of_the_connection_string_and_no_control_characters() {
		rig.echo.opening = (uri, context) -> {
			context.step("t\u001b[31m", "to " + uri.params() + "\n");
			return CompletableFuture.completedFuture(rig.echo.link());
		};
		await(listened("echo:wss://h.example/?token=S3cr3tT0ken").connect());
		await(steps.over);

		assertThat(String.join(" ", steps.heard())).doesNotContain("S3cr3tT0ken", "\u001b", "\n").contains("h.example");
	}

	@Test
	void a_provider_that_never_stops_talking_is_heard_64_times() {
		rig.echo.opening = (uri, context) -> {
			for (int i = 0; i < 1_000; i++) {
				context.step("again", "");
			}
			return CompletableFuture.completedFuture(rig.echo.link());
		};
		await(listened("echo:x").connect());
		await(steps.over);

		assertThat(steps.heard()).hasSize(64 + 1).endsWith("connected");
	}

	@Test
	void after_connected_there_is_no_step() {
		Transport transport = listened("echo:x");
		await(transport.connect());
		LinkContext context = rig.echo.lastContext();
		context.step("late", "");
		await(transport.disconnect());

		assertThat(steps.heard()).doesNotContain("late ");
	}

	private static final class Steps implements TransportListener {

		private final List<String> heard = new ArrayList<>(); // guarded by this
		private final List<Duration> times = new ArrayList<>();
		private final CompletableFuture<Void> over = new CompletableFuture<>();

		private synchronized List<String> heard() {
			return List.copyOf(heard);
		}

		@Override
		public synchronized void connecting(String step, String detail, Duration after) {
			heard.add(step + " " + detail);
			times.add(after);
		}

		@Override
		public synchronized void connected(Set<PeerId> peers) {
			heard.add("connected");
			over.complete(null);
		}
	}
}
