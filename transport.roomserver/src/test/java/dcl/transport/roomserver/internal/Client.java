package dcl.transport.roomserver.internal;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import dcl.transport.AuthChain;
import dcl.transport.Identity;
import dcl.transport.SigningRequest;
import dcl.transport.TransportUri;
import dcl.transport.rfc5.MalformedWsPacketException;
import dcl.transport.rfc5.WsPacket;

/** A client on the JDK's WebSocket, which is not ours; one login or less of the protocol at a time. */
final class Client implements WebSocket.Listener, AutoCloseable {

	/** How long anything may take on a busy machine before a test gives up on it. */
	static final Duration LIMIT = Duration.ofSeconds(20);

	private static final HttpClient HTTP = HttpClient.newHttpClient();

	/** What the server said at the end: 1006 for a connection that was cut. */
	record Close(int code, String reason) {
	}

	private final BlockingQueue<byte[]> arrived = new LinkedBlockingQueue<>();
	private final CompletableFuture<Close> closed = new CompletableFuture<>();
	private final ByteArrayOutputStream partial = new ByteArrayOutputStream();
	private WebSocket socket;

	private Client() {
	}

	/** Connects without logging in. */
	static Client connect(URI url, String... subprotocols) throws Exception {
		return connectStage(url, subprotocols).get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
	}

	static CompletableFuture<Client> connectStage(URI url, String... subprotocols) {
		Client client = new Client();
		WebSocket.Builder builder = HTTP.newWebSocketBuilder();
		if (subprotocols.length > 0) {
			builder.subprotocols(subprotocols[0], List.of(subprotocols).subList(1, subprotocols.length).toArray(String[]::new));
		}
		return builder.buildAsync(url, client).thenApply(socket -> {
			client.socket = socket;
			return client;
		});
	}

	/** Connects and logs in; the welcome and everything after it is still to be taken. */
	static Client join(URI url, Identity identity) throws Exception {
		Client client = connect(url, "rfc5", "rfc4");
		client.login(identity);
		return client;
	}

	void login(Identity identity) throws Exception {
		send(new WsPacket.Identification(identity.address().value()));
		answer(identity, take(WsPacket.Challenge.class).challengeToSign());
	}

	void answer(Identity identity, String challenge) throws Exception {
		send(new WsPacket.SignedChallenge(sign(identity, challenge).toJson()));
	}

	static AuthChain sign(Identity identity, String challenge) {
		return identity.sign(SigningRequest.roomChallenge(TransportUri.parse("ws-room:localhost"), challenge)).toCompletableFuture().join();
	}

	String subprotocol() {
		return socket.getSubprotocol();
	}

	void send(WsPacket packet) throws Exception {
		sendBytes(packet.encode());
	}

	void update(byte[] body, boolean unreliable) throws Exception {
		send(WsPacket.PeerUpdate.of(0, body, unreliable));
	}

	void sendBytes(byte[] message) throws Exception {
		socket.sendBinary(ByteBuffer.wrap(message), true).get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
	}

	void sendPart(byte[] part, boolean last) throws Exception {
		socket.sendBinary(ByteBuffer.wrap(part), last).get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
	}

	void sendText(String text) throws Exception {
		socket.sendText(text, true).get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
	}

	/** Takes the next message. */
	WsPacket take() throws Exception {
		return WsPacket.decode(takeBytes());
	}

	byte[] takeBytes() throws InterruptedException {
		byte[] next = arrived.poll(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
		if (next == null) {
			throw new AssertionError("nothing came; closed: " + closed.getNow(null));
		}
		return next;
	}

	<T extends WsPacket> T take(Class<T> kind) throws Exception {
		WsPacket packet = take();
		if (!kind.isInstance(packet)) {
			throw new AssertionError(kind.getSimpleName() + " expected, not " + packet);
		}
		return kind.cast(packet);
	}

	/** What came and was not taken. */
	List<WsPacket> untaken() {
		return arrived.stream().map(bytes -> {
			try {
				return WsPacket.decode(bytes);
			} catch (MalformedWsPacketException e) {
				throw new AssertionError(e);
			}
		}).toList();
	}

	/** Waits for the end of the connection. */
	Close awaitClose() throws InterruptedException, ExecutionException, TimeoutException {
		return closed.get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
	}

	/** Says goodbye, and waits for the server's. */
	void leave() throws Exception {
		socket.sendClose(WebSocket.NORMAL_CLOSURE, "").get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
		awaitClose();
	}

	/** Cuts the connection. */
	@Override
	public void close() {
		if (socket != null) {
			socket.abort();
		}
	}

	@Override
	public CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
		while (data.hasRemaining()) {
			partial.write(data.get());
		}
		if (last) {
			arrived.add(partial.toByteArray());
			partial.reset();
		}
		from.request(1);
		return null;
	}

	@Override
	public CompletionStage<?> onClose(WebSocket from, int code, String reason) {
		closed.complete(new Close(code, reason));
		return null;
	}

	@Override
	public void onError(WebSocket from, Throwable error) {
		closed.complete(new Close(1006, error.toString()));
	}
}
