package dcl.transport.itest.livekit;

import java.io.IOException;
import java.io.InputStream;
import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

import dcl.transport.Delivery;
import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Message;
import dcl.transport.Packet;
import dcl.transport.Transport;
import dcl.transport.TransportListener;
import dcl.transport.TransportOptions;
import dcl.transport.TransportUri;
import dcl.transport.identity.Wallets;
import dcl.transport.launcher.Comms;
import dcl.transport.roomserver.RoomServer;
import dcl.transport.roomserver.RoomServerListener;
import dcl.transport.roomserver.RoomServerOptions;
import dcl.transport.roomserver.internal.LocalRoomServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.osgi.framework.Bundle;
import org.osgi.framework.wiring.BundleWiring;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The provider is updated again and again with a room open, each time an official client listening, while people talk in a ws-room of the
 * same JVM.
 */
@ExtendWith(Rig.class)
@Timeout(300)
class UpdatesIT {

	private static final int UPDATES = 20;
	private static final String PROVIDER = "dcl.transport.livekit";
	private static final int PER_SECOND = 200;

	private final Comms comms = Rig.comms();
	private final Bundle provider = Arrays.stream(comms.context().getBundles()).filter(bundle -> bundle.getSymbolicName().equals(PROVIDER))
			.findFirst().orElseThrow();

	@Test
	void twenty_updates_free_twenty_class_loaders_keep_the_threads_and_one_library_and_lose_nothing_next_door() throws Exception {
		List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
		List<Object> kept = new ArrayList<>();
		try (Guest guest = Rig.guest(Client.Kind.NODE); Neighbours neighbours = new Neighbours(comms)) {
			String room = Rig.unique("room");
			guest.enter(room);
			for (int warm = 0; warm < 2; warm++) {
				enterAndUpdate(guest, room, kept, loaders);
			}
			loaders.clear();
			long threads = threads();
			List<String> copies = copies(); // one of this framework; those of other tests' frameworks stay in the process
			long before = neighbours.received();

			for (int update = 0; update < UPDATES; update++) {
				enterAndUpdate(guest, room, kept, loaders);
			}

			await("neighbours", () -> neighbours.received() > before + PER_SECOND);
			await("threads, " + threads + " before", () -> threads() <= threads);
			assertThat(copies()).as("mapped copies of libwebrtc").isNotEmpty().containsExactlyInAnyOrderElementsOf(copies);
			assertThat(loaders).hasSize(UPDATES);
			await("class loaders", () -> {
				System.gc();
				return loaders.stream().allMatch(loader -> loader.get() == null);
			});
			long lost = neighbours.end();
			assertThat(lost).as("packets lost in the ws-room").isZero();
			assertThat(neighbours.received()).isPositive();
			try (Us us = Us.enter(room)) { // and the last version works
				us.send(new byte[] {9}, Delivery.reliable());
				assertThat(guest.data()).containsExactly(9);
			}
			System.out.println("livekit updates: " + UPDATES + " with a room open, all class loaders freed, " + threads() + " native threads (" + threads
					+ " before), no further copy of libwebrtc; " + neighbours.received() + " packets in the ws-room beside it, none lost");
		}
		Reference.reachabilityFence(kept);
	}

	/** A room is entered and spoken in both ways; then its provider is updated. */
	private void enterAndUpdate(Guest guest, String room, List<Object> kept, List<WeakReference<ClassLoader>> loaders) throws Exception {
		loaders.add(new WeakReference<>(provider.adapt(BundleWiring.class).getClassLoader()));
		Us us = Us.enter(room);
		us.send(new byte[] {7}, Delivery.reliable());
		assertThat(guest.data()).containsExactly(7);
		guest.send(new byte[] {8}, true, "");
		Object heard = us.next();
		while (!(heard instanceof Message)) {
			heard = us.next();
		}
		assertThat(((Message) heard).packet().toByteArray()).containsExactly(8);

		provider.update(jar());

		Disconnection end = Us.done(us.transport().closed());
		assertThat(end.reason()).isEqualTo(Reason.PROVIDER_GONE);
		kept.add(us);
		kept.add(heard);
		kept.add(end);
	}

	private InputStream jar() {
		String name = provider.getLocation().substring(provider.getLocation().indexOf(':') + 1);
		return Comms.class.getResourceAsStream("/bundle/" + name);
	}

	/** Counts the threads of this process, libwebrtc's included. */
	private static long threads() {
		try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
			return tasks.count();
		} catch (IOException e) {
			throw new AssertionError(e);
		}
	}

	private static List<String> copies() throws IOException {
		return Files.readAllLines(Path.of("/proc/self/maps")).stream().filter(line -> line.contains("dcl-webrtc-"))
				.map(line -> line.replaceFirst(".*\\s(?=/)", "")).distinct().toList();
	}

	private static void await(String what, BooleanSupplier condition) {
		long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
		while (!condition.getAsBoolean()) {
			assertThat(System.nanoTime()).as("not after 60 s: " + what).isLessThan(end);
			LockSupport.parkNanos(20_000_000);
		}
	}

	/** Two guests in a ws-room of the same registry: one sends numbered packets at a rate, the other counts them. */
	private static final class Neighbours implements TransportListener, AutoCloseable {

		private final RoomServer server;
		private final Transport sender;
		private final Transport receiver;
		private final AtomicBoolean over = new AtomicBoolean();
		private final AtomicLong sent = new AtomicLong();
		private final AtomicLong next = new AtomicLong();
		private final AtomicInteger outOfOrder = new AtomicInteger();
		private final AtomicReference<Throwable> failure = new AtomicReference<>();
		private final Thread thread;

		Neighbours(Comms comms) throws Exception {
			server = new LocalRoomServer(RoomServerOptions.defaults(), new RoomServerListener() {
			}, "test", () -> {
			});
			String url = server.url() + "updates";
			receiver = join(comms, url, this);
			sender = join(comms, url, new TransportListener() {
			});
			thread = new Thread(this::send, "neighbour");
			thread.start();
		}

		private static Transport join(Comms comms, String url, TransportListener listener) throws Exception {
			Transport transport = comms.registry().create(TransportUri.parse("ws-room:" + url), TransportOptions.of(Wallets.random()));
			transport.listen(listener);
			Us.done(transport.connect());
			return transport;
		}

		private void send() {
			long begin = System.nanoTime();
			while (!over.get()) {
				long number = sent.get();
				Packet packet = Packet.wrap(ByteBuffer.allocate(64).putLong(0, number));
				try {
					Us.done(sender.send(packet, Delivery.reliable()));
				} catch (ExecutionException e) {
					failure.set(e.getCause());
					return;
				} catch (Exception e) {
					failure.set(e);
					return;
				}
				sent.incrementAndGet();
				LockSupport.parkNanos(begin + (number + 1) * TimeUnit.SECONDS.toNanos(1) / PER_SECOND - System.nanoTime());
			}
		}

		@Override
		public void received(Message message) {
			if (message.packet().asByteBuffer().getLong(0) != next.getAndIncrement()) {
				outOfOrder.incrementAndGet();
			}
		}

		long received() {
			return next.get();
		}

		/** Stops sending, and returns how many did not come. */
		long end() throws Exception {
			over.set(true);
			thread.join(TimeUnit.SECONDS.toMillis(60));
			assertThat(failure.get()).isNull();
			await("the last packet", () -> next.get() >= sent.get());
			assertThat(outOfOrder.get()).isZero();
			return sent.get() - next.get();
		}

		@Override
		public void close() throws Exception {
			over.set(true);
			sender.close();
			receiver.close();
			server.close();
		}
	}
}
