package dcl.transport.examples.host;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import dcl.transport.Delivery;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.TransportUri;
import dcl.transport.examples.embed.Talk;
import dcl.transport.launcher.Comms;
import dcl.transport.rfc4.Rfc4;
import dcl.transport.spi.Link;
import dcl.transport.spi.LinkContext;
import dcl.transport.spi.TransportProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.osgi.framework.Bundle;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;

import static org.assertj.core.api.Assertions.assertThat;

/** The bundle in a framework, with a room that is the test; and the program. */
@Timeout(180)
class HostIT {

	private static final int SECONDS = 60;

	/** A room where somebody is, and what is said there. */
	private static final class Rooms implements TransportProvider {

		final BlockingQueue<LinkContext> entered = new LinkedBlockingQueue<>();
		final BlockingQueue<Packet> said = new LinkedBlockingQueue<>();
		final CountDownLatch left = new CountDownLatch(1);

		@Override
		public CompletionStage<Link> open(TransportUri uri, LinkContext context) {
			entered.add(context);
			return CompletableFuture.completedFuture(new Link() {

				@Override
				public Set<PeerId> peers() {
					return Set.of();
				}

				@Override
				public CompletionStage<Void> send(Packet packet, Delivery delivery) {
					said.add(packet);
					return CompletableFuture.completedFuture(null);
				}

				@Override
				public CompletionStage<Void> close() {
					left.countDown();
					return CompletableFuture.completedFuture(null);
				}
			});
		}
	}

	@Test
	void a_host_bundle_waits_for_its_transport_greets_and_goes_with_it() throws Exception {
		System.setProperty("greeter.uri", "acme:127.0.0.1:1/plaza?token=example");
		Rooms rooms = new Rooms();
		try (Comms comms = Comms.start()) {
			Bundle greeter = comms.context().installBundle(Path.of(System.getProperty("host.jar")).toUri().toString());
			greeter.start();
			assertThat(greeter.getState()).isEqualTo(Bundle.ACTIVE);
			assertThat(rooms.entered).isEmpty(); // there is no acme yet

			ServiceRegistration<TransportProvider> acme = comms.context().registerService(TransportProvider.class, rooms,
					FrameworkUtil.asDictionary(Map.of(TransportProvider.TYPE, "acme")));
			LinkContext room = rooms.entered.poll(SECONDS, TimeUnit.SECONDS);
			assertThat(room).isNotNull();
			room.peerJoined(PeerId.of("bob"));
			Packet hello = rooms.said.poll(SECONDS, TimeUnit.SECONDS);
			assertThat(hello).isNotNull();
			assertThat(Rfc4.decode(hello).getChat().getMessage()).isEqualTo("hello bob");

			acme.unregister();
			assertThat(rooms.left.await(SECONDS, TimeUnit.SECONDS)).isTrue();
		} finally {
			System.clearProperty("greeter.uri");
		}
	}

	@Test
	void a_plain_program_embeds_the_runtime() throws Exception {
		ByteArrayOutputStream printed = new ByteArrayOutputStream();
		PrintStream out = System.out;
		System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
		try {
			Talk.main(new String[] {"simulator:?peers=3&scenario=chat", "hello", "2"});
		} finally {
			System.setOut(out);
		}

		assertThat(printed.toString(StandardCharsets.UTF_8)).contains("said it to 3 peers in simulator:").containsPattern("0x[0-9a-f]{40} [A-Z]");
	}
}
