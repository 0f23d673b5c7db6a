package dcl.transport.roomserver.internal;

import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocketHandshakeException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dcl.transport.Identity;
import dcl.transport.PeerId;
import dcl.transport.identity.Wallets;
import dcl.transport.rfc5.WsPacket;
import dcl.transport.roomserver.RoomServerListener;
import dcl.transport.roomserver.RoomServerOptions;
import dcl.transport.roomserver.RoomServerOptions.OneSessionPer;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

/** The server as clients and hosts see it, over real sockets, with a client that is not ours. */
@Timeout(60)
class RoomServerTest {

	private static final byte[] BODY = {1, 2, 3};

	final Recorder recorder = new Recorder();
	final Identity alice = Wallets.random();
	final Identity bob = Wallets.random();
	@AutoClose
	LocalRoomServer server;

	@BeforeEach
	void open() throws Exception {
		server = Server.open(RoomServerOptions.defaults(), recorder);
	}

	@Test
	void two_wallets_meet_talk_and_part() throws Exception {
		Client first = Client.join(room("plaza"), alice);
		WsPacket.Welcome welcomeFirst = first.take(WsPacket.Welcome.class);
		assertThat(welcomeFirst.peers()).isEmpty();

		Client second = Client.join(room("plaza"), bob);
		WsPacket.Welcome welcomeSecond = second.take(WsPacket.Welcome.class);
		assertThat(welcomeSecond.peers()).isEqualTo(Map.of(welcomeFirst.alias(), alice.address().value()));
		assertThat(first.take()).isEqualTo(new WsPacket.PeerJoin(welcomeSecond.alias(), bob.address().value()));

		second.update(BODY, false);
		assertThat(first.take()).isEqualTo(WsPacket.PeerUpdate.of(welcomeSecond.alias(), BODY, false));
		first.update(BODY, true);
		assertThat(second.take()).isEqualTo(WsPacket.PeerUpdate.of(welcomeFirst.alias(), BODY, true));

		second.leave();
		assertThat(first.take()).isEqualTo(new WsPacket.PeerLeave(welcomeSecond.alias()));
		assertThat(first.untaken()).isEmpty();
		assertThat(recorder.take()).isEqualTo("+ plaza " + alice.address());
		assertThat(recorder.take()).isEqualTo("+ plaza " + bob.address());
		assertThat(recorder.take()).isEqualTo("- plaza " + bob.address());
		assertThat(server.stats().received()).isEqualTo(2);
		assertThat(server.stats().relayed()).isEqualTo(2);
	}

	@Test
	void packets_that_wait_to_be_written_together_arrive_in_order() throws Exception {
		try (LocalRoomServer lazy = Server.open(RoomServerOptions.defaults().withCoalesce(Duration.ofMillis(20)));
				RawClient first = RawClient.join(Server.room(lazy, "plaza"), alice, 0);
				RawClient second = RawClient.join(Server.room(lazy, "plaza"), bob, 0)) {
			first.take();
			for (byte i = 0; i < 100; i++) {
				second.send(WsPacket.PeerUpdate.of(0, new byte[] {i}, false).encode());
			}
			for (byte i = 0; i < 100; i++) {
				assertThat(first.take()).isEqualTo(WsPacket.PeerUpdate.of(second.alias, new byte[] {i}, false));
			}
		}
	}

	@Test
	void rooms_do_not_hear_each_other() throws Exception {
		Client here = Client.join(room("here"), alice);
		here.take(WsPacket.Welcome.class);
		Client there = Client.join(room("there"), bob);
		assertThat(there.take(WsPacket.Welcome.class).peers()).isEmpty();
		there.update(BODY, false);
		there.leave();
		await("- there " + bob.address());

		assertThat(here.untaken()).isEmpty();
		assertThat(server.stats().rooms()).isEqualTo(Map.of("here", 1));
	}

	@Test
	void mini_comms_is_another_path_to_the_same_rooms() throws Exception {
		Client first = Client.join(room("room-1"), alice);
		first.take(WsPacket.Welcome.class);
		Client second = Client.join(server.url().resolve("/mini-comms/room-1"), bob);

		assertThat(second.take(WsPacket.Welcome.class).peers()).containsValue(alice.address().value());
	}

	@ParameterizedTest
	@CsvSource({"'rfc5,rfc4', rfc5", "'rfc4,rfc5', rfc5", "rfc4, rfc4", "rfc5, rfc5", "other, ''", "'', ''"})
	void the_best_known_sub_protocol_is_chosen(String offered, String chosen) throws Exception {
		try (Client client = Client.connect(room("plaza"), offered.isEmpty() ? new String[0] : offered.split(","))) {
			assertThat(client.subprotocol()).isEqualTo(chosen);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = {"/rooms/", "/rooms/a/b", "/rooms", "/", "/Rooms/a", "/mini-comms/"})
	void other_paths_are_not_found(String path) {
		assertThatThrownBy(() -> Client.connect(server.url().resolve(path)))
				.satisfies(e -> assertThat(status(e)).isEqualTo(404));
	}

	@Test
	void a_bad_name_is_refused() {
		for (String name : new String[] {"a%2Fb", "%00", "%ff", "%0a", "x".repeat(256)}) {
			assertThatThrownBy(() -> Client.connect(URI.create(server.url() + name))).satisfies(e -> assertThat(status(e)).isEqualTo(400));
		}
	}

	@Test
	void status_tells_versions_users_and_rooms() throws Exception {
		Client.join(room("b%C3%BChne"), alice).take(WsPacket.Welcome.class);
		Client.join(room("%22%5c"), bob).take(WsPacket.Welcome.class);

		for (String path : new String[] {"/status", "/rooms/status"}) {
			HttpResponse<String> answer = get(path);
			JsonNode status = new ObjectMapper().readTree(answer.body());
			assertThat(answer.statusCode()).isEqualTo(200);
			assertThat(answer.headers().firstValue("content-type")).hasValue("application/json");
			assertThat(status.get("version").textValue()).isEqualTo("1.2.3");
			assertThat(status.get("commitHash").textValue()).isEmpty();
			assertThat(status.get("currentTime").longValue()).isCloseTo(System.currentTimeMillis(), within(60_000L));
			assertThat(status.get("users").intValue()).isEqualTo(2);
			assertThat(status.get("rooms").intValue()).isEqualTo(2);
			assertThat(status.get("details")).hasToString("[{\"roomName\":\"\\\"\\\\\",\"count\":1},{\"roomName\":\"bühne\",\"count\":1}]");
		}
		assertThat(get("/health/live").statusCode()).isEqualTo(200);
		assertThat(get("/rooms/x").statusCode()).isEqualTo(426);
		assertThat(get("/metrics").statusCode()).isEqualTo(404);
	}

	@Test
	void a_second_login_kicks_the_first_wherever_it_is() throws Exception {
		Client witness = Client.join(room("one"), bob);
		int witnessAlias = witness.take(WsPacket.Welcome.class).alias();
		Client old = Client.join(room("one"), alice);
		int oldAlias = old.take(WsPacket.Welcome.class).alias();
		witness.take(WsPacket.PeerJoin.class);

		for (String name : new String[] {"two", "one", "one", "two"}) {
			Client next = Client.connect(room(name));
			next.send(new WsPacket.Identification(alice.address().value()));
			WsPacket.Challenge challenge = next.take(WsPacket.Challenge.class);
			assertThat(challenge.alreadyConnected()).isTrue();
			next.answer(alice, challenge.challengeToSign());
			WsPacket.Welcome welcome = next.take(WsPacket.Welcome.class);
			assertThat(old.take()).isEqualTo(new WsPacket.Kicked(Rooms.REPLACED));
			assertThat(old.awaitClose().code()).isEqualTo(1000);
			if (oldAlias != 0) {
				assertThat(witness.take()).isEqualTo(new WsPacket.PeerLeave(oldAlias));
			}
			if (name.equals("one")) {
				assertThat(welcome.peers()).containsOnlyKeys(witnessAlias);
				assertThat(witness.take()).isEqualTo(new WsPacket.PeerJoin(welcome.alias(), alice.address().value()));
			}
			oldAlias = name.equals("one") ? welcome.alias() : 0;
			old = next;
		}
		assertThat(witness.untaken()).isEmpty();
		assertThat(server.stats().users()).isEqualTo(2);
		assertThat(server.stats().replaced()).isEqualTo(4);
	}

	@Test
	void one_address_may_be_in_several_rooms_if_the_host_says_so() throws Exception {
		try (LocalRoomServer other = Server.open(RoomServerOptions.defaults().withOneSessionPer(OneSessionPer.ROOM))) {
			Client world = Client.join(Server.room(other, "world"), alice);
			world.take(WsPacket.Welcome.class);
			Client scene = Client.join(Server.room(other, "scene"), alice);
			scene.take(WsPacket.Welcome.class);
			Client again = Client.join(Server.room(other, "world"), alice);
			again.take(WsPacket.Welcome.class);

			assertThat(world.take()).isEqualTo(new WsPacket.Kicked(Rooms.REPLACED));
			assertThat(other.stats().users()).isEqualTo(2);
			assertThat(scene.untaken()).isEmpty();
		}
	}

	@Test
	void an_update_sent_before_the_welcome_is_heard_after_it() throws Exception {
		Client witness = Client.join(room("plaza"), bob);
		witness.take(WsPacket.Welcome.class);
		Client hasty = Client.join(room("plaza"), alice);
		hasty.update(BODY, false);

		int alias = witness.take(WsPacket.PeerJoin.class).alias();
		assertThat(witness.take()).isEqualTo(WsPacket.PeerUpdate.of(alias, BODY, false));
	}

	@Test
	void closing_ends_every_session_and_tells_the_host() throws Exception {
		Client first = Client.join(room("plaza"), alice);
		first.take(WsPacket.Welcome.class);
		Client waiting = Client.connect(room("plaza"));
		recorder.take();

		server.close();

		assertThat(first.awaitClose().code()).isEqualTo(1001);
		assertThat(waiting.awaitClose().code()).isEqualTo(1001);
		assertThat(recorder.take()).isEqualTo("- plaza " + alice.address());
		assertThat(recorder.calls).isEmpty();
		assertThat(server.stats().users()).isZero();
		server.close();
		try (ServerSocket port = new ServerSocket()) {
			port.setReuseAddress(true);
			port.bind(server.address());
			assertThat(port.isBound()).isTrue();
		}
	}

	@Test
	void a_port_in_use_is_told() throws Exception {
		RoomServerOptions same = RoomServerOptions.defaults().withPort(server.address().getPort());

		assertThatExceptionOfType(BindException.class).isThrownBy(() -> Server.open(same));
	}

	@Test
	void the_url_of_all_interfaces_is_that_of_the_loopback() throws Exception {
		try (LocalRoomServer open = Server.open(RoomServerOptions.defaults().withHost("0.0.0.0"))) {
			assertThat(open.url()).hasScheme("ws").hasHost("127.0.0.1").hasPath("/rooms/");
			assertThat(open.address().getAddress().isAnyLocalAddress()).isTrue();
		}
		assertThat(server.address()).isEqualTo(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), server.url().getPort()));
	}

	@Test
	void a_host_may_close_the_server_when_it_hears_of_somebody() throws Exception {
		CountDownLatch done = new CountDownLatch(1);
		LocalRoomServer[] own = new LocalRoomServer[1];
		RoomServerListener closing = new RoomServerListener() {
			@Override
			public void joined(String room, PeerId peer) {
				own[0].close();
				done.countDown();
			}
		};
		own[0] = new LocalRoomServer(RoomServerOptions.defaults(), closing, "", () -> {
		});
		Client client = Client.join(Server.room(own[0], "plaza"), alice);

		assertThat(done.await(20, TimeUnit.SECONDS)).isTrue();
		assertThat(client.awaitClose().code()).isEqualTo(1001);
	}

	@Test
	void a_slow_or_throwing_host_does_not_hold_up_the_rooms() throws Exception {
		CountDownLatch release = new CountDownLatch(1);
		AtomicInteger heard = new AtomicInteger();
		RoomServerListener slow = new RoomServerListener() {
			@Override
			public void joined(String room, PeerId peer) {
				try {
					assertThat(release.await(20, TimeUnit.SECONDS)).isTrue();
				} catch (InterruptedException e) {
					throw new AssertionError(e);
				}
				heard.incrementAndGet();
				throw new IllegalStateException("of the host");
			}
		};
		try (LocalRoomServer own = new LocalRoomServer(RoomServerOptions.defaults(), slow, "", () -> {
		})) {
			Client first = Client.join(Server.room(own, "plaza"), alice);
			first.take(WsPacket.Welcome.class);
			Client.join(Server.room(own, "plaza"), bob).take(WsPacket.Welcome.class);
			assertThat(heard).hasValue(0);
			release.countDown();
		}
		assertThat(heard).hasValue(2); // closing waits for what is queued
	}

	@Test
	void a_client_that_answers_no_ping_is_gone() throws Exception {
		try (LocalRoomServer impatient = Server.open(RoomServerOptions.defaults().withPingInterval(Duration.ofSeconds(1))
				.withPongTimeout(Duration.ofSeconds(1)));
				Client witness = Client.join(Server.room(impatient, "plaza"), alice);
				RawClient mute = RawClient.join(Server.room(impatient, "plaza"), bob, 0)) {
			witness.take(WsPacket.Welcome.class);
			witness.take(WsPacket.PeerJoin.class);

			assertThat(witness.take()).isEqualTo(new WsPacket.PeerLeave(mute.alias));
			assertThat(impatient.stats().users()).isOne();
		}
	}

	@Test
	void one_connection_too_many_is_told_to_try_again() throws Exception {
		try (LocalRoomServer small = Server.open(RoomServerOptions.defaults().withMaxPending(2))) {
			Client first = Client.connect(Server.room(small, "plaza"));
			try (Client second = Client.connect(Server.room(small, "plaza"))) {
				first.send(new WsPacket.Identification(alice.address().value()));
				second.send(new WsPacket.Identification(bob.address().value()));
				String challenge = first.take(WsPacket.Challenge.class).challengeToSign();
				second.take(WsPacket.Challenge.class);

				assertThatThrownBy(() -> Client.connect(Server.room(small, "plaza"))).satisfies(e -> assertThat(status(e)).isEqualTo(503));
				first.answer(alice, challenge);
				first.take(WsPacket.Welcome.class);
				Client.connect(Server.room(small, "plaza")).close();
			}
		}
	}

	private URI room(String name) {
		return Server.room(server, name);
	}

	private void await(String call) throws InterruptedException {
		String next = recorder.take();
		while (!next.equals(call)) {
			next = recorder.take();
		}
	}

	private static int status(Throwable failure) {
		Throwable cause = failure;
		while (!(cause instanceof WebSocketHandshakeException)) {
			cause = cause.getCause();
		}
		return ((WebSocketHandshakeException) cause).getResponse().statusCode();
	}

	private HttpResponse<String> get(String path) throws Exception {
		URI url = new URI("http", null, server.url().getHost(), server.url().getPort(), path, null, null);
		return HttpClient.newHttpClient().send(HttpRequest.newBuilder(url).build(), HttpResponse.BodyHandlers.ofString());
	}
}
