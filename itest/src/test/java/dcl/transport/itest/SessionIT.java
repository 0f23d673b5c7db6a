package dcl.transport.itest;

import java.lang.ref.Reference;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import dcl.transport.Delivery;
import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.Session;
import dcl.transport.SessionListener;
import dcl.transport.SessionPolicy;
import dcl.transport.TransportException;
import dcl.transport.TransportOptions;
import dcl.transport.TransportRegistry;
import dcl.transport.TransportUri;
import org.junit.Test;
import org.osgi.framework.Bundle;
import org.osgi.framework.ServiceReference;

import static org.assertj.core.api.Assertions.assertThat;

/** What becomes of sessions when bundles come and go. */
public class SessionIT extends FrameworkTest {

	/** Whoever waits for its time, rather than for the provider, is too late for these tests. */
	private static final SessionPolicy PATIENT = SessionPolicy.defaults().withWaits(Duration.ofMinutes(5), Duration.ofMinutes(5));

	private final BlockingQueue<String> events = new LinkedBlockingQueue<>();

	private final class Hearer implements SessionListener {

		@Override
		public void connected(Set<PeerId> peers) {
			events.add("connected " + peers);
		}

		@Override
		public void reconnected(Set<PeerId> peers) {
			events.add("reconnected " + peers);
		}

		@Override
		public void failed(TransportException failure) {
			events.add("failed " + failure.code());
		}

		@Override
		public void disconnected(Disconnection why) {
			events.add("disconnected " + why.reason());
		}

		@Override
		public void closed(Disconnection why) {
			events.add("closed " + why.reason());
		}
	}

	private Session session(TransportRegistry registry, String uri) throws Exception {
		Session session = registry.session(TransportUri.parse(uri), TransportOptions.none(), PATIENT);
		session.listen(new Hearer());
		session.connect();
		return session;
	}

	private void expect(String event) throws InterruptedException {
		assertThat(events.poll(Await.LIMIT_SECONDS, TimeUnit.SECONDS)).isEqualTo(event);
	}

	@Test
	public void it_follows_a_provider_that_is_updated_twenty_times_and_keeps_none_of_the_old() throws Exception {
		Bundle echo = start("echo", "1.0.0");
		Session session = session(registry(), "echo:room");
		expect("connected [echo-1.0.0]");
		Leftovers leftovers = new Leftovers();
		for (int i = 2; i <= 21; i++) {
			leftovers.watch(echo);
			echo.update(fixture("echo", i + ".0.0"));
			expect("disconnected PROVIDER_GONE");
			expect("reconnected [echo-" + i + ".0.0]");
		}

		assertThat(events).isEmpty();
		assertThat(session.stats().connections()).isEqualTo(21);
		assertThat(Await.result(session.send(Packet.copyOf(new byte[] {1}), Delivery.reliable()))).isEqualTo(Session.Outcome.HANDED_OVER);
		leftovers.awaitLoadersCollected();
		leftovers.awaitThreadsGone();
		Reference.reachabilityFence(session);
	}

	@Test
	public void it_waits_for_a_provider_that_is_installed_later() throws Exception {
		session(registry(), "echo:room");
		expect("failed NO_PROVIDER");
		start("echo", "1.0.0");

		expect("connected [echo-1.0.0]");
	}

	@Test
	public void when_the_registry_is_updated_it_ends_and_a_new_one_is_had_from_the_new_registry() throws Exception {
		start("echo", "1.0.0");
		Bundle registry = bundleNamed("dcl.transport.registry");
		for (int i = 0; i < 3; i++) {
			Session session = session(registry(), "echo:room");
			expect("connected [echo-1.0.0]");
			registry.update();

			expect("disconnected PROVIDER_GONE");
			expect("closed PROVIDER_GONE");
			assertThat(Await.result(session.closed()).reason()).isEqualTo(Reason.PROVIDER_GONE);
			closeTrackers(); // what this host was given was the old bundle's own
		}
	}

	@Test
	public void a_session_that_waits_when_the_registry_stops_ends_too() throws Exception {
		Session session = session(registry(), "nobody:room");
		expect("failed NO_PROVIDER");
		Bundle registry = bundleNamed("dcl.transport.registry");
		registry.stop();
		try {
			expect("closed PROVIDER_GONE");
			assertThat(session.state()).isEqualTo(Session.State.CLOSED);
		} finally {
			registry.start();
		}
	}

	@Test
	public void stopping_a_host_closes_its_session_and_nothing_of_others() throws Exception {
		start("echo", "1.0.0");
		Session mine = session(registry(), "echo:mine");
		expect("connected [echo-1.0.0]");
		Bundle host = start("host", "1.0.0");
		Await.until("the host's session is connected", () -> journal.contains("host session connected"));
		host.stop();

		Await.until("the host's session is closed", () -> journal.contains("host session closed CLIENT"));
		assertThat(mine.state()).isEqualTo(Session.State.CONNECTED);
		assertThat(registry().sessions()).containsExactly(mine);
		assertThat(events).isEmpty();
	}

	@Test
	public void giving_the_service_back_closes_the_session() throws Exception {
		start("echo", "1.0.0");
		ServiceReference<TransportRegistry> reference = bundles.getServiceReference(TransportRegistry.class);
		Session session = session(bundles.getService(reference), "echo:x");
		expect("connected [echo-1.0.0]");
		bundles.ungetService(reference);

		expect("disconnected CLIENT");
		expect("closed CLIENT");
		assertThat(Await.result(session.closed()).reason()).isEqualTo(Reason.CLIENT);
	}
}
