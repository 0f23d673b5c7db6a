package dcl.transport.registry.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;

import dcl.transport.Delivery.Reliability;
import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.PeerId;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportOptions;
import dcl.transport.TransportUri;
import dcl.transport.spi.Link;
import dcl.transport.spi.LinkContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static dcl.transport.registry.internal.Rig.await;
import static dcl.transport.registry.internal.Rig.failure;
import static dcl.transport.registry.internal.Rig.packet;
import static org.assertj.core.api.Assertions.assertThat;

@Timeout(30)
class RedirectTest {

	private Rig rig = new Rig();
	private final FakeProvider login = new FakeProvider();
	private Candidate logins = rig.add(login, "login");

	@AfterEach
	void stop() {
		rig.close();
	}

	private void rig(int maxRedirects) {
		rig.close();
		rig = new Rig(s -> s.maxRedirects = maxRedirects);
		logins = rig.add(login, "login");
	}

	private static CompletionStage<Link> follow(LinkContext context, String next) {
		return context.open(TransportUri.parse(next));
	}

	private Rig.Pair throughLogin() {
		login.opening = (uri, context) -> follow(context, "echo:room");
		Transport transport = rig.create("login:x");
		FakeListener listener = new FakeListener();
		transport.listen(listener);
		await(transport.connect());
		listener.next();
		return new Rig.Pair(transport, listener, rig.echo.lastLink(), rig.echo.lastContext());
	}

	@Test
	void the_link_of_another_connection_string_becomes_this_transports_link() {
		Rig.Pair pair = throughLogin();
		await(pair.send("x"));
		assertThat(pair.link().sent).hasSize(1);
		assertThat(pair.transport().uri().text()).isEqualTo("login:x");
		assertThat(FakeProvider.taken(rig.echo.uris).text()).isEqualTo("echo:room");
	}

	@Test
	void a_login_that_leaves_after_the_handshake_does_not_end_the_room() {
		Rig.Pair pair = throughLogin();
		rig.registry.remove(logins.id());
		await(pair.send("x"));
		assertThat(pair.transport().state()).isEqualTo(Transport.State.CONNECTED);
	}

	@Test
	void the_provider_of_the_link_ends_the_room_when_it_leaves() {
		Rig.Pair pair = throughLogin();
		rig.registry.remove(rig.echoes.id());
		assertThat(pair.link().closeAsked).isDone();
		assertThat(await(pair.transport().closed()).reason()).isEqualTo(Reason.PROVIDER_GONE);
	}

	@Test
	void a_login_that_leaves_during_the_handshake_ends_the_attempt_and_closes_what_came_of_it() {
		login.opening = (uri, context) -> follow(context, "echo:room").thenCompose(link -> new CompletableFuture<>()); // keeps it to itself
		Transport transport = rig.create("login:x");
		CompletionStage<Void> connecting = transport.connect();
		FakeLink kept = rig.echo.lastLink();
		rig.echo.lastContext();
		rig.registry.remove(logins.id());
		assertThat(failure(connecting).code()).isEqualTo(Code.PROVIDER_GONE);
		await(kept.closeAsked);
	}

	@Test
	void a_login_that_keeps_a_link_to_itself_past_the_time_out_does_not_leave_it_open() {
		rig.close();
		rig = new Rig(s -> s.connectTimeoutMillis = 150);
		rig.add(login, "login");
		login.opening = (uri, context) -> follow(context, "echo:room").thenCompose(link -> new CompletableFuture<>());
		assertThat(failure(rig.create("login:x").connect()).code()).isEqualTo(Code.TIMEOUT);
		FakeLink kept = rig.echo.lastLink();
		await(kept.closeAsked);
		assertThat(kept.breaches).isEmpty();
	}

	@Test
	void what_a_login_reports_after_its_part_is_over_counts_no_longer() {
		Rig.Pair pair = throughLogin();
		LinkContext over = login.lastContext();
		over.closed(new Disconnection(Reason.KICKED, "from the grave"));
		over.peerJoined(PeerId.of("ghost"));
		over.received(PeerId.of("ghost"), packet("boo"), Reliability.RELIABLE, "");
		over.invalid("boo");
		over.confirmed(7);
		pair.receive("x");
		assertThat(pair.listener().next()).isEqualTo("alice: x");
		assertThat(pair.transport().stats().invalid() + pair.transport().stats().confirmed()).isZero();
	}

	@Test
	void a_link_wrapped_around_the_one_that_was_opened_ends_when_either_provider_leaves() {
		for (boolean outer : new boolean[] {true, false}) {
			Candidate fresh = rig.add(login, 1, "login");
			FakeLink wrapper = new FakeLink();
			login.opening = (uri, context) -> follow(context, "echo:room").thenApply(inner -> wrapper);
			Transport transport = rig.create("login:x");
			await(transport.connect());
			rig.registry.remove(outer ? fresh.id() : rig.echoes.id());
			assertThat(await(transport.closed()).reason()).isEqualTo(Reason.PROVIDER_GONE);
			assertThat(wrapper.closeAsked).isDone();
		}
	}

	@Test
	void at_most_so_many_redirects_are_followed() {
		for (int most = 0; most <= 3; most++) {
			rig(most);
			login.opening = (uri, context) -> {
				int left = Integer.parseInt(uri.params());
				return follow(context, left == 0 ? "echo:room" : "login:" + (left - 1));
			};
			if (most > 0) {
				await(rig.create("login:" + (most - 1)).connect());
			}
			TransportException refused = failure(rig.create("login:" + most).connect());
			assertThat(refused.code()).isEqualTo(Code.PROTOCOL);
			assertThat(refused).hasMessageStartingWith("at most " + most + " redirects are followed");
		}
	}

	@Test
	void a_circle_is_refused_even_through_wrappers() {
		rig(3);
		List<String> visited = new ArrayList<>();
		login.opening = (uri, context) -> {
			visited.add(uri.text());
			return follow(context, uri.params().equals("a") ? "login:b" : "fixed-adapter:login:a");
		};
		TransportException refused = failure(rig.create("login:a").connect());
		assertThat(refused.code()).isEqualTo(Code.PROTOCOL);
		assertThat(refused).hasMessageContaining("circle");
		assertThat(visited).containsExactly("login:a", "login:b");
	}

	@Test
	void a_login_that_could_lead_nowhere_is_not_asked_to_sign() {
		FakeProvider second = new FakeProvider();
		rig.add(second, "signed-login");
		login.opening = (uri, context) -> follow(context, "signed-login:https://b.example/get-comms-adapter/world");
		TransportException refused = failure(rig.create("login:https://a.example/x").connect());
		assertThat(refused.code()).isEqualTo(Code.PROTOCOL);
		assertThat(refused).hasMessageContaining("another login");
		assertThat(second.contexts).isEmpty();
	}

	@Test
	void a_redirect_never_leads_to_a_simulator() {
		rig.add(new FakeProvider(), "simulator");
		login.opening = (uri, context) -> follow(context, uri.params() + "simulator:?random=1");
		assertThat(failure(rig.create("login:").connect()).code()).isEqualTo(Code.PROTOCOL);
		assertThat(failure(rig.create("login:fixed-adapter:").connect()).code()).isEqualTo(Code.PROTOCOL);
		await(rig.create("simulator:x").connect());
	}

	@ParameterizedTest
	@CsvSource({"https://a.example/x, ws://b.example/r", "https://a.example/x, http://b.example/r", "HTTPS://a.example, WS://b.example", "wss://a.example, ws://b.example",
			"a.example/x, ws://b.example", "https://a.example, ' ws://b.example'", "https://a.example, '\tws ://b.example'", "https://a.example, ws:b.example",
			"https://a.example, ws:/\\b.example", "https://a.example, ws://localhost.evil.example/", "https://a.example, ws://127.0.0.1.evil.example/",
			"https://a.example, ws://localhost@evil.example/", "https://a.example, ws://127.0.0.1@evil.example/", "https://a.example, ws://10.0.0.1/",
			"https://127.0.0.1/x, ws://b.example", "https://a.example, ws://127.0.0.1:80@evil.example/", "https://a.example, ws://localhost:80\\@evil.example/"})
	void a_redirect_does_not_lead_from_tls_to_plain_text(String from, String to) {
		for (String wrapper : new String[] {"", "fixed-adapter:"}) {
			login.opening = (uri, context) -> follow(context, wrapper + "echo:" + to);
			TransportException refused = failure(rig.create("login:" + from).connect());
			assertThat(refused.code()).isEqualTo(Code.PROTOCOL);
			assertThat(refused).hasMessageContaining("plain text");
		}
		assertThat(rig.echo.uris).isEmpty();
	}

	@ParameterizedTest
	@CsvSource({"https://a.example/x, wss://b.example/r", "https://a.example/x, b.example/r", "https://a.example, https://b.example", "https://a.example, ws://localhost:80/r",
			"https://a.example, ws://127.0.0.1:41234/rooms/x", "https://a.example, ws://[::1]/", "https://a.example, ws://localhost", "http://127.0.0.1/x, ws://b.example",
			"http://127.0.0.1/x, wss://b.example", "https://a.example, wsomething:x", "https://a.example, opaque"})
	void a_redirect_may_lead_to_tls_and_to_this_machine(String from, String to) {
		login.opening = (uri, context) -> follow(context, "echo:" + to);
		await(rig.create("login:" + from).connect());
	}

	@Test
	void a_redirect_to_nobody_fails_with_no_provider() {
		login.opening = (uri, context) -> follow(context, "acme:x");
		assertThat(failure(rig.create("login:x").connect()).code()).isEqualTo(Code.NO_PROVIDER);
	}

	@Test
	void a_redirect_keeps_the_identity_and_nothing_else() {
		login.opening = (uri, context) -> {
			assertThat(context.options().values()).containsEntry("secret", "canary");
			return follow(context, "echo:room");
		};
		LifeTest.FakeIdentity identity = new LifeTest.FakeIdentity(null);
		await(rig.create("login:x", TransportOptions.of(identity).with("secret", "canary")).connect());
		TransportOptions options = rig.echo.lastContext().options();
		assertThat(options.identity()).containsSame(identity);
		assertThat(options.values()).isEmpty();
	}

	@Test
	void the_deadline_goes_on_counting_across_a_redirect() {
		rig.close();
		rig = new Rig(s -> s.connectTimeoutMillis = 300);
		rig.add(login, "login");
		rig.echo.opening = (uri, context) -> new CompletableFuture<>();
		login.opening = (uri, context) -> follow(context, "echo:room");
		assertThat(failure(rig.create("login:x").connect()).code()).isEqualTo(Code.TIMEOUT);
		await(rig.echo.lastContext().abandoned());
		await(login.lastContext().abandoned());
	}

	@Test
	void a_link_that_arrives_after_the_end_is_not_even_shown_to_the_login() {
		CompletableFuture<Link> handshake = new CompletableFuture<>();
		rig.echo.opening = (uri, context) -> handshake;
		CountDownLatch told = new CountDownLatch(1);
		login.opening = (uri, context) -> follow(context, "echo:room").whenComplete((link, failure) -> {
			assertThat(link).isNull();
			told.countDown();
		});
		Transport transport = rig.create("login:x");
		transport.connect();
		rig.echo.lastContext();
		transport.close();
		await(transport.closed());
		FakeLink late = new FakeLink();
		handshake.complete(late);
		await(late.closeAsked);
		await(told);
	}
}
