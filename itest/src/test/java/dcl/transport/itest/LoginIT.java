package dcl.transport.itest;

import java.lang.ref.Reference;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

import dcl.transport.Delivery;
import dcl.transport.Identity;
import dcl.transport.Packet;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportOptions;
import dcl.transport.TransportUri;
import dcl.transport.identity.Wallets;
import dcl.transport.roomserver.RoomServer;
import dcl.transport.roomserver.RoomServerOptions;
import dcl.transport.roomserver.RoomServers;
import dcl.transport.spi.Link;
import dcl.transport.spi.LinkContext;
import dcl.transport.spi.TransportProvider;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;
import org.osgi.framework.Bundle;
import org.osgi.framework.ServiceRegistration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Signed logins of real bundles, and where they may lead. */
public class LoginIT extends FrameworkTest {

	private static final String ROOM = "lobby";
	private static final int UPDATES = 20;

	/** Ways to write addresses that are not of the public internet, for a connection string out of a remote document. */
	private static final List<String> HOSTILE = List.of(
			"127.0.0.1", "127.0.0.1.", "127.1", "127.0.1", "127.255.255.254", "2130706433", "0x7f000001", "0x7f.1", "0x7f.0.0.1",
			"0177.0.0.1", "017700000001",
			"%31%32%37.0.0.1", "127%2e0.0.1", "\uff11\uff12\uff17.0.0.1", "127\u30020\u30020\u30021", "0", "0.0.0.0", "00.00.00.00",
			"localhost", "LOCALHOST", "localhost.", "loc\u0061lhost", "%6cocalhost", "user@127.0.0.1", "8.8.8.8@127.0.0.1",
			"8.8.8.8:80@127.0.0.1", "8.8.8.8\\@127.0.0.1",
			"127.0.0.1#@8.8.8.8", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[0000::0001]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
			"[::127.0.0.1]", "[::7f00:1]",
			"[0:0:0:0:0:ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b::127.0.0.1]", "[64:ff9b:1::1]", "[2002:7f00:1::1]", "[2001::1]",
			"[fe80::1]", "[fe80::1%25lo]", "[fe80::1%lo]",
			"[fec0::1]", "[fc00::1]", "[fd12:3456::1]", "[ff02::1]", "[2001:db8::1]", "[100::1]", "[::ffff:169.254.169.254]",
			"[::ffff:10.0.0.1]",
			"10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255", "100.64.0.1", "169.254.0.1",
			"169.254.169.254", "0.1.2.3",
			"192.0.0.1", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250",
			"240.0.0.1", "255.255.255.255");

	private final List<Object> kept = new ArrayList<>();
	private RoomServer server;
	private ServiceRegistration<TransportProvider> remote;

	@Before
	public void openServer() throws Exception {
		server = service(RoomServers.class).open(RoomServerOptions.defaults());
	}

	@After
	public void close() {
		if (remote != null) {
			remote.unregister();
		}
		if (server != null) {
			server.close();
		}
	}

	private Transport login(Identity identity) throws Exception {
		Transport transport = registry().create(TransportUri.parse("signed-login:" + server.loginUrl() + ROOM),
				TransportOptions.of(identity));
		Await.result(transport.connect());
		return transport;
	}

	@Test
	public void a_signed_login_leads_to_the_room() throws Exception {
		Identity alice = Wallets.random();
		Identity bob = Wallets.random();
		Guest there = Guest.enters(registry(), server.url(), ROOM, alice);

		Transport transport = login(bob);

		there.awaits(bob.address() + " joins");
		assertThat(transport.peers()).containsExactly(alice.address());
		Await.result(transport.send(Packet.copyOf(new byte[] {1}), Delivery.reliable()));
		assertThat(there.next().from()).isEqualTo(bob.address());
	}

	@Test
	public void a_login_bundle_that_stops_after_the_login_ends_no_room() throws Exception {
		Transport transport = login(Wallets.random());
		Bundle bundle = bundleNamed("dcl.transport.signedlogin");
		try {
			bundle.stop();
			Await.result(transport.send(Packet.copyOf(new byte[] {1}), Delivery.reliable()));
			assertThat(transport.state()).isEqualTo(Transport.State.CONNECTED);
		} finally {
			bundle.start();
		}
	}

	@Test
	public void a_full_room_is_busy_and_says_when_to_come_back() throws Exception {
		server.close();
		server = service(RoomServers.class).open(RoomServerOptions.defaults().withRoomCapacity(1));
		login(Wallets.random());

		Transport late = registry().create(TransportUri.parse("signed-login:" + server.loginUrl() + ROOM),
				TransportOptions.of(Wallets.random()));
		TransportException busy = Await.failure(late.connect());

		assertThat(busy.code()).isEqualTo(Code.BUSY);
		assertThat(busy.retryAfter()).isPresent();
		assertThat(busy).hasMessageContaining("This room is full.");
	}

	@Test
	public void updates_leave_no_class_loader_and_no_thread() throws Exception {
		Bundle bundle = bundleNamed("dcl.transport.signedlogin");
		loginAndUpdate(bundle);
		Leftovers leftovers = new Leftovers();
		for (int i = 0; i < UPDATES; i++) {
			leftovers.watch(bundle);
			loginAndUpdate(bundle);
		}

		leftovers.awaitThreadsGone();
		assertThat(leftovers.watched()).isEqualTo(UPDATES);
		leftovers.awaitLoadersCollected();
		Reference.reachabilityFence(kept);
	}

	/** Somebody logs in, and somebody in vain; the bundle is updated, which ends no room, and what was given to hosts is kept. */
	private void loginAndUpdate(Bundle bundle) throws Exception {
		Transport transport = login(Wallets.random());
		Transport refused = registry().create(TransportUri.parse("signed-login:" + server.loginUrl() + "a/b"),
				TransportOptions.of(Wallets.random()));
		TransportException failure = Await.failure(refused.connect());
		assertThat(failure.code()).isEqualTo(Code.REFUSED);
		kept.addAll(List.of(transport, refused, failure, transport.closed()));

		bundle.update();

		assertThat(transport.state()).isEqualTo(Transport.State.CONNECTED);
		Await.result(transport.disconnect());
	}

	/**
	 * A provider whose server is on the public internet, at an address that is only looked up, and answers the connection string in the
	 * params.
	 */
	private static final class Remote implements TransportProvider {

		@Override
		public CompletionStage<Link> open(TransportUri uri, LinkContext context) {
			return context.addresses("8.8.8.8").thenCompose(found -> context.open(TransportUri.parse(uri.params())));
		}
	}

	@Test
	public void a_connection_string_out_of_a_remote_document_reaches_nothing_of_this_network() throws Exception {
		remote = bundles.registerService(TransportProvider.class, new Remote(), new Hashtable<>(Map.of(TransportProvider.TYPE, "remote")));
		Await.result(registry().whenAvailable(TransportUri.parse("remote:x"), Duration.ofSeconds(Await.LIMIT_SECONDS)));
		configure("dcl.transport.registry", Map.of("maxRedirects", 3)); // with fewer a second login is refused unseen
		for (boolean inForce = false; !inForce;) { // a configuration arrives when it does; the test has a time-out
			Transport transport = create("remote:signed-login:https://10.0.0.1/x", TransportOptions.of(Wallets.random()));
			inForce = !Await.failure(transport.connect()).getMessage().contains("another login");
		}
		int byAddress = 0;
		try (ServerSocket canary = new ServerSocket(0, 50)) { // of every address of this machine
			canary.setSoTimeout(1);
			for (String host : HOSTILE) {
				for (String child : List.of("signed-login:https://%s/x", "signed-login:http://%s/x", "ws-room:wss://%s/rooms/x",
						"ws-room:ws://%s/rooms/x", "ws-room:%s/rooms/x")) {
					String uri = String.format(child, host + ":" + canary.getLocalPort());
					Transport transport = create("remote:" + uri, TransportOptions.of(Wallets.random()));
					TransportException refused = Await.failure(transport.connect());
					assertThat(refused.code()).as(uri).isIn(Code.UNREACHABLE, Code.PROTOCOL, Code.INVALID_PARAMS);
					byAddress += refused.getMessage().contains("is not on the public internet") ? 1 : 0;
				}
			}
			assertThatThrownBy(canary::accept).as("nobody came").isInstanceOf(SocketTimeoutException.class);

			Transport direct = create("ws-room:ws://" + InetAddress.getLoopbackAddress().getHostAddress() + ":" + canary.getLocalPort()
					+ "/rooms/x",
					TransportOptions.of(Wallets.random()));
			direct.connect();
			canary.setSoTimeout((int) TimeUnit.SECONDS.toMillis(Await.LIMIT_SECONDS));
			canary.accept().close(); // what a host names itself gets there
			Await.result(direct.closed());
		}
		assertThat(HOSTILE).hasSizeGreaterThan(60);
		assertThat(byAddress).as("most are refused for where they lead, not for how they are written").isGreaterThan(2 * HOSTILE.size());
	}

	private Transport create(String uri, TransportOptions options) throws Exception {
		for (int tries = 1;; tries++) {
			try {
				return registry().create(TransportUri.parse(uri), options);
			} catch (TransportException e) { // a machine so busy that a provider does not say in time whether it takes the params
				if (e.code() != Code.TIMEOUT || tries == 10) {
					throw e;
				}
			}
		}
	}
}
