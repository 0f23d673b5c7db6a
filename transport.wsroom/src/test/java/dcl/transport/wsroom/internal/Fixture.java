package dcl.transport.wsroom.internal;

import java.lang.annotation.Annotation;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

import dcl.transport.TransportException;
import dcl.transport.TransportUri;
import dcl.transport.spi.Link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

/** A provider, a context and a server that plays a scenario. */
final class Fixture implements AutoCloseable {

	/** A configuration with short times; a test changes what it is about. */
	static final class Times implements WsRoomProvider.Config {

		long handshake = 5_000;
		long upgrade = 5_000;
		long ping = 8_000;
		long pong = 6_000;
		int aliases = 20_000;
		int packet = 16_000;

		Times steps(long millis) {
			handshake = millis;
			upgrade = millis;
			return this;
		}

		Times halfOpen(long pingMillis, long pongMillis) {
			ping = pingMillis;
			pong = pongMillis;
			return this;
		}

		Times aliases(int count) {
			aliases = count;
			return this;
		}

		@Override
		public long handshakeTimeoutMillis() {
			return handshake;
		}

		@Override
		public long connectTimeoutMillis() {
			return 2_000;
		}

		@Override
		public long upgradeTimeoutMillis() {
			return upgrade;
		}

		@Override
		public long pingIntervalMillis() {
			return ping;
		}

		@Override
		public long pongTimeoutMillis() {
			return pong;
		}

		@Override
		public long writeStallTimeoutMillis() {
			return 10_000;
		}

		@Override
		public int maxPacketBytes() {
			return packet;
		}

		@Override
		public int maxMessageBytes() {
			return 1 << 20;
		}

		@Override
		public int maxAliases() {
			return aliases;
		}

		@Override
		public int loops() {
			return 1;
		}

		@Override
		public Class<? extends Annotation> annotationType() {
			return WsRoomProvider.Config.class;
		}
	}

	final FakeContext context = new FakeContext();
	final WsRoomProvider provider;
	final RawServer server;
	Link link;

	Fixture(RawServer.Scenario scenario) throws Exception {
		this(times -> times, scenario);
	}

	Fixture(UnaryOperator<Times> times, RawServer.Scenario scenario) throws Exception {
		provider = new WsRoomProvider(times.apply(new Times()));
		server = new RawServer(scenario);
	}

	TransportUri uri() {
		return TransportUri.parse("ws-room:ws://127.0.0.1:" + server.port() + "/rooms/a?secret=canary-7f3a");
	}

	Link open() throws Exception {
		link = provider.open(uri(), context).toCompletableFuture().get(8, TimeUnit.SECONDS);
		return link;
	}

	/** Opens and returns the failure it must end with. */
	TransportException refusal() {
		Throwable failure = catchThrowable(() -> provider.open(uri(), context).toCompletableFuture().orTimeout(8, TimeUnit.SECONDS).join());
		assertThat(failure).isInstanceOf(CompletionException.class);
		assertThat(failure.getCause()).isInstanceOf(TransportException.class);
		assertThat(failure.getCause().toString()).doesNotContain("canary");
		return (TransportException) failure.getCause();
	}

	@Override
	public void close() throws Exception {
		provider.stop();
		context.close();
		server.close();
	}
}
