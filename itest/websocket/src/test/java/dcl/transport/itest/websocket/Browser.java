package dcl.transport.itest.websocket;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import dcl.transport.websocket.HttpAnswer;
import dcl.transport.websocket.SendMode;
import dcl.transport.websocket.SendResult;
import dcl.transport.websocket.WebSocketConnection;
import dcl.transport.websocket.WebSocketEnding;
import dcl.transport.websocket.WebSocketListener;
import dcl.transport.websocket.WebSocketServer;
import dcl.transport.websocket.WebSocketServerOptions;
import dcl.transport.websocket.WebSockets;

/** A page in headless Chromium; the lines go over a WebSocket of their own, to the server that the page comes from. */
final class Browser extends Peer {

	/** Waits for the end of its standard input, so that the browser never outlives this JVM. */
	private static final String WATCH = "\"$@\" & browser=$!; cat > /dev/null; kill $browser; wait $browser";

	private final WebSocketServer front;
	private final WebSocketConnection control;

	private Browser(Front front, WebSocketServer server, Path profile, String chromium) throws Exception {
		super("chromium", false, "sh", "-c", WATCH, "sh", chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
				"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
				"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1", "--user-data-dir=" + profile,
				"--ignore-certificate-errors-spki-list=" + Certificates.RIGHT.publicKeyHash, "http://127.0.0.1:" + server.address().getPort() + "/");
		this.front = server;
		front.peer.complete(this);
		control = front.control.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
	}

	static Browser start(WebSockets sockets) throws Exception {
		String chromium = Tools.needChromium();
		Front front = new Front(Files.readAllBytes(Tools.FOLDER.resolve("peers").resolve("peer.html")));
		WebSocketServer server = sockets.listen(WebSocketServerOptions.onLoopback(0), request -> switch (request.path()) {
			case "/control" -> HttpAnswer.accept(front);
			case "/" -> HttpAnswer.reply(200, "text/html; charset=utf-8", front.page);
			default -> HttpAnswer.reply(404, "not here");
		});
		return new Browser(front, server, Files.createTempDirectory(Tools.logs(), "chromium"), chromium);
	}

	@Override
	void tell(String line) throws IOException {
		SendResult result = control.send(line, SendMode.RELIABLE);
		if (result != SendResult.ACCEPTED) {
			throw new IOException("the page cannot be told: " + result);
		}
	}

	@Override
	public void close() throws Exception {
		front.close();
		super.close();
	}

	private static final class Front implements WebSocketListener {

		final byte[] page;
		final CompletableFuture<Browser> peer = new CompletableFuture<>();
		final CompletableFuture<WebSocketConnection> control = new CompletableFuture<>();

		Front(byte[] page) {
			this.page = page;
		}

		@Override
		public void opened(WebSocketConnection connection) {
			control.complete(connection);
		}

		@Override
		public void message(WebSocketConnection connection, byte[] payload, boolean text) {
			peer.join().told(new String(payload, StandardCharsets.UTF_8)); // it is there: it has told the page what this answers
		}

		@Override
		public void closed(WebSocketConnection connection, WebSocketEnding ending) {
			control.completeExceptionally(new IOException("the page closed: " + ending));
		}
	}
}
