package dcl.transport.itest.chaos;

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import dcl.transport.itest.chaos.Wire.End;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Each fault as plain sockets see it. */
@Timeout(90)
class ChaosProxyTest {

	private static void assertSilent(End end) throws IOException {
		end.socket().setSoTimeout(300);
		assertThatThrownBy(() -> end.in().readByte()).isInstanceOf(SocketTimeoutException.class);
		end.socket().setSoTimeout(20_000);
	}

	@Test
	void without_a_script_bytes_and_ends_go_through() throws Exception {
		try (Wire wire = new Wire("")) {
			End client = wire.client();
			End server = wire.server();
			client.write("up");
			assertThat(server.read(2)).isEqualTo("up");
			byte[] much = new byte[3 << 20];
			new java.util.Random(1).nextBytes(much);
			CompletableFuture<byte[]> got = CompletableFuture.supplyAsync(() -> {
				try {
					return client.in().readAllBytes();
				} catch (IOException e) {
					throw new java.io.UncheckedIOException(e);
				}
			});
			server.out().write(much);
			server.socket().shutdownOutput();
			assertThat(Arrays.equals(got.get(20, TimeUnit.SECONDS), much)).isTrue();
			client.write("still up"); // half closed is not closed
			assertThat(server.read(8)).isEqualTo("still up");
			client.socket().close();
			assertThat(server.in().read()).isEqualTo(-1);
			assertThat(wire.proxy.accepted()).isEqualTo(1);
		}
	}

	@Test
	void a_reset_goes_through_as_a_reset() throws Exception {
		try (Wire wire = new Wire("")) {
			End client = wire.client();
			End server = wire.server();
			server.socket().setSoLinger(true, 0);
			server.socket().close();
			assertThatThrownBy(client::readAll).isInstanceOf(SocketException.class);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = {"at 50 ms of connection 1: fin", "at byte 3 up of connection 1: fin"})
	void a_fin_ends_both_streams_in_good_order(String script) throws Exception {
		try (Wire wire = new Wire(script)) {
			End client = wire.client();
			End server = wire.server();
			client.write("abc");
			assertThat(server.readAll()).isIn("abc", "");
			assertThat(client.readAll()).isEmpty();
		}
	}

	@Test
	void a_cut_after_some_bytes_lets_exactly_those_pass() throws Exception {
		try (Wire wire = new Wire("at byte 1000 down of connection 1: fin")) {
			End client = wire.client();
			wire.server().out().write(new byte[5000]);
			assertThat(client.readAll()).hasSize(1000);
		}
	}

	@Test
	void a_cut_some_bytes_from_now_lets_exactly_those_pass() throws Exception {
		try (Wire wire = new Wire("")) {
			End client = wire.client();
			End server = wire.server();
			server.write("before");
			client.read(6);
			assertThat(wire.proxy.applyAfter(1, 3, Side.DOWN, "fin")).isTrue();
			server.write("afterwards");
			assertThat(client.readAll()).isEqualTo("aft");
		}
	}

	@ParameterizedTest
	@ValueSource(strings = {"both", "up", "down"})
	void a_reset_is_seen_on_its_side(String side) throws Exception {
		try (Wire wire = new Wire("")) {
			End client = wire.client();
			End server = wire.server();
			wire.proxy.apply(1, "rst " + side);
			if (!side.equals("down")) {
				assertThatThrownBy(server::readAll).isInstanceOf(SocketException.class);
			} else {
				assertSilent(server);
			}
			if (!side.equals("up")) {
				assertThatThrownBy(client::readAll).isInstanceOf(SocketException.class);
			} else {
				assertSilent(client);
			}
		}
	}

	@Test
	void a_stopped_connection_is_silent_both_ways_until_it_is_resumed() throws Exception {
		try (Wire wire = new Wire("")) {
			End client = wire.client();
			End server = wire.server();
			assertThat(wire.proxy.apply(1, "stop")).isTrue();
			client.write("up");
			server.write("down");
			server.socket().shutdownOutput(); // not even an end gets through
			assertSilent(client);
			assertSilent(server);
			wire.proxy.apply(1, "resume");
			assertThat(server.read(2)).isEqualTo("up");
			assertThat(client.readAll()).isEqualTo("down");
		}
	}

	@Test
	void one_way_stops_leave_the_other_way() throws Exception {
		try (Wire wire = new Wire("at 0 ms of connection 1: stop up\nat 0 ms of connection 2: drop down")) {
			End client = wire.client();
			End server = wire.server();
			client.write("lost");
			server.write("down");
			assertThat(client.read(4)).isEqualTo("down");
			assertSilent(server);
			End second = wire.client();
			End other = wire.server();
			other.write("lost");
			second.write("up");
			assertThat(other.read(2)).isEqualTo("up");
			assertSilent(second);
		}
	}

	@Test
	void stop_read_fills_the_sender_and_stop_write_takes_a_bounded_amount() throws Exception {
		for (String fault : new String[] {"stop-read up", "stop-write up"}) {
			try (Wire wire = new Wire("at 0 ms of connection 1: " + fault)) {
				End client = wire.client();
				CompletableFuture<Void> writing = CompletableFuture.runAsync(() -> {
					try {
						client.out().write(new byte[64 << 20]);
					} catch (IOException e) {
						throw new java.io.UncheckedIOException(e);
					}
				});
				End server = wire.server();
				for (int tries = 0; fault.startsWith("stop-write") && wire.proxy.passed(1, Side.UP) == 0 && tries < 60; tries++) {
					assertSilent(server); // until the proxy has come round to read
				}
				assertSilent(server);
				long passed = wire.proxy.passed(1, Side.UP);
				assertThat(passed).isBetween(fault.equals("stop-read up") ? 0L : 1L, fault.equals("stop-read up") ? 0L : 512L << 10);
				assertThat(writing).isNotDone();
				client.socket().close();
				assertThat(writing).failsWithin(20, TimeUnit.SECONDS);
			}
		}
	}

	@Test
	void latency_and_bandwidth_take_their_time() throws Exception {
		try (Wire wire = new Wire("at 0 ms of connection 1: latency 200 jitter 50\nat 0 ms of connection 2: bandwidth 20000 down")) {
			End client = wire.client();
			End server = wire.server();
			long begin = System.nanoTime();
			client.write("a");
			server.read(1);
			server.write("b");
			client.read(1);
			assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThanOrEqualTo(Duration.ofMillis(400));

			End second = wire.client();
			End slow = wire.server();
			begin = System.nanoTime();
			slow.out().write(new byte[10_000]);
			second.read(10_000);
			assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThanOrEqualTo(Duration.ofMillis(450)); // the first slice is free
		}
	}

	@Test
	void one_byte_is_corrupted_the_same_way_with_the_same_seed() throws Exception {
		String first = null;
		for (int run = 0; run < 2; run++) {
			try (Wire wire = new Wire("seed 9\nat byte 4 down of connection 1: corrupt")) {
				End client = wire.client();
				wire.server().write("aaaaaaaa");
				String got = client.read(8);
				assertThat(got).startsWith("aaaa").endsWith("aaa").isNotEqualTo("aaaaaaaa");
				assertThat(first == null ? got : first).isEqualTo(got);
				first = got;
			}
		}
	}

	@Test
	void a_chunk_is_duplicated_or_held_back() throws Exception {
		try (Wire wire = new Wire("at byte 2 up of connection 1: duplicate\nat byte 0 down of connection 1: hold 300")) {
			End client = wire.client();
			End server = wire.server();
			client.write("ab");
			assertThat(server.read(2)).isEqualTo("ab");
			client.write("cd");
			assertThat(server.read(4)).isEqualTo("cdcd");
			long begin = System.nanoTime();
			server.write("held");
			assertThat(client.read(4)).isEqualTo("held");
			assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThanOrEqualTo(Duration.ofMillis(300));
			server.write("next");
			assertThat(client.read(4)).isEqualTo("next");
		}
	}

	@Test
	void connections_are_refused_and_taken_again_on_the_same_port() throws Exception {
		try (Wire wire = new Wire("at byte 1 up of connection 1: refuse\nat byte 2 up of connection 1: listen")) {
			End first = wire.client();
			End server = wire.server();
			wire.proxy.refuse();
			assertThatThrownBy(wire::client).isInstanceOf(ConnectException.class);
			wire.proxy.listen();
			wire.client();
			wire.proxy.awaitConnection(2);
			first.write("a");
			server.read(1);
			settle(wire);
			assertThatThrownBy(wire::client).isInstanceOf(ConnectException.class);
			first.write("b");
			server.read(1);
			settle(wire);
			wire.client();
			wire.proxy.awaitConnection(3);
		}
	}

	/** A fault waits for what was passed on: a round of the thread later it has happened, and one more later the system knows. */
	private static void settle(Wire wire) {
		wire.proxy.open();
		wire.proxy.open();
	}

	@Test
	void silence_takes_a_connection_and_never_calls_the_server() throws Exception {
		try (Wire wire = new Wire("at 0 ms of connection 1: silence")) {
			End client = wire.client();
			client.write("anybody?");
			assertSilent(client);
			wire.port.setSoTimeout(100);
			assertThatThrownBy(wire.port::accept).isInstanceOf(SocketTimeoutException.class);
		}
	}

	@Test
	void a_server_that_is_not_there_is_a_reset() throws Exception {
		try (Wire wire = new Wire("")) {
			wire.port.close();
			assertThatThrownBy(() -> wire.client().readAll()).isInstanceOf(SocketException.class);
		}
	}

	@Test
	void a_handshake_is_cut_inside_of_a_record() throws Exception {
		try (Wire wire = new Wire("at record 2 byte 5 down of connection 1: rst")) {
			End client = wire.client();
			byte[] records = new byte[5 + 300 + 5 + 10];
			records[0] = 22;
			records[3] = 300 >> 8;
			records[4] = (byte) 300;
			records[305] = 22;
			records[309] = 10;
			wire.server().out().write(records);
			assertThat(client.read(310)).hasSize(310);
			assertThatThrownBy(() -> client.in().readByte()).isInstanceOf(SocketException.class);
		}
	}

	@Test
	void a_failure_shows_the_script_and_what_was_done() throws Exception {
		try (Wire wire = new Wire("seed 5\nat 0 ms of connection 1: silence")) {
			wire.client();
			wire.proxy.awaitConnection(1);
			assertThatThrownBy(() -> wire.proxy.replayable(() -> {
				throw new AssertionError("as asked");
			})).isInstanceOf(AssertionError.class).satisfies(failure -> assertThat(failure.getSuppressed()[0].toString())
					.contains("seed 5\nat 0 ms of connection 1: silence", "connection 1: came"));
		}
	}

	@Test
	void connections_are_bounded_and_nothing_is_left() throws Exception {
		Wire wire = new Wire("at 0 ms of every connection: silence");
		try (wire) {
			for (int i = 0; i < ChaosProxy.MAX_CONNECTIONS; i++) {
				wire.client();
			}
			wire.proxy.awaitConnection(ChaosProxy.MAX_CONNECTIONS);
			assertThatThrownBy(() -> wire.client().readAll()).isInstanceOf(SocketException.class);
			assertThat(wire.proxy.open()).isEqualTo(ChaosProxy.MAX_CONNECTIONS);
			assertThat(wire.proxy.applyToAll("rst")).isEqualTo(ChaosProxy.MAX_CONNECTIONS);
			assertThat(wire.proxy.open()).isZero();
			assertThat(wire.proxy.apply(1, "rst")).isFalse();
			assertThat(wire.proxy.passed(1, Side.UP)).isEqualTo(-1);
		}
		assertThatThrownBy(wire.proxy::open).isInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
	}
}
