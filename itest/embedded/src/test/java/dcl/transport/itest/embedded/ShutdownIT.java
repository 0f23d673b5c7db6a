package dcl.transport.itest.embedded;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

import dcl.transport.Delivery;
import dcl.transport.Packet;
import dcl.transport.Session;
import dcl.transport.SessionPolicy;
import dcl.transport.TransportOptions;
import dcl.transport.TransportRegistry;
import dcl.transport.TransportUri;
import dcl.transport.identity.Wallets;
import dcl.transport.roomserver.RoomServer;
import dcl.transport.roomserver.RoomServerOptions;
import dcl.transport.roomserver.RoomServers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/** Stopping the framework with everything open. A plain Java program that embeds one, with the API on its class path. */
@Timeout(240)
class ShutdownIT {

	private static final int SESSIONS = 500;
	private static final int EACH_ROOM = 10;
	/** On a machine that is busy with something else, too. */
	private static final Duration LONGEST = Duration.ofSeconds(30);

	@Test
	void five_hundred_sessions_end_with_the_framework_and_nobody_is_left_waiting() throws Exception {
		List<CompletionStage<?>> stages = new ArrayList<>();
		List<Session> sessions = new ArrayList<>();
		try (OwnFramework framework = new OwnFramework("dcl.transport.api", "dcl.transport.roomserver")) {
			RoomServer server = framework.service(RoomServers.class).open(RoomServerOptions.defaults().withStepTimeout(Duration.ofSeconds(60)));
			TransportRegistry registry = framework.service(TransportRegistry.class);
			Await.until("rooms can be entered", () -> registry.types().contains("ws-room"));
			while (sessions.size() < SESSIONS) { // a room at a time: five hundred logins at once are another test's business
				CompletableFuture<?>[] connected = new CompletableFuture<?>[EACH_ROOM];
				String room = "ws-room:" + server.url() + "room-" + sessions.size();
				for (int i = 0; i < EACH_ROOM; i++) {
					Session session = registry.session(TransportUri.parse(room), TransportOptions.of(Wallets.random()), SessionPolicy.defaults());
					connected[i] = session.connect().toCompletableFuture();
					sessions.add(session);
				}
				CompletableFuture.allOf(connected).get(Await.LIMIT_SECONDS, TimeUnit.SECONDS);
			}
			// and one that never connects, one that nobody serves, and somebody who waits for that
			for (String uri : List.of("ws-room:ws://127.0.0.1:1/x", "nobody:x")) {
				Session session = registry.session(TransportUri.parse(uri), TransportOptions.of(Wallets.random()), SessionPolicy.defaults());
				stages.add(session.connect());
				stages.add(session.send(Packet.copyOf(new byte[] {1}), Delivery.reliable()));
				sessions.add(session);
			}
			stages.add(registry.whenAvailable(TransportUri.parse("nobody:x"), Duration.ofHours(1)));
			for (Session session : sessions) {
				stages.add(session.send(Packet.copyOf(new byte[] {1}), Delivery.reliable()));
				stages.add(session.closed());
			}

			long begin = System.nanoTime();
			framework.stop();
			Duration took = Duration.ofNanos(System.nanoTime() - begin);

			System.out.printf(Locale.ROOT, "{\"shutdown\":\"%s\",\"sessions\":%d,\"millis\":%d}%n", System.getProperty("framework.name"), sessions.size(), took.toMillis());
			assertThat(took).isLessThan(LONGEST);
			for (CompletionStage<?> stage : stages) {
				stage.toCompletableFuture().handle((result, failure) -> null).get(Await.LIMIT_SECONDS, TimeUnit.SECONDS);
			}
			assertThat(sessions).allMatch(session -> session.state() == Session.State.CLOSED);
			Await.until("no thread of ours is left", () -> Thread.getAllStackTraces().keySet().stream().noneMatch(thread -> thread.isAlive()
					&& thread.getName().startsWith("dcl-")));
		}
	}
}
