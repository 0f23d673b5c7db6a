package dcl.transport.itest;

import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;

import dcl.transport.Delivery;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Identity;
import dcl.transport.Packet;
import dcl.transport.identity.Wallets;
import dcl.transport.roomserver.RoomServer;
import dcl.transport.roomserver.RoomServerOptions;
import dcl.transport.roomserver.RoomServers;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;
import org.osgi.framework.Bundle;

import static org.assertj.core.api.Assertions.assertThat;

/** The real client and the real server, updated again and again with people in the room. */
public class RoomLeakIT extends FrameworkTest {

	private static final int UPDATES = 50;
	private static final int MEET_EVERY = 10;
	private static final int SERVER_UPDATES = 5;

	private static final Packet PACKET = Packet.copyOf(new byte[] {1, 2, 3, 4});

	private final List<Object> kept = new ArrayList<>();
	private Identity alice;
	private Identity bob;
	private RoomServer server;

	@Before
	public void makeWallets() {
		alice = Wallets.random();
		bob = Wallets.random();
	}

	@Before
	public void openServer() throws Exception {
		server = service(RoomServers.class).open(RoomServerOptions.defaults());
	}

	@After
	public void closeServer() {
		if (server != null) {
			server.close();
		}
	}

	@Test
	public void fifty_updates_of_the_client_leave_no_class_loader_and_no_thread() throws Exception {
		Bundle wsroom = bundleNamed("dcl.transport.wsroom");
		meet(wsroom);
		Leftovers leftovers = new Leftovers();
		for (int i = 0; i < UPDATES; i++) {
			leftovers.watch(wsroom);
			if (i % MEET_EVERY == 0) {
				meet(wsroom);
			} else {
				visit(wsroom);
			}
		}

		leftovers.awaitThreadsGone();
		assertThat(leftovers.watched()).isEqualTo(UPDATES);
		leftovers.awaitLoadersCollected();
		Reference.reachabilityFence(kept);
	}

	@Test
	public void updates_of_the_server_leave_no_thread() throws Exception {
		Bundle bundle = bundleNamed("dcl.transport.roomserver");
		enterAndUpdate(bundle);
		Leftovers leftovers = new Leftovers();
		for (int i = 0; i < SERVER_UPDATES; i++) {
			enterAndUpdate(bundle);
		}

		leftovers.awaitThreadsGone(); // its class loaders stay: this bundle imports from the first of them, as hosts do, until they are refreshed
		Reference.reachabilityFence(kept);
	}

	/** Somebody enters a room, which an update of the server's bundle ends. */
	private void enterAndUpdate(Bundle roomserver) throws Exception {
		Guest guest = Guest.enters(registry(), server.url(), "lobby", alice);
		kept.add(guest);
		server = null;
		roomserver.update();
		assertThat(Await.result(guest.transport().closed()).reason()).isEqualTo(Reason.SERVER);
		closeTrackers(); // the old service is the old bundle's own
		openServer();
	}

	/** Somebody enters a room, which an update of the client's bundle ends. */
	private void visit(Bundle wsroom) throws Exception {
		updateWith(wsroom, Guest.enters(registry(), server.url(), "lobby", alice));
	}

	/** Two guests meet in a room, which an update of the client's bundle ends. */
	private void meet(Bundle wsroom) throws Exception {
		Guest first = Guest.enters(registry(), server.url(), "lobby", alice);
		Guest second = Guest.enters(registry(), server.url(), "lobby", bob);
		first.awaits(bob.address() + " joins");
		first.send(PACKET, Delivery.reliable());
		assertThat(second.next().from()).isEqualTo(alice.address());
		second.send(PACKET, Delivery.lossy());
		assertThat(first.next().from()).isEqualTo(bob.address());

		updateWith(wsroom, first, second);
	}

	/** Updates the client's bundle, and keeps all that its guests were given. */
	private void updateWith(Bundle wsroom, Guest... guests) throws Exception {
		wsroom.update();

		for (Guest guest : guests) {
			assertThat(Await.result(guest.transport().closed()).reason()).isEqualTo(Reason.PROVIDER_GONE);
			kept.add(guest);
			kept.add(guest.transport().closed());
			kept.add(guest.transport().send(PACKET, Delivery.reliable()));
			kept.add(guest.transport().stats());
		}
		Await.until("the server has seen them go", () -> server.stats().users() == 0);
	}
}
