package dcl.transport.itest.chaos;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;

import dcl.transport.itest.chaos.Script.Step;
import dcl.transport.itest.chaos.Script.Unit;

/** One connection through the proxy: the client's socket, the server's, and a flow each way. Used by the proxy's thread alone. */
final class Pair {

	private static final int MAX_HEAD = 64 << 10;
	private static final int MAX_ENDLESS = 16 << 20;
	private static final long FAREWELL_MILLIS = 5_000;

	private final ChaosProxy proxy;
	private final int number;
	private final Random random;
	private final SocketChannel client;
	private final Flow up;
	private final Flow down;
	private final StringBuilder head = new StringBuilder(); // of a request we answer ourselves
	private SocketChannel server; // null before it is called
	private SelectionKey clientKey;
	private SelectionKey serverKey;
	private Fault instead; // what stands in for the server, or null
	private ByteBuffer answer; // ours, once the request is there
	private long endless;
	private boolean connected;
	private boolean leaving; // a FIN is out both ways; what comes is thrown away
	private boolean over;

	Pair(ChaosProxy proxy, int number, SocketChannel client, Script script) {
		this.proxy = proxy;
		this.number = number;
		this.client = client;
		random = new Random(script.seed() * 31 + number);
		List<Step> steps = script.steps(number);
		up = new Flow(this, Side.UP, steps);
		down = new Flow(this, Side.DOWN, steps);
	}

	SocketChannel client() {
		return client;
	}

	SocketChannel server() {
		return server;
	}

	Random random() {
		return random;
	}

	boolean isOver() {
		return over;
	}

	long passed(Side side) {
		return side == Side.UP ? up.passed() : down.passed();
	}

	void applyAfter(long bytes, Side side, Fault fault) {
		(side == Side.UP ? up : down).applyAfter(bytes, fault, number);
	}

	void note(String what) {
		proxy.note("connection " + number + ": " + what);
	}

	void after(long millis, Runnable task) {
		proxy.after(millis, task);
	}

	void at(long nanos, Runnable task) {
		proxy.at(nanos, task);
	}

	/** Does what the script says for this moment, then calls the server unless something stands in for it. */
	void begin(Script script) throws IOException {
		client.configureBlocking(false);
		client.setOption(StandardSocketOptions.TCP_NODELAY, true);
		clientKey = proxy.register(client, this);
		for (Step step : script.steps(number)) {
			if (step.unit() == Unit.MILLIS && step.number() == 0) {
				note(step.toString());
				apply(step.fault());
			} else if (step.unit() == Unit.MILLIS) {
				after(step.number(), () -> {
					note(step.toString());
					apply(step.fault());
					turn();
				});
			}
		}
		if (!over && instead == null) {
			server = SocketChannel.open();
			server.configureBlocking(false);
			server.setOption(StandardSocketOptions.TCP_NODELAY, true);
			proxy.shrink(server);
			serverKey = proxy.register(server, this);
			connected = server.connect(proxy.target());
		}
		turn();
	}

	/** Does what can be done now, and asks the selector for the rest. */
	void turn() {
		if (over) {
			return;
		}
		try {
			if (connected) {
				up.write();
				if (!over) {
					down.write();
				}
			}
			if (!over && up.isFinished() && down.isFinished() && !leaving) {
				end();
			}
			if (!over) {
				interest();
			}
		} catch (IOException e) {
			broken(e);
		}
	}

	private void interest() {
		boolean answering = instead != null && instead.kind() != Fault.Kind.SILENCE;
		set(clientKey, connected && up.wantsRead() || answering || leaving, down.wantsWrite() || answer != null);
		set(serverKey, connected && down.wantsRead() || leaving, up.wantsWrite());
		if (serverKey != null && serverKey.isValid() && !connected && !leaving) {
			serverKey.interestOps(SelectionKey.OP_CONNECT);
		}
	}

	private static void set(SelectionKey key, boolean read, boolean write) {
		if (key != null && key.isValid()) {
			key.interestOps((read ? SelectionKey.OP_READ : 0) | (write ? SelectionKey.OP_WRITE : 0));
		}
	}

	void ready(SelectionKey key) {
		if (over || !key.isValid()) { // what came before it in this round may have closed it
			return;
		}
		try {
			if (key.isConnectable()) {
				connected = server.finishConnect();
			}
			if (key.isValid() && key.isReadable()) {
				read(key == clientKey);
			}
			if (!over && answer != null) {
				respond();
			}
			turn();
		} catch (IOException e) {
			broken(e);
		}
	}

	private void read(boolean fromClient) throws IOException {
		SocketChannel from = fromClient ? client : server;
		ByteBuffer in = proxy.buffer();
		int count = from.read(in);
		if (leaving || instead != null) {
			if (count < 0) {
				leave(from);
			} else if (!leaving) {
				request(in.flip());
			}
			return;
		}
		Flow flow = fromClient ? up : down;
		if (count < 0) {
			flow.end();
		} else {
			flow.arrived(in.flip());
		}
	}

	private void leave(SocketChannel gone) throws IOException {
		gone.close();
		if (!client.isOpen() && (server == null || !server.isOpen())) {
			end();
		}
	}

	/** A socket failed: the other one is told by a reset, as a network would not, but a peer that dies does. */
	void broken(IOException cause) {
		note("broke: " + cause.getMessage());
		reset(client);
		reset(server);
		end();
	}

	// ---- instead of the server

	private void request(ByteBuffer in) throws IOException {
		head.append(StandardCharsets.ISO_8859_1.decode(in));
		if (answer == null && head.indexOf("\r\n\r\n") >= 0) {
			String text = switch (instead.kind()) {
				case ANSWER -> "HTTP/1.1 " + instead.amount() + " Chaos\r\n" + (instead.data().isEmpty() ? "" : instead.data() + "\r\n")
						+ "Content-Length: 0\r\nConnection: close\r\n\r\n";
				case WRONG_ACCEPT -> "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
						+ "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n";
				default -> "HTTP/1.1 101 Switching Protocols\r\n";
			};
			answer = StandardCharsets.ISO_8859_1.encode(text);
			respond();
		} else if (head.length() > MAX_HEAD) {
			throw new IOException("expected an HTTP head of at most " + MAX_HEAD + " bytes");
		}
	}

	private void respond() throws IOException {
		while (client.write(answer) >= 0 && !answer.hasRemaining()) {
			if (instead.kind() != Fault.Kind.ENDLESS_HEADERS || endless > MAX_ENDLESS) {
				answer = null;
				if (instead.kind() != Fault.Kind.WRONG_ACCEPT) {
					fin(Side.BOTH);
				}
				return;
			}
			String line = "X-Chaos-" + endless + ": " + "a".repeat(1_000) + "\r\n";
			endless += line.length();
			answer = StandardCharsets.ISO_8859_1.encode(line);
		}
	}

	// ---- faults

	void apply(Fault fault) {
		if (fault.kind() == Fault.Kind.REFUSE || fault.kind() == Fault.Kind.LISTEN) {
			proxy.listening(fault.kind() == Fault.Kind.LISTEN);
			return;
		}
		if (over) {
			return;
		}
		switch (fault.kind()) {
			case FIN -> fin(fault.side());
			case RST -> rst(fault.side());
			case SILENCE, ANSWER, ENDLESS_HEADERS, WRONG_ACCEPT -> instead = fault;
			default -> {
				if (fault.side().has(Side.UP)) {
					up.apply(fault);
				}
				if (fault.side().has(Side.DOWN)) {
					down.apply(fault);
				}
			}
		}
	}

	private void fin(Side side) {
		try {
			if (side.has(Side.DOWN)) {
				down.discard();
				client.shutdownOutput();
			}
			if (side.has(Side.UP)) {
				up.discard();
				if (connected) {
					server.shutdownOutput();
				}
			}
			if (side == Side.BOTH) {
				// a socket closed with bytes unread would send a reset after its FIN
				leaving = true;
				if (server != null && !connected) {
					server.close();
				}
				after(FAREWELL_MILLIS, this::end);
			}
		} catch (IOException e) {
			broken(e);
		}
	}

	private void rst(Side side) {
		if (side.has(Side.DOWN)) {
			reset(client);
			up.discard();
			down.discard();
		}
		if (side.has(Side.UP)) {
			reset(server);
			up.discard();
			down.discard();
		}
		if (side == Side.BOTH || server == null) {
			end();
		} else {
			leaving = true; // the other socket stays, mute, until its peer goes
		}
	}

	private static void reset(SocketChannel channel) {
		try {
			if (channel != null && channel.isOpen()) {
				channel.setOption(StandardSocketOptions.SO_LINGER, 0);
				channel.close();
			}
		} catch (IOException e) {
			throw new IllegalStateException("expected to reset a socket", e);
		}
	}

	void end() {
		if (over) {
			return;
		}
		over = true;
		note("over, " + up.passed() + " bytes up, " + down.passed() + " down");
		try {
			client.close();
			if (server != null) {
				server.close();
			}
		} catch (IOException e) {
			note("did not close: " + e.getMessage());
		}
		proxy.ended(number);
	}
}
