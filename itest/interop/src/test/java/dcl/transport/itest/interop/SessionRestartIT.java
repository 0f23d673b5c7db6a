package dcl.transport.itest.interop;

import java.net.URI;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import dcl.transport.Delivery;
import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Message;
import dcl.transport.PeerId;
import dcl.transport.Session;
import dcl.transport.Session.Outcome;
import dcl.transport.SessionListener;
import dcl.transport.SessionPolicy;
import dcl.transport.TransportOptions;
import dcl.transport.TransportUri;
import dcl.transport.identity.Wallets;
import dcl.transport.launcher.Comms;
import dcl.transport.rfc4.Rfc4;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/** Two sessions in a room of the reference server, which crashes and comes back. */
@Timeout(180)
class SessionRestartIT {

	private static final long LIMIT_SECONDS = 40;
	private static final int RESTARTS = 3;

	/** A session that writes down what it hears. */
	private static final class Guest implements SessionListener {

		private final BlockingQueue<String> connections = new LinkedBlockingQueue<>();
		private final BlockingQueue<String> words = new LinkedBlockingQueue<>();
		private final Session session;

		private Guest(Comms comms, String room) throws Exception {
			SessionPolicy policy = SessionPolicy.defaults().withWaits(Duration.ofMillis(200), Duration.ofSeconds(2));
			session = comms.registry().session(TransportUri.parse("ws-room:" + room), TransportOptions.of(Wallets.random()), policy);
			session.listen(this);
			session.connect();
		}

		private static String next(BlockingQueue<String> queue) throws InterruptedException {
			return queue.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
		}

		private CompletionStage<Outcome> say(String words) {
			return session.send(Rfc4.encode(Rfc4.chat(words)), Delivery.reliable());
		}

		@Override
		public void connected(Set<PeerId> peers) {
			connections.add("connected");
		}

		@Override
		public void reconnected(Set<PeerId> peers) {
			connections.add("reconnected");
		}

		@Override
		public void disconnected(Disconnection why) {
			connections.add("disconnected " + why.reason());
		}

		@Override
		public void received(Message message) {
			words.add(Rfc4.decode(message.packet()).getChat().getMessage());
		}
	}

	private static Outcome outcome(CompletionStage<Outcome> stage) throws Exception {
		return stage.toCompletableFuture().get(LIMIT_SECONDS, TimeUnit.SECONDS);
	}

	@Test
	void sessions_come_back_to_the_reference_server_and_are_told_what_it_has_read() throws Exception {
		Interop.folder();
		ReferenceServer server = ReferenceServer.start();
		try (Comms comms = Comms.start()) {
			String room = server.room("restarts");
			Guest alice = new Guest(comms, room);
			Guest bob = new Guest(comms, room);
			assertThat(Guest.next(alice.connections)).isEqualTo("connected");
			assertThat(Guest.next(bob.connections)).isEqualTo("connected");
			for (int i = 0; i < RESTARTS; i++) {
				server.kill();
				assertThat(Guest.next(alice.connections)).isEqualTo("disconnected " + Reason.LOST);
				assertThat(Guest.next(bob.connections)).isEqualTo("disconnected " + Reason.LOST);
				CompletionStage<Outcome> meanwhile = alice.say("meanwhile " + i);
				server.close();
				server = ReferenceServer.start(URI.create(room).getPort());

				assertThat(Guest.next(alice.connections)).isEqualTo("reconnected");
				assertThat(Guest.next(bob.connections)).isEqualTo("reconnected");
				CompletionStage<Outcome> again = alice.say("again " + i);
				for (String heard = ""; !heard.equals("again " + i);) { // what was said meanwhile came before bob did, or after
					heard = Guest.next(bob.words);
					assertThat(heard).isIn("meanwhile " + i, "again " + i);
				}
				assertThat(outcome(meanwhile)).isEqualTo(Outcome.CONFIRMED);
				assertThat(outcome(again)).isEqualTo(Outcome.CONFIRMED);
			}
			assertThat(alice.session.stats().connections()).isEqualTo(RESTARTS + 1);
			assertThat(alice.session.stats().confirmed()).isEqualTo(2 * RESTARTS).isEqualTo(alice.session.stats().accepted());
		} finally {
			server.close();
		}
	}
}
