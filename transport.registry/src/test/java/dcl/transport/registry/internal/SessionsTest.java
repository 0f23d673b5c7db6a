package dcl.transport.registry.internal;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import dcl.transport.Delivery;
import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.PeerId;
import dcl.transport.Session;
import dcl.transport.Session.Outcome;
import dcl.transport.Session.State;
import dcl.transport.SessionListener;
import dcl.transport.SessionPolicy;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportOptions;
import dcl.transport.TransportUri;
import dcl.transport.spi.Link;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static dcl.transport.registry.internal.Rig.ALICE;
import static dcl.transport.registry.internal.Rig.BOB;
import static dcl.transport.registry.internal.Rig.await;
import static dcl.transport.registry.internal.Rig.packet;
import static org.assertj.core.api.Assertions.assertThat;

/** Sessions in a registry with real threads. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class SessionsTest {

	private static final SessionPolicy QUICK = SessionPolicy.defaults().withWaits(Duration.ofMillis(1), Duration.ofMillis(20));

	private Rig rig = new Rig();
	private final BlockingQueue<String> events = new LinkedBlockingQueue<>();

	@AfterEach
	void stop() {
		rig.close();
	}

	private Session session(String uri, SessionPolicy policy) throws TransportException {
		Session session = rig.host.session(TransportUri.parse(uri), TransportOptions.none(), policy);
		session.listen(new SessionListener() {
			@Override
			public void connected(Set<PeerId> peers) {
				events.add("connected");
			}

			@Override
			public void reconnected(Set<PeerId> peers) {
				events.add("reconnected");
			}

			@Override
			public void disconnected(Disconnection why) {
				events.add("disconnected " + why.reason());
			}

			@Override
			public void failed(TransportException failure) {
				events.add("failed " + failure.code());
			}

			@Override
			public void closed(Disconnection why) {
				events.add("closed " + why.reason());
			}
		});
		return session;
	}

	private Session connected(String uri, SessionPolicy policy) throws TransportException {
		Session session = session(uri, policy);
		await(session.connect());
		expect("connected");
		return session;
	}

	private void expect(String event) {
		assertThat(FakeProvider.taken(events)).isEqualTo(event);
	}

	@Test
	void it_follows_a_provider_that_is_updated_twenty_times_with_one_gap_each() throws Exception {
		Candidate old = rig.echoes;
		Session session = connected("echo:x", SessionPolicy.defaults().withWaits(Duration.ofMinutes(1), Duration.ofMinutes(1)));
		FakeProvider provider = rig.echo;
		for (int update = 0; update < 20; update++) {
			provider.lastLink();
			rig.registry.remove(old.id());
			provider = new FakeProvider();
			old = rig.add(provider, "echo");
			expect("disconnected PROVIDER_GONE");
			expect("reconnected");
		}
		CompletionStage<Outcome> sent = session.send(packet("to the last"), Delivery.reliable());

		assertThat(await(sent)).isEqualTo(Outcome.HANDED_OVER);
		assertThat(provider.lastLink().sent).hasSize(1);
		assertThat(events).isEmpty();
	}

	@Test
	void it_waits_for_a_provider_that_is_not_there_yet() throws Exception {
		Session session = session("late:x", SessionPolicy.defaults().withWaits(Duration.ofMinutes(1), Duration.ofMinutes(1)));
		CompletionStage<Void> first = session.connect();
		expect("failed NO_PROVIDER");
		Rig.until(() -> session.state() == State.WAITING && session.nextAttempt().isPresent());
		rig.add(new FakeProvider(), "late");

		await(first);
		expect("connected");
	}

	@Test
	void every_attempt_asks_the_login_anew() throws Exception {
		AtomicInteger tokens = new AtomicInteger();
		FakeProvider login = new FakeProvider();
		login.opening = (uri, context) -> context.open(TransportUri.parse("echo:room?token=" + tokens.incrementAndGet()));
		rig.add(login, "login");
		connected("login:x", QUICK);
		for (int i = 1; i <= 5; i++) {
			assertThat(FakeProvider.taken(rig.echo.uris).text()).isEqualTo("echo:room?token=" + i);
			rig.echo.lastContext().closed(new Disconnection(Reason.LOST, ""));
			expect("disconnected LOST");
			expect("reconnected");
		}

		assertThat(tokens).hasValue(6);
		assertThat(login.uris).hasSize(6).allMatch(uri -> uri.text().equals("login:x"));
	}

	@Test
	void what_the_link_confirms_is_confirmed_and_the_rest_unknown() throws Exception {
		rig.echo.opening = (uri, context) -> {
			FakeLink link = rig.echo.link();
			link.confirms = true;
			return CompletableFuture.completedFuture(link);
		};
		Session session = connected("echo:x", QUICK);
		List<CompletionStage<Outcome>> sent = new ArrayList<>();
		for (int i = 0; i < 10; i++) {
			sent.add(session.send(packet("" + i), Delivery.reliable()));
		}
		FakeLink link = rig.echo.lastLink();
		Rig.until(() -> link.sent.size() == 10);
		rig.echo.contexts.peek().confirmed(4);
		await(sent.get(3));
		rig.echo.lastContext().confirmed(3);
		rig.echo.links.clear();
		await(sent.get(6));
		session.close();

		assertThat(await(session.closed()).reason()).isEqualTo(Reason.CLIENT);
		for (int i = 0; i < 10; i++) {
			assertThat(await(sent.get(i))).isEqualTo(i < 7 ? Outcome.CONFIRMED : Outcome.UNKNOWN);
		}
		assertThat(session.stats()).asString().startsWith("accepted 10 = confirmed 7 + handed over 0 + dropped 0 + unknown 3 + failed 0");
	}

	@Test
	void a_socket_that_comes_after_the_time_out_of_its_attempt_is_closed() throws Exception {
		rig.close();
		rig = new Rig(settings -> settings.connectTimeoutMillis = 100);
		CompletableFuture<Link> late = new CompletableFuture<>();
		AtomicInteger opened = new AtomicInteger();
		rig.echo.opening = (uri, context) -> opened.getAndIncrement() == 0 ? late : CompletableFuture.completedFuture(rig.echo.link());
		Session session = session("echo:x", QUICK);
		session.connect();
		expect("failed TIMEOUT");
		expect("connected");
		FakeLink tooLate = new FakeLink();
		late.complete(tooLate);

		await(tooLate.closeAsked);
		assertThat(rig.echo.lastLink().closes).hasValue(0);
		assertThat(session.state()).isEqualTo(State.CONNECTED);
	}

	@Test
	void when_the_host_gives_the_registry_back_its_sessions_end() throws Exception {
		Session connected = connected("echo:x", QUICK);
		Session waiting = session("none:x", QUICK);
		waiting.connect();
		Session idle = session("echo:y", QUICK);
		assertThat(rig.host.sessions()).containsExactlyInAnyOrder(connected, waiting, idle);
		rig.host.close();

		for (Session session : List.of(connected, waiting, idle)) {
			assertThat(await(session.closed()).reason()).isEqualTo(Reason.CLIENT);
		}
		assertThat(rig.host.sessions()).isEmpty();
		assertThat(rig.host.open()).isEmpty();
		assertThat(failure("echo:z")).isEqualTo(Code.NO_PROVIDER);
	}

	private Code failure(String uri) {
		try {
			session(uri, QUICK);
			return null;
		} catch (TransportException e) {
			return e.code();
		}
	}

	@Test
	void when_the_registry_stops_its_sessions_end_before_it_is_stopped() throws Exception {
		Session connected = connected("echo:x", QUICK);
		Session waiting = session("none:x", SessionPolicy.defaults());
		waiting.connect();
		expect("failed NO_PROVIDER");
		Rig.until(() -> waiting.state() == State.WAITING);
		rig.registry.stop();

		assertThat(connected.closed()).isCompletedWithValueMatching(why -> why.reason() == Reason.PROVIDER_GONE);
		assertThat(waiting.closed()).isCompletedWithValueMatching(why -> why.reason() == Reason.PROVIDER_GONE);
		assertThat(events).containsExactlyInAnyOrder("disconnected PROVIDER_GONE", "closed PROVIDER_GONE", "closed PROVIDER_GONE");
	}

	@Test
	void a_listener_that_hangs_holds_up_its_own_session_and_no_other() throws Exception {
		rig.close();
		rig = new Rig(settings -> settings.stuckMillis = 50);
		CountDownLatch release = new CountDownLatch(1);
		Session hung = rig.host.session(TransportUri.parse("echo:x"), TransportOptions.none(), QUICK);
		CountDownLatch inside = new CountDownLatch(1);
		hung.listen(new SessionListener() {
			@Override
			public void connected(Set<PeerId> peers) {
				inside.countDown();
				await(release);
			}
		});
		await(hung.connect());
		await(inside);
		Session other = connected("echo:y", QUICK);
		rig.echo.lastContext();
		rig.echo.lastContext().closed(new Disconnection(Reason.LOST, ""));
		expect("disconnected LOST");
		expect("reconnected");
		Rig.until(() -> Logs.text().contains("has not come back for 50 ms"));

		assertThat(Logs.text()).contains(SessionsTest.class.getName());
		assertThat(other.state()).isEqualTo(State.CONNECTED);
		release.countDown();
		hung.close();
		assertThat(await(hung.closed()).reason()).isEqualTo(Reason.CLIENT);
	}

	/** Threads that do not go by themselves. */
	private static long threads() {
		return Rig.threads("dcl-") - Rig.threads("dcl-transport-ask") - Rig.threads("dcl-transport-dns");
	}

	@Test
	void a_thousand_losses_are_a_thousand_returns_and_nothing_is_left_behind() throws Exception {
		rig.echo.opening = (uri, context) -> {
			FakeLink link = rig.echo.link();
			link.peers = () -> Set.of(ALICE, BOB);
			return CompletableFuture.completedFuture(link);
		};
		Session session = connected("echo:x", QUICK);
		long threads = threads();
		int sent = 0;
		List<CompletionStage<Outcome>> outcomes = new ArrayList<>();
		for (int i = 0; i < 1_000; i++) {
			for (int n = 0; n < 3; n++) {
				outcomes.add(session.send(packet("" + sent++), Delivery.reliable()));
			}
			rig.echo.lastContext().closed(new Disconnection(i % 2 == 0 ? Reason.LOST : Reason.SERVER, ""));
			expect("disconnected " + (i % 2 == 0 ? Reason.LOST : Reason.SERVER));
			expect("reconnected");
		}
		session.close();
		await(session.closed());

		assertThat(session.stats().connections()).isEqualTo(1_001);
		assertThat(outcomes).allMatch(stage -> stage.toCompletableFuture().isDone());
		List<String> wires = new ArrayList<>();
		rig.echo.links.forEach(link -> link.sent.forEach(packet -> wires.add(Rig.text(packet))));
		assertThat(wires).as("nothing twice").doesNotHaveDuplicates();
		assertThat(wires.stream().map(Integer::valueOf).toList()).as("in order").isSorted();
		assertThat(session.stats().accepted()).isEqualTo(sent)
				.isEqualTo(session.stats().handedOver() + session.stats().unknown() + session.stats().dropped());
		Rig.until(() -> rig.echo.links.stream().allMatch(link -> link.closes.get() == 1));
		assertThat(rig.echo.links).allMatch(link -> link.breaches.isEmpty());
		assertThat(threads()).isEqualTo(threads);
	}
}
