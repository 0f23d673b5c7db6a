package dcl.transport.itest;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import dcl.transport.Delivery;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Message;
import dcl.transport.Packet;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportListener;
import org.junit.Test;
import org.osgi.framework.Bundle;

import static org.assertj.core.api.Assertions.assertThat;

/** Providers that were updated or taken away are let go of, whatever hosts keep. */
public class LeakIT extends FrameworkTest {

	private static final int UPDATES = 50;

	@Test
	public void the_old_class_loader_is_collected_although_the_host_keeps_all_it_was_given() throws Exception {
		Bundle echo = start("echo", "1.0.0");
		Leftovers leftovers = new Leftovers();
		leftovers.watch(echo);
		List<Object> kept = new ArrayList<>();
		use("echo:x", kept, echo::stop);
		echo.start();
		use("echo:x", kept, () -> echo.update(fixture("echo", "2.0.0")));

		leftovers.awaitLoadersCollected();

		assertThat(served("echo:x")).isEqualTo("echo-2.0.0");
		Reference.reachabilityFence(kept);
	}

	@Test
	public void the_class_loader_of_an_uninstalled_bundle_is_collected() throws Exception {
		Bundle echo = start("echo", "1.0.0");
		Leftovers leftovers = new Leftovers();
		leftovers.watch(echo);
		List<Object> kept = new ArrayList<>();
		use("echo:x", kept, echo::uninstall);

		leftovers.awaitLoadersCollected();

		Reference.reachabilityFence(kept);
	}

	@Test
	public void fifty_updates_leave_no_class_loader_and_no_thread() throws Exception {
		Bundle echo = start("echo", "1.0.0");
		List<Object> kept = new ArrayList<>();
		use("echo:x", kept, () -> echo.update(fixture("echo", "2.0.0")));
		Leftovers leftovers = new Leftovers();
		for (int i = 0; i < UPDATES; i++) {
			String version = i % 2 + 1 + ".0.0";
			leftovers.watch(echo);
			use("echo:x", kept, () -> echo.update(fixture("echo", version)));
			assertThat(served("echo:x")).isEqualTo("echo-" + version);
		}

		leftovers.awaitThreadsGone();
		assertThat(leftovers.watched()).isEqualTo(UPDATES);
		leftovers.awaitLoadersCollected();
		Reference.reachabilityFence(kept);
	}

	@Test
	public void a_failure_the_host_keeps_keeps_nothing_of_the_provider() throws Exception {
		Bundle faulty = start("faulty", "1.0.0");
		Leftovers leftovers = new Leftovers();
		leftovers.watch(faulty);
		List<Object> kept = new ArrayList<>();
		for (String how : List.of("throws", "fails")) {
			Transport transport = create("faulty:" + how);
			TransportException failure = Await.failure(transport.connect());
			assertThat(failure.code()).isEqualTo(Code.INTERNAL);
			kept.add(transport);
			kept.add(failure);
		}

		faulty.uninstall();

		leftovers.awaitLoadersCollected();
		leftovers.awaitThreadsGone();
		Reference.reachabilityFence(kept);
	}

	@Test
	public void a_provider_that_was_abandoned_while_connecting_is_let_go_of() throws Exception {
		Bundle faulty = start("faulty", "1.0.0");
		Leftovers leftovers = new Leftovers();
		leftovers.watch(faulty);
		List<Object> kept = new ArrayList<>();
		for (String how : List.of("never", "hangs")) {
			Transport transport = create("faulty:" + how);
			kept.add(transport.connect());
			kept.add(transport);
			Await.until("it is being opened", () -> journal.contains("faulty opens " + how));
		}

		faulty.uninstall();

		leftovers.awaitLoadersCollected();
		leftovers.awaitThreadsGone();
		Reference.reachabilityFence(kept);
	}

	@Test
	public void an_updated_host_is_let_go_of() throws Exception {
		start("echo", "1.0.0");
		Bundle host = start("host", "1.0.0");
		Leftovers leftovers = new Leftovers();
		for (int i = 0; i < UPDATES / 10; i++) {
			leftovers.watch(host);
			host.update(fixture("host", "1.0." + i));
		}

		leftovers.awaitLoadersCollected();
		leftovers.awaitThreadsGone();
	}

	/** Something that ends a room by way of its provider. */
	private interface Ending {

		void happen() throws Exception;
	}

	/** Opens a room, gets a packet through it, ends it by way of its provider, and keeps everything that a host ever gets hold of. */
	private void use(String uri, List<Object> kept, Ending ending) throws Exception {
		Transport transport = create(uri);
		CompletableFuture<Message> message = new CompletableFuture<>();
		kept.add(transport.listen(new TransportListener() {
			@Override
			public void received(Message received) {
				message.complete(received);
			}
		}));
		kept.add(transport.connect());
		Await.until("connected", () -> transport.state() == Transport.State.CONNECTED);
		kept.add(transport.peers());
		kept.add(transport.send(Packet.wrap(ByteBuffer.allocate(1)), Delivery.reliable()));
		kept.add(Await.result(message));
		kept.add(transport.stats());

		ending.happen();

		assertThat(Await.result(transport.closed()).reason()).isEqualTo(Reason.PROVIDER_GONE);
		kept.add(transport.closed());
		kept.add(transport.send(Packet.wrap(ByteBuffer.allocate(1)), Delivery.reliable()));
		kept.add(transport);
	}
}
