package dcl.transport.itest.faults;

import java.net.InetSocketAddress;
import java.net.URI;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import javax.net.ssl.SSLContext;

import dcl.transport.itest.chaos.ChaosProxy;
import dcl.transport.itest.chaos.Script;
import dcl.transport.itest.chaos.Side;
import dcl.transport.itest.tls.SelfSigned;
import dcl.transport.websocket.HttpAnswer;
import dcl.transport.websocket.SendMode;
import dcl.transport.websocket.SendResult;
import dcl.transport.websocket.WebSocketConnection;
import dcl.transport.websocket.WebSocketLimits;
import dcl.transport.websocket.WebSocketOptions;
import dcl.transport.websocket.WebSocketRequest;
import dcl.transport.websocket.WebSocketServer;
import dcl.transport.websocket.WebSocketServerOptions;
import dcl.transport.websocket.WebSockets;

/**
 * An engine under test in one role, and another engine to talk to, with a proxy between them for each case. A neighbour talks all the time
 * over the one loop of the engine under test, past every proxy.
 */
final class Rig {

	private static final SSLContext TLS = SelfSigned.context("dns:localhost,ip:127.0.0.1");
	private static final AtomicInteger RIGS = new AtomicInteger();

	/** Says a number every few milliseconds, which comes back. */
	private final class Neighbour implements AutoCloseable {

		private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(task -> {
			Thread thread = new Thread(task, "neighbour of " + name);
			thread.setDaemon(true);
			return thread;
		});
		private final WebSocketServer server;
		private final Ear ear = new Ear();
		private volatile String fault = "";

		Neighbour() throws Exception {
			server = (client ? peer : subject).listen(server(WebSocketLimits.defaults()), request -> HttpAnswer.accept(new Ear() {
				@Override
				void heard(WebSocketConnection connection, byte[] payload) {
					connection.send(payload, SendMode.RELIABLE);
				}
			}));
			(client ? subject : peer).connect(WebSocketRequest.to(uri(server.address().getPort())), ear);
			ear.connection();
			clock.scheduleWithFixedDelay(() -> {
				try {
					if (ear.send(100, SendMode.RELIABLE) != SendResult.ACCEPTED) {
						fault = "a message was not accepted";
					}
				} catch (Exception e) {
					fault = e.toString();
				}
			}, 0, 3, TimeUnit.MILLISECONDS);
		}

		/** Everything said until now comes back, in order. */
		void check() throws Exception {
			long said = clock.submit(() -> ear.count(SendResult.ACCEPTED)).get(Await.SECONDS, TimeUnit.SECONDS);
			Await.until("the neighbour of " + name + " hears itself", () -> ear.received.get() >= said || ear.closed.isDone());
			if (ear.closed.isDone() || !fault.isEmpty() || !ear.fault.isEmpty()) {
				throw new AssertionError("the neighbour of " + name + " was hurt: " + ear.closed.getNow(null) + " " + fault + " " + ear.fault);
			}
		}

		@Override
		public void close() {
			clock.shutdownNow();
			server.close();
		}
	}

	/** One connection through a proxy. */
	final class Case implements AutoCloseable {

		final WebSocketServer server;
		final ChaosProxy proxy;
		final Ear near; // of the engine under test
		final Ear far = new Ear();

		private Case(String script, WebSocketLimits limits, Ear near, int bufferBytes) throws Exception {
			this.near = near;
			WebSocketLimits defaults = WebSocketLimits.defaults();
			server = (client ? peer : subject).listen(server(client ? defaults : limits), request -> HttpAnswer.accept(client ? far : near));
			proxy = ChaosProxy.to(server.address(), Script.parse(script), bufferBytes);
			WebSocketRequest request = WebSocketRequest.to(uri(proxy.port())).limits(client ? limits : defaults);
			(client ? subject : peer).connect(request, client ? near : far);
		}

		/** The direction towards the engine under test. */
		Side towardsNear() {
			return client ? Side.DOWN : Side.UP;
		}

		Side towardsFar() {
			return client ? Side.UP : Side.DOWN;
		}

		/** One message each way. */
		void talk() throws Exception {
			long begun = near.received.get();
			long there = far.received.get();
			if (near.send(100, SendMode.RELIABLE) != SendResult.ACCEPTED || far.send(100, SendMode.RELIABLE) != SendResult.ACCEPTED) {
				throw new AssertionError("expected both to send");
			}
			Await.until("a message each way", () -> near.received.get() > begun && far.received.get() > there);
		}

		/** After the ending: it was told once, nothing is kept, nothing more is taken; and what the neighbour said came back. */
		void checkRest() throws Exception {
			if (near.opened.isDone()) {
				WebSocketConnection over = near.opened.get();
				if (over.send(new byte[8], SendMode.RELIABLE) != SendResult.NOT_OPEN) {
					throw new AssertionError("expected an ended connection to take nothing");
				}
				Await.until("nothing is queued in a connection that ended", () -> over.queuedBytes() == 0);
			}
			close();
			Await.until("the server under test holds no connection", () -> server.connections() == 0);
			near.ending();
			neighbour.check();
		}

		@Override
		public void close() {
			proxy.close();
			server.close();
		}
	}

	final String name;
	final boolean client;
	final boolean secure;
	final WebSockets subject;
	private final WebSockets peer;
	private final Neighbour neighbour;

	Rig(boolean client, boolean secure) throws Exception {
		this.client = client;
		this.secure = secure;
		name = (client ? "client" : "server") + (secure ? "-wss-" : "-ws-") + RIGS.incrementAndGet();
		subject = WebSockets.create(WebSocketOptions.defaults().threadNamePrefix(name + "-near").sslContext(TLS));
		peer = WebSockets.create(WebSocketOptions.defaults().threadNamePrefix(name + "-far").sslContext(TLS));
		neighbour = new Neighbour();
	}

	private WebSocketServerOptions server(WebSocketLimits limits) {
		WebSocketServerOptions options = WebSocketServerOptions.on(new InetSocketAddress("127.0.0.1", 0)).limits(limits);
		return secure ? options.tls(TLS) : options;
	}

	private URI uri(int port) {
		return URI.create((secure ? "wss" : "ws") + "://127.0.0.1:" + port + "/");
	}

	Case begin(String script, WebSocketLimits limits) throws Exception {
		return new Case(script, limits, new Ear(), 0);
	}

	/** Through small socket buffers. */
	Case narrow(String script, WebSocketLimits limits, Ear near) throws Exception {
		return new Case(script, limits, near, 8 << 10);
	}

	Case open(String script, WebSocketLimits limits) throws Exception {
		Case opened = begin(script, limits);
		opened.near.connection();
		opened.far.connection();
		return opened;
	}

	void check() throws Exception {
		neighbour.check();
	}

	/** Closes both engines and waits until none of their threads is left. Not AutoCloseable, since JUnit closes arguments that are. */
	void end() throws Exception {
		neighbour.check();
		neighbour.close();
		// a loop, and two each for callbacks, TLS and names
		Await.until("no thread more than the engine has", () -> Await.threads(name + "-near") <= 7);
		subject.close();
		peer.close();
		Await.until("no thread of " + name, () -> Await.threads(name) == 0);
	}

	@Override
	public String toString() {
		return (client ? "client" : "server") + (secure ? " wss" : " ws");
	}
}
