package dcl.transport.registry.internal;

import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;

import dcl.transport.Delivery;
import dcl.transport.Session;
import dcl.transport.SessionPolicy;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportOptions;
import dcl.transport.TransportUri;
import dcl.transport.status.TransportStatus;
import dcl.transport.status.TransportStatus.HoldUp;
import dcl.transport.status.TransportStatus.OpenSession;
import dcl.transport.status.TransportStatus.OpenTransport;
import dcl.transport.status.TransportStatus.Provider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static dcl.transport.registry.internal.Rig.await;
import static dcl.transport.registry.internal.Rig.until;
import static org.assertj.core.api.Assertions.assertThat;

@Timeout(60)
class StatusTest {

	private static final String SECRET = "s3cr3t";

	private final Rig rig = new Rig(s -> {
		s.unbindGraceMillis = 100;
		s.stuckMillis = 100;
		s.outgoingPackets = 4;
	});
	private final TransportStatus status = new Status(rig.registry);
	private final CountDownLatch release = new CountDownLatch(1);

	@AfterEach
	void stop() {
		release.countDown();
		rig.close();
	}

	private OpenTransport only() {
		List<OpenTransport> open = status.transports();
		assertThat(open).hasSize(1);
		return open.get(0);
	}

	@Test
	void providers_come_in_the_order_they_are_chosen_with_what_they_hold_up() {
		FakeProvider hangs = new FakeProvider();
		hangs.opening = (uri, context) -> {
			await(release);
			throw new IllegalStateException("released");
		};
		rig.add(hangs, 7, "hanging");
		assertThat(status.providers()).extracting(Provider::bundle).containsExactly("bundle 2", "bundle 1");
		assertThat(status.providers().get(0).types()).isEqualTo(Set.of("hanging"));
		assertThat(status.providers().get(0).ranking()).isEqualTo(7);
		rig.create("hanging:x").connect();
		until(() -> status.providers().get(0).stuckThreads() == 1);
		assertThat(status.providers().get(1).stuckThreads()).isZero();
	}

	@Test
	void an_open_transport_shows_host_state_and_queues_and_no_secret() {
		Rig.Pair pair = rig.pair("echo:https://h.example/?access_token=" + SECRET);
		pair.link().sending = packet -> new CompletableFuture<>();
		CountDownLatch inside = new CountDownLatch(1);
		pair.listener().doing = event -> {
			inside.countDown();
			await(release);
		};
		for (int i = 0; i < 4; i++) {
			pair.send("x");
			pair.receive("y");
		}
		await(inside);
		OpenTransport open = only();
		assertThat(open.uri()).isEqualTo("echo:https://h.example/…");
		assertThat(open.toString()).doesNotContain(SECRET);
		assertThat(open.host()).isEqualTo("host 1.0.0");
		assertThat(open.ofSession()).isFalse();
		assertThat(open.state()).isEqualTo(Transport.State.CONNECTED);
		assertThat(open.outgoingLimit()).isEqualTo(4);
		assertThat(open.incomingLimit()).isEqualTo(1_000);
		assertThat(open.stats().accepted()).isEqualTo(4);
		assertThat(open.outgoingPackets()).isBetween(3, 4);
		release.countDown();
		pair.transport().close();
		await(pair.transport().disconnect());
		assertThat(status.transports()).isEmpty();
	}

	@Test
	void the_wire_of_a_session_is_told_from_a_host_s_own_transport() throws TransportException {
		Session session = rig.host.session(TransportUri.parse("fixed-adapter:echo:" + SECRET), TransportOptions.none(), SessionPolicy.defaults());
		await(session.connect());
		assertThat(only().ofSession()).isTrue();
		assertThat(only().host()).isEqualTo("host 1.0.0");
		OpenSession shown = status.sessions().get(0);
		assertThat(shown.type()).isEqualTo("echo");
		assertThat(shown.host()).isEqualTo("host 1.0.0");
		assertThat(shown.state()).isEqualTo(Session.State.CONNECTED);
		assertThat(shown.toString()).doesNotContain(SECRET);
		session.close();
		await(session.closed());
		assertThat(status.sessions()).isEmpty();
		until(() -> status.transports().isEmpty());
	}

	@Test
	void a_session_shows_how_many_packets_wait_for_a_wire() throws TransportException {
		Session session = rig.host.session(TransportUri.parse("absent:x"), TransportOptions.none(), SessionPolicy.defaults());
		session.connect();
		session.send(Rig.packet("x"), Delivery.reliable());
		session.send(Rig.packet("y"), Delivery.reliable());
		assertThat(status.sessions()).extracting(OpenSession::waitingPackets).containsExactly(2);
		assertThat(status.transports()).isEmpty();
	}

	@Test
	void a_host_that_gave_its_registry_back_is_forgotten() {
		HostRegistry other = new HostRegistry(rig.registry, "other 1.0.0");
		assertThat(rig.registry.hosts()).hasSize(2);
		other.close();
		assertThat(rig.registry.hosts()).containsExactly(rig.host);
	}

	@Test
	void a_provider_that_holds_up_an_unbind_is_remembered_and_the_last_sixteen_are() {
		FakeProvider slow = new FakeProvider();
		for (int i = 0; i < 18; i++) {
			Candidate candidate = rig.add(slow, "slow");
			Transport transport = rig.create("slow:x");
			await(transport.connect());
			slow.lastLink().closing = CompletableFuture::new;
			rig.registry.remove(candidate.id());
		}
		assertThat(status.holdUps()).hasSize(16);
		assertThat(status.holdUps()).extracting(HoldUp::bundle).startsWith("bundle 4").endsWith("bundle 19");
		assertThat(status.holdUps()).allSatisfy(one -> assertThat(one.links()).isEqualTo(1));
	}

	@Test
	void a_provider_that_closes_its_links_at_once_holds_nothing_up() {
		Rig patient = new Rig(s -> s.unbindGraceMillis = 10_000);
		try {
			FakeProvider quick = new FakeProvider();
			Candidate candidate = patient.add(quick, "quick");
			await(patient.create("quick:x").connect());
			CompletableFuture<Void> asked = quick.lastLink().closeAsked;
			patient.registry.remove(candidate.id());
			assertThat(asked).isDone();
			assertThat(new Status(patient.registry).holdUps()).isEmpty();
		} finally {
			patient.close();
		}
	}
}
