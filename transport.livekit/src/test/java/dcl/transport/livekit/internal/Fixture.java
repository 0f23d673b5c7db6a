package dcl.transport.livekit.internal;

import java.lang.annotation.Annotation;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

import javax.net.ssl.SSLContext;

import com.google.protobuf.ByteString;
import dcl.transport.Packet;
import dcl.transport.TransportException;
import dcl.transport.TransportUri;
import dcl.transport.livekit.internal.proto.DataPacket;
import dcl.transport.livekit.internal.proto.ParticipantInfo;
import dcl.transport.livekit.internal.proto.UserPacket;
import dcl.transport.spi.Link;
import dcl.transport.websocket.WebSocketServerOptions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

/** A provider with a fake WebRTC, a context, and a scripted server. */
final class Fixture implements AutoCloseable {

	static final String TOKEN = "canary-7f3a.canary";

	/** A configuration; a test changes what it is about. */
	static final class Config implements LiveKitProvider.Config {

		long join = 30_000;
		long media = 30_000;
		long recovery = 30_000;
		int participants = 10_000;
		int unconfirmed = 65_536;
		int replay = 4 << 20;
		int message = 1 << 20;

		Config join(long millis) {
			join = millis;
			return this;
		}

		Config media(long millis) {
			media = millis;
			return this;
		}

		Config recovery(long millis) {
			recovery = millis;
			return this;
		}

		Config participants(int count) {
			participants = count;
			return this;
		}

		Config unconfirmed(int count) {
			unconfirmed = count;
			return this;
		}

		Config replay(int bytes) {
			replay = bytes;
			return this;
		}

		Config message(int bytes) {
			message = bytes;
			return this;
		}

		@Override
		public long connectTimeoutMillis() {
			return 10_000;
		}

		@Override
		public long upgradeTimeoutMillis() {
			return 30_000;
		}

		@Override
		public long joinTimeoutMillis() {
			return join;
		}

		@Override
		public long mediaTimeoutMillis() {
			return media;
		}

		@Override
		public long recoveryMillis() {
			return recovery;
		}

		@Override
		public int maxPacketBytes() {
			return 60_000;
		}

		@Override
		public int maxMessageBytes() {
			return message;
		}

		@Override
		public int maxParticipants() {
			return participants;
		}

		@Override
		public int unconfirmedPackets() {
			return unconfirmed;
		}

		@Override
		public int replayBytes() {
			return replay;
		}

		@Override
		public boolean relayOnly() {
			return false;
		}

		@Override
		public int loops() {
			return 1;
		}

		@Override
		public Class<? extends Annotation> annotationType() {
			return LiveKitProvider.Config.class;
		}
	}

	final FakeContext context = new FakeContext();
	final FakeWebRtc rtc = new FakeWebRtc();
	final ScriptedServer server;
	/** Where the client connects to: the server, unless something stands between. */
	int port;
	final LiveKitProvider provider;
	CompletableFuture<Link> opening;
	Link link;
	FakeWebRtc.Connection wire;

	Fixture() throws Exception {
		this(config -> config);
	}

	Fixture(UnaryOperator<Config> config) throws Exception {
		this(config, WebSocketServerOptions.onLoopback(0));
	}

	/** With a server that speaks TLS, and shows the key of a context. */
	Fixture(SSLContext key) throws Exception {
		this(config -> config, WebSocketServerOptions.onLoopback(0).tls(key));
	}

	private Fixture(UnaryOperator<Config> config, WebSocketServerOptions options) throws Exception {
		Logs.clear();
		server = new ScriptedServer(options);
		port = server.port();
		provider = new LiveKitProvider(config.apply(new Config()), rtc);
	}

	TransportUri uri() {
		return TransportUri.parse("livekit:ws://127.0.0.1:" + port + "/base?x=1&access_token=" + TOKEN + "&y=2");
	}

	/** Begins to open, and returns the socket of it. */
	ScriptedServer.Socket begin() throws Exception {
		opening = provider.open(uri(), context).toCompletableFuture();
		return server.accept();
	}

	Link opened() throws Exception {
		link = opening.get(30, TimeUnit.SECONDS);
		wire = rtc.next();
		return link;
	}

	/** Opens with these in the room. */
	ScriptedServer.Socket room(ParticipantInfo... others) throws Exception {
		ScriptedServer.Socket socket = begin().welcome(others);
		opened();
		return socket;
	}

	/** Returns the failure that opening ends with. */
	TransportException refusal() {
		Throwable failure = catchThrowable(() -> opening.orTimeout(30, TimeUnit.SECONDS).join());
		assertThat(failure).isInstanceOf(CompletionException.class);
		assertThat(failure.getCause()).isInstanceOf(TransportException.class);
		assertThat(failure.getCause().toString()).doesNotContain("canary");
		return (TransportException) failure.getCause();
	}

	FakeWebRtc.Channel reliable() {
		return wire.channel("_reliable");
	}

	FakeWebRtc.Channel lossy() {
		return wire.channel("_lossy");
	}

	static Packet packet(String body) {
		return Packet.copyOf(body.getBytes(StandardCharsets.US_ASCII));
	}

	static String body(DataPacket packet) {
		return packet.getUser().getPayload().toString(StandardCharsets.US_ASCII);
	}

	static byte[] from(String identity, String sid, int sequence, String body) {
		return DataPacket.newBuilder().setParticipantIdentity(identity).setParticipantSid(sid).setSequence(sequence)
				.setUser(UserPacket.newBuilder().setPayload(ByteString.copyFromUtf8(body))).build().toByteArray();
	}

	@Override
	public void close() throws Exception {
		provider.stop();
		context.close();
		server.close();
		rtc.close();
	}
}
