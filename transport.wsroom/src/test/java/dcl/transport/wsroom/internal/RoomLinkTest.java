package dcl.transport.wsroom.internal;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import dcl.transport.AuthChain;
import dcl.transport.Delivery;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Identity;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.SigningRequest;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportUri;
import dcl.transport.identity.AuthChains;
import dcl.transport.identity.Wallets;
import dcl.transport.rfc5.WsPacket;
import dcl.transport.spi.Link;
import dcl.transport.spi.Route;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

@Timeout(value = 30, unit = TimeUnit.SECONDS)
class RoomLinkTest {

	private static final String ALICE = "0x" + "A".repeat(40);
	private static final String BOB = "0x" + "b".repeat(40);
	private static final PeerId ALICE_ID = PeerId.of(ALICE);

	private static WsPacket.PeerUpdate update(int alias, String body, boolean unreliable) {
		return WsPacket.PeerUpdate.of(alias, body.getBytes(StandardCharsets.US_ASCII), unreliable);
	}

	private static Packet packet(String body) {
		return Packet.copyOf(body.getBytes(StandardCharsets.US_ASCII));
	}

	@Test
	void a_login_offers_both_protocols_proves_the_address_and_learns_who_is_there() throws Exception {
		CompletableFuture<WsPacket> identification = new CompletableFuture<>();
		CompletableFuture<WsPacket> answer = new CompletableFuture<>();
		try (Fixture room = new Fixture(server -> {
			server.upgrade("Sec-WebSocket-Protocol: rfc5");
			identification.complete(WsPacket.decode(server.read()));
			server.send(new WsPacket.Challenge("dcl-0.challenge", true));
			answer.complete(WsPacket.decode(server.read()));
			server.send(new WsPacket.Welcome(7, Map.of(1, ALICE, 7, BOB, 9, "")));
			server.untilHungUp();
		})) {
			assertThat(room.open().peers()).containsExactly(ALICE_ID); // not ourselves, and nobody without an address
			assertThat(room.context.steps).containsExactly("tcp", "upgrade", "challenge", "sign", "welcome");
			assertThat(room.server.head).containsIgnoringCase("sec-websocket-protocol: rfc5, rfc4").doesNotContainIgnoringCase("extensions");
			assertThat(identification.get()).isEqualTo(new WsPacket.Identification(room.context.identity.address().value()));
			String chain = ((WsPacket.SignedChallenge) answer.get()).authChainJson();
			assertThat(AuthChains.verify(chain, "dcl-0.challenge", Instant.now())).isEqualTo(room.context.identity.address());
		}
	}

	@Test
	void a_room_is_entered_through_a_proxy() throws Exception {
		try (Fixture room = new Fixture(server -> {
			server.readHead();
			server.write("HTTP/1.1 200 OK\r\n\r\n".getBytes(StandardCharsets.US_ASCII)); // it is the proxy first, and then the server
			server.login(new WsPacket.Welcome(7, Map.of(1, ALICE)));
			server.untilHungUp();
		})) {
			room.context.proxy = new InetSocketAddress(InetAddress.getLoopbackAddress(), room.server.port());
			TransportUri uri = TransportUri.parse("ws-room:ws://room.invalid/rooms/a?secret=canary-7f3a");
			assertThat(room.provider.open(uri, room.context).toCompletableFuture().get(8, TimeUnit.SECONDS).peers()).containsExactly(ALICE_ID);
			assertThat(room.context.steps).containsExactly("tcp", "proxy", "upgrade", "challenge", "sign", "welcome");
			assertThat(room.server.head).startsWith("GET /rooms/a?secret=canary-7f3a HTTP/1.1\r\nHost: room.invalid\r\n");
		}
	}

	@Test
	void a_proxy_that_wants_a_login_is_a_refusal_and_one_that_finds_nobody_is_not() throws Exception {
		for (String status : List.of("407 Proxy Authentication Required", "502 Bad Gateway")) {
			try (Fixture room = new Fixture(server -> {
				server.readHead();
				server.write(("HTTP/1.1 " + status + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
				server.untilHungUp();
			})) {
				room.context.proxy = new InetSocketAddress(InetAddress.getLoopbackAddress(), room.server.port());
				TransportException refusal = room.refusal();
				assertThat(refusal.code()).isEqualTo(status.startsWith("407") ? Code.REFUSED : Code.UNREACHABLE);
				assertThat(refusal).hasMessageContaining("the proxy 127.0.0.1 port " + room.server.port() + " answered HTTP/1.1 " + status);
			}
		}
	}

	@Test
	void a_server_that_echoes_no_protocol_or_asks_for_no_proof_is_accepted() throws Exception {
		try (Fixture room = new Fixture(server -> {
			server.upgrade();
			server.read();
			server.send(new WsPacket.Welcome(1, Map.of()));
			server.untilHungUp();
		})) {
			assertThat(room.open().peers()).isEmpty();
			assertThat(room.context.steps).containsExactly("tcp", "upgrade", "challenge", "welcome");
		}
	}

	@Test
	void an_identity_that_takes_its_time_holds_up_no_other_room() throws Exception {
		CountDownLatch asked = new CountDownLatch(1);
		CountDownLatch enough = new CountDownLatch(1);
		Identity wallet = Wallets.random();
		Identity slow = new Identity() {
			@Override
			public PeerId address() {
				return wallet.address();
			}

			@Override
			public boolean isGuest() {
				return true;
			}

			@Override
			public CompletionStage<AuthChain> sign(SigningRequest request) {
				asked.countDown();
				try {
					enough.await();
				} catch (InterruptedException e) {
					return CompletableFuture.failedFuture(e);
				}
				return wallet.sign(request);
			}
		};
		RawServer.Scenario scenario = server -> {
			server.login(new WsPacket.Welcome(7, Map.of(1, ALICE)));
			server.untilHungUp();
		};
		try (Fixture room = new Fixture(scenario); RawServer second = new RawServer(scenario); FakeContext busy = new FakeContext(slow)) {
			TransportUri uri = TransportUri.parse("ws-room:ws://127.0.0.1:" + second.port() + "/rooms/b");
			CompletableFuture<Link> waiting = room.provider.open(uri, busy).toCompletableFuture();
			assertThat(asked.await(5, TimeUnit.SECONDS)).isTrue();
			assertThat(room.open().peers()).containsExactly(ALICE_ID);
			assertThat(waiting).isNotDone();
			enough.countDown();
			assertThat(waiting.get(5, TimeUnit.SECONDS).peers()).containsExactly(ALICE_ID);
		}
	}

	@Test
	void packets_go_out_wrapped_and_come_in_unwrapped() throws Exception {
		CompletableFuture<WsPacket> reliable = new CompletableFuture<>();
		CompletableFuture<WsPacket> lossy = new CompletableFuture<>();
		try (Fixture room = new Fixture(server -> {
			server.login(new WsPacket.Welcome(7, Map.of(1, ALICE)));
			server.send(update(1, "one", false));
			server.send(update(1, "two", true));
			reliable.complete(WsPacket.decode(server.read()));
			lossy.complete(WsPacket.decode(server.read()));
			server.untilHungUp();
		})) {
			room.open();
			assertThat(room.context.next()).isEqualTo("RELIABLE one from " + ALICE_ID);
			assertThat(room.context.next()).isEqualTo("LOSSY two from " + ALICE_ID);
			room.link.send(packet("hello"), Delivery.reliable()).toCompletableFuture().get(5, TimeUnit.SECONDS);
			room.link.send(packet("moved"), Delivery.lossy()).toCompletableFuture().get(5, TimeUnit.SECONDS);
			assertThat(reliable.get(5, TimeUnit.SECONDS)).isEqualTo(update(0, "hello", false));
			assertThat(lossy.get(5, TimeUnit.SECONDS)).isEqualTo(update(0, "moved", true));
		}
	}

	@Test
	void the_roster_follows_aliases_and_odd_messages_are_counted_without_an_end() throws Exception {
		try (Fixture room = new Fixture(server -> {
			server.login(new WsPacket.Welcome(7, Map.of(1, ALICE)));
			server.send(new WsPacket.PeerJoin(2, BOB));
			server.send(new WsPacket.PeerJoin(3, BOB));
			server.send(new WsPacket.PeerLeave(2));
			server.send(new WsPacket.PeerLeave(2));
			server.send(new WsPacket.PeerLeave(77));
			server.send(update(2, "late", false));
			server.send(update(7, "my own", false));
			server.frame(0x80 | RawServer.BINARY, new byte[] {(byte) 0xff, 1, 2});
			server.frame(0x81, "a text".getBytes(StandardCharsets.US_ASCII));
			server.frame(0x80 | RawServer.BINARY, new byte[0]);
			server.send(new WsPacket.Welcome(8, Map.of()));
			server.send(new WsPacket.PeerLeave(3));
			server.send(update(1, "still here", false));
			server.untilHungUp();
		})) {
			room.open();
			assertThat(room.context.next()).isEqualTo("joined " + BOB);
			assertThat(room.context.next()).contains("invalid", "alias 2");
			assertThat(room.context.next()).contains("invalid", "alias 7");
			assertThat(room.context.next()).contains("invalid", "WsPacket");
			assertThat(room.context.next()).contains("invalid", "text");
			assertThat(room.context.next()).contains("invalid", "Unknown");
			assertThat(room.context.next()).contains("invalid", "Welcome");
			assertThat(room.context.next()).isEqualTo("left " + BOB);
			assertThat(room.context.next()).isEqualTo("RELIABLE still here from " + ALICE_ID);
		}
	}

	@Test
	void kicked_before_the_proof_is_busy_after_it_refused_and_after_the_welcome_kicked_with_the_same_words() throws Exception {
		try (Fixture room = new Fixture(server -> {
			server.upgrade();
			server.read();
			server.send(new WsPacket.Kicked("This world is full. Try again later."));
			server.untilHungUp();
		})) {
			assertThat(room.refusal()).hasMessage("This world is full. Try again later.").returns(Code.BUSY, f -> f.code());
		}
		try (Fixture room = new Fixture(server -> {
			server.upgrade();
			server.read();
			server.send(new WsPacket.Challenge("dcl-1", false));
			server.read();
			server.send(new WsPacket.Kicked("This world is full. Try again later."));
			server.untilHungUp();
		})) {
			assertThat(room.refusal()).hasMessage("This world is full. Try again later.").returns(Code.REFUSED, f -> f.code());
		}
		try (Fixture room = new Fixture(server -> {
			server.login(new WsPacket.Welcome(7, Map.of()));
			server.send(new WsPacket.Kicked("Already logged in"));
			server.send(new WsPacket.Kicked("Already connected"));
			server.untilHungUp();
		})) {
			room.open();
			assertThat(room.context.closed.get(5, TimeUnit.SECONDS)).returns(Reason.KICKED, d -> d.reason()).returns("Already logged in", d -> d.detail());
		}
	}

	@Test
	void what_the_wire_cannot_do_is_refused_rather_than_broadcast() throws Exception {
		try (Fixture room = new Fixture(server -> {
			server.login(new WsPacket.Welcome(7, Map.of()));
			server.untilHungUp();
		})) {
			room.open();
			assertThat(room.link.maxPacketBytes()).isEqualTo(16_000);
			for (Delivery narrow : new Delivery[] {Delivery.reliable().to(Set.of(ALICE_ID)), Delivery.lossy().withTopic("x")}) {
				CompletionStage<Void> sent = room.link.send(packet("secret"), narrow);
				assertThatThrownBy(() -> sent.toCompletableFuture().get(5, TimeUnit.SECONDS)).hasMessageContaining("ws-room");
			}
		}
	}

	@Test
	void the_reader_stops_while_the_queue_above_is_full_and_goes_on_without_a_loss() throws Exception {
		CountDownLatch written = new CountDownLatch(1);
		try (Fixture room = new Fixture(server -> {
			server.login(new WsPacket.Welcome(7, Map.of(1, ALICE)));
			for (int i = 0; i < 2_000; i++) {
				server.send(update(1, "m" + i, false));
			}
			written.countDown();
			server.untilHungUp();
		})) {
			CompletableFuture<Void> full = new CompletableFuture<>();
			room.context.queued = full;
			room.open();
			assertThat(room.context.next()).isEqualTo("RELIABLE m0 from " + ALICE_ID);
			assertThat(written.await(5, TimeUnit.SECONDS)).isTrue(); // all of it is on our side of the wire, and only one packet was handed up
			assertThat(room.context.events).isEmpty();
			room.context.queued = CompletableFuture.completedFuture(null);
			full.complete(null);
			for (int i = 1; i < 2_000; i++) {
				assertThat(room.context.next()).isEqualTo("RELIABLE m" + i + " from " + ALICE_ID);
			}
		}
	}

	@Test
	void reliable_packets_are_confirmed_by_pongs_after_64_and_otherwise_after_a_second() throws Exception {
		try (Fixture room = new Fixture(server -> {
			server.login(new WsPacket.Welcome(7, Map.of()));
			for (int i = 0; i < 70; i++) {
				server.read(); // answers pings as it comes to them
			}
			server.read();
		})) {
			room.open();
			for (int i = 0; i < 70; i++) {
				room.link.send(packet("p" + i), Delivery.reliable());
			}
			long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
			while (room.context.confirmed.get() < 70 && System.nanoTime() < deadline) {
				Thread.onSpinWait();
			}
			assertThat(room.context.confirmed).hasValue(70);
		}
	}

	@Test
	void a_stalled_server_makes_the_link_ask_for_patience_at_64_KiB_of_its_own() throws Exception {
		CountDownLatch go = new CountDownLatch(1);
		try (Fixture room = new Fixture(server -> {
			server.login(new WsPacket.Welcome(7, Map.of()));
			go.await();
			for (int i = 0; i < 10_000; i++) {
				server.read();
			}
		})) {
			room.open();
			CompletionStage<Void> taken = CompletableFuture.completedFuture(null);
			int sent = 0;
			while (taken.toCompletableFuture().isDone() && sent < 10_000) {
				taken = room.link.send(Packet.wrap(ByteBuffer.allocate(16_000)), Delivery.reliable());
				sent++;
			}
			assertThat(taken.toCompletableFuture()).isNotDone();
			go.countDown();
			taken.toCompletableFuture().get(5, TimeUnit.SECONDS);
		}
	}

	@Test
	void closing_says_goodbye_and_completes_even_if_the_server_does_not_answer() throws Exception {
		CompletableFuture<byte[]> goodbye = new CompletableFuture<>();
		CountDownLatch done = new CountDownLatch(1);
		try (Fixture room = new Fixture(server -> {
			server.login(new WsPacket.Welcome(7, Map.of()));
			goodbye.complete(server.read());
			done.await();
		})) {
			room.open();
			CompletionStage<Void> closed = room.link.close();
			assertThat(goodbye.get(5, TimeUnit.SECONDS)).startsWith(3, 0xe8); // 1000
			closed.toCompletableFuture().get(2, TimeUnit.SECONDS);
			done.countDown();
			assertThat(room.context.closed).isNotDone(); // who asked for it is not told
		}
	}

	@Test
	void a_lost_wire_and_a_server_that_closes_are_told_apart() throws Exception {
		try (Fixture room = new Fixture(server -> server.login(new WsPacket.Welcome(7, Map.of())))) {
			room.open();
			assertThat(room.context.closed.get(5, TimeUnit.SECONDS).reason()).isEqualTo(Reason.LOST);
		}
		try (Fixture room = new Fixture(server -> {
			server.login(new WsPacket.Welcome(7, Map.of()));
			server.frame(0x80 | RawServer.CLOSE, new byte[0]);
			server.untilHungUp();
		})) {
			room.open();
			assertThat(room.context.closed.get(5, TimeUnit.SECONDS).reason()).isEqualTo(Reason.SERVER);
		}
	}

	@Test
	void a_provider_stopped_while_the_way_to_the_room_is_found_says_that_it_is_gone() throws Exception {
		try (Fixture room = new Fixture(RawServer::untilHungUp)) {
			room.context.route = new CompletableFuture<>();
			CompletableFuture<Link> opening = room.provider.open(room.uri(), room.context).toCompletableFuture();
			room.provider.stop();
			room.context.route.complete(Route.direct(List.of(InetAddress.getLoopbackAddress())));
			assertThat(opening).failsWithin(Duration.ofSeconds(5)).withThrowableThat().havingCause()
					.isInstanceOfSatisfying(TransportException.class, failure -> assertThat(failure.code()).isEqualTo(Code.PROVIDER_GONE));
		}
	}

	@Test
	void stopping_the_provider_ends_its_rooms_and_leaves_no_thread() throws Exception {
		Fixture room = new Fixture(server -> {
			server.login(new WsPacket.Welcome(7, Map.of()));
			server.untilHungUp();
		});
		room.open();
		room.close();
		assertThat(room.context.closed.get(5, TimeUnit.SECONDS).reason()).isEqualTo(Reason.PROVIDER_GONE);
		assertThat(Thread.getAllStackTraces().keySet()).noneMatch(t -> t.getName().startsWith("dcl-wsroom") && t.isAlive() && !t.isDaemon());
	}

	@Test
	void nobody_waiting_any_more_cuts_the_attempt() throws Exception {
		CompletableFuture<Boolean> hungUp = new CompletableFuture<>();
		try (Fixture room = new Fixture(times -> times.steps(60_000), server -> {
			server.upgrade();
			server.read();
			room(hungUp, server);
		})) {
			CompletionStage<?> opening = room.provider.open(room.uri(), room.context);
			room.context.abandoned.complete(null);
			assertThatThrownBy(() -> opening.toCompletableFuture().get(5, TimeUnit.SECONDS)).hasCauseInstanceOf(TransportException.class);
		}
	}

	private static void room(CompletableFuture<Boolean> hungUp, RawServer server) throws IOException {
		server.untilHungUp();
		hungUp.complete(true);
	}
}
