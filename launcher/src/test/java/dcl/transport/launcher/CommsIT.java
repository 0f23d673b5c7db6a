package dcl.transport.launcher;

import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import dcl.transport.Delivery;
import dcl.transport.Disconnection;
import dcl.transport.Identity;
import dcl.transport.Message;
import dcl.transport.PeerId;
import dcl.transport.Transport;
import dcl.transport.Transport.State;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportListener;
import dcl.transport.TransportOptions;
import dcl.transport.TransportUri;
import dcl.transport.identity.Wallets;
import dcl.transport.rfc4.Rfc4;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.osgi.framework.Bundle;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** The runtime inside of a Java program; run once on Felix and once on Equinox, whichever is on the class path. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class CommsIT {

	@Test
	void a_java_program_gets_a_registry_of_its_own_classes() throws Exception {
		BlockingQueue<String> heard = new LinkedBlockingQueue<>();
		try (Comms comms = Comms.start()) {
			assertThat(comms.registry().types()).contains("offline", "ws-room");

			Transport room = comms.registry().create(TransportUri.parse("offline:offline"));
			room.listen(new TransportListener() {
				@Override
				public void connected(Set<PeerId> peers) {
					heard.add("connected");
				}

				@Override
				public void disconnected(Disconnection why) {
					heard.add(why.reason().name());
				}
			});
			room.connect().toCompletableFuture().get(10, TimeUnit.SECONDS);

			assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo("connected");
			assertThat(room.state()).isEqualTo(State.CONNECTED);
		}
		assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo("CLIENT");
	}

	@Test
	void the_readme_s_program_talks_in_a_room() throws Exception {
		BlockingQueue<String> heard = new LinkedBlockingQueue<>();
		try (Comms comms = Comms.start(); Opened server = roomServer(comms)) {
			TransportUri uri = TransportUri.parse("ws-room:" + server.url() + "lobby");
			Transport other = comms.registry().create(uri, TransportOptions.of(Wallets.random()));
			other.listen(new TransportListener() {
				@Override
				public void received(Message message) {
					heard.add(message.from() + ": " + Rfc4.kind(message.packet()));
				}
			});
			other.connect().toCompletableFuture().get(10, TimeUnit.SECONDS);
			Identity me = Wallets.random();
			Transport room = comms.registry().create(uri, TransportOptions.of(me));
			room.connect().toCompletableFuture().get(10, TimeUnit.SECONDS);
			room.send(Rfc4.encode(Rfc4.chat("hello")), Delivery.reliable()).toCompletableFuture().get(10, TimeUnit.SECONDS);

			assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo(me.address() + ": CHAT");
		}
	}

	/** Opens a room server of the framework, whose classes this program does not share. */
	private static Opened roomServer(Comms comms) throws Exception {
		ServiceReference<?> reference = comms.context().getAllServiceReferences("dcl.transport.roomserver.RoomServers", null)[0];
		Object servers = comms.context().getService(reference);
		Class<?> options = reference.getBundle().loadClass("dcl.transport.roomserver.RoomServerOptions");
		Class<?> service = reference.getBundle().loadClass("dcl.transport.roomserver.RoomServers");
		Object server = service.getMethod("open", options).invoke(servers, options.getMethod("defaults").invoke(null));
		Method url = reference.getBundle().loadClass("dcl.transport.roomserver.RoomServer").getMethod("url");
		return new Opened((AutoCloseable) server, url.invoke(server).toString());
	}

	private record Opened(AutoCloseable server, String url) implements AutoCloseable {

		@Override
		public void close() throws Exception {
			server.close();
		}
	}

	@Test
	void what_the_bundles_throw_is_the_program_s_own_exception() {
		try (Comms comms = Comms.start()) {
			assertThatThrownBy(() -> comms.registry().create(TransportUri.parse("nothing:x"))).isInstanceOf(TransportException.class)
					.extracting(e -> ((TransportException) e).code()).isEqualTo(Code.NO_PROVIDER);

			CompletableFuture<Void> unreachable = new CompletableFuture<>();
			try {
				comms.registry().create(TransportUri.parse("ws-room:ws://127.0.0.1:1/rooms/x")).connect().toCompletableFuture().join();
			} catch (TransportException e) {
				unreachable.completeExceptionally(e);
			} catch (CompletionException e) {
				unreachable.completeExceptionally(e.getCause());
			}
			assertThat(unreachable).isCompletedExceptionally().failsWithin(0, TimeUnit.SECONDS).withThrowableThat().havingCause()
					.isInstanceOf(TransportException.class);
		}
	}

	@Test
	void the_api_has_one_class_space() {
		try (Comms comms = Comms.start()) {
			assertThat(Stream.of(comms.context().getBundles()).map(Bundle::getSymbolicName)).contains("dcl.transport.registry")
					.doesNotContain("dcl.transport.api", "slf4j.api", "dcl.transport.cli");
		}
	}

	@Test
	void closing_leaves_no_thread_and_no_file() throws Exception {
		Comms.start().close(); // the first start may set up what is the JVM's own
		Set<Thread> threads = Thread.getAllStackTraces().keySet();

		Comms comms = Comms.start();
		Transport room = comms.registry().create(TransportUri.parse("offline:offline"));
		room.connect().toCompletableFuture().get(10, TimeUnit.SECONDS);
		Path folder = Path.of(comms.context().getProperty(Constants.FRAMEWORK_STORAGE));
		assertThat(folder).isNotEmptyDirectory();
		comms.close();
		comms.close();

		assertThat(folder).doesNotExist();
		for (Thread thread : Thread.getAllStackTraces().keySet()) {
			if (!threads.contains(thread)) {
				thread.join(10_000); // one that is ending is well
				assertThat(thread.isAlive()).as(thread.toString()).isFalse();
			}
		}
	}

	@Test
	void two_run_side_by_side() throws Exception {
		try (Comms one = Comms.start(); Comms other = Comms.start()) {
			Transport room = one.registry().create(TransportUri.parse("offline:offline"));
			room.connect().toCompletableFuture().get(10, TimeUnit.SECONDS);
			other.close();

			assertThat(room.state()).isEqualTo(State.CONNECTED);
		}
	}
}
