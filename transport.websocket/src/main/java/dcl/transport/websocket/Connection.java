package dcl.transport.websocket;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import javax.net.ssl.SSLException;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What both roles have in common: moving bytes, plain or through TLS, frames, time-outs, and the one ending.
 * <p>
 * The methods of {@link WebSocketConnection} run on any thread and touch only the queue, the inbox and volatile fields. Everything else belongs to the
 * loop.
 */
abstract class Connection implements WebSocketConnection, Loop.Selectable, Wire.Owner, FrameReader.Sink {

	/** How far it is; no phase comes back. */
	enum Phase {
		/** Before TCP is up. */
		CONNECTING,
		/** TLS is being agreed. */
		TLS,
		/** The HTTP head of the peer is awaited. */
		HEAD,
		/** The acceptor decides (server role); nothing is read. */
		DECIDING,
		/** What follows the head of an answer is read (client role of a plain HTTP exchange). */
		BODY,
		OPEN,
		/** We closed: what is queued is sent, then the close frame, then the peer's is awaited. */
		CLOSING,
		/** All is told; the last bytes go out and the peer's end of stream is awaited, so that it gets them before a reset. */
		LINGERING,
		/** The socket is closed. */
		ENDED
	}

	private record Close(int code, String reason) {
	}

	private static final Logger LOG = LoggerFactory.getLogger(Connection.class);
	private static final WebSocketEnding ENGINE_CLOSED =
			ending(WebSocketEnding.Kind.ENGINE_CLOSED, 1001, "closed together with the engine or the server it belonged to");
	private static final byte[] OWN_PING = {0, 'd', 'c', 'l'};
	private static final long NEVER = Long.MAX_VALUE;
	private static final int MAX_REASON_BYTES = 123;
	private static final int MAX_PONGS = 32;
	private static final int LAST_READS = 8;

	final WebSockets engine;
	final Loop loop;
	final WebSocketLimits limits;
	final boolean client;
	int place = -1; // in the loop's list

	private final SendQueue queue;
	private final AtomicBoolean dirty = new AtomicBoolean();
	private final AtomicInteger pongsDue = new AtomicInteger(); // for pings of the owner
	private volatile boolean aborted;
	private final AtomicReference<Close> asked = new AtomicReference<>(); // a polite close
	private volatile InetSocketAddress remote;
	private volatile String subprotocol = "";
	private volatile Inbox inbox; // null before a server's acceptor named a listener

	// the rest is the loop's
	private Phase phase = Phase.CONNECTING;
	private Wire wire; // null before there is a socket
	private FrameReader frames; // null before it is open
	private Head.Collector head;
	private final Deque<ByteBuffer> control = new ArrayDeque<>(2); // heads and close frames: before what is queued, but never inside a frame
	private final Deque<byte[]> pongs = new ArrayDeque<>(2); // pings to answer
	private boolean ownPing; // one of the half-open check is to be sent
	private boolean told; // the listener knows the ending
	private boolean closeSent;
	private boolean finSent;
	private boolean failing; // the wire broke, and its last bytes are read
	private long deadline = NEVER;
	private long heard;
	private long pinged; // when our unanswered ping was queued, or 0
	private long progressed; // when the socket last took something, or something began to wait
	private boolean waiting; // something waits for the socket
	private long controlSecond;
	private int controlFrames;
	private long batchBytes;
	private boolean direct; // what is read now may be delivered at once

	Connection(WebSockets engine, Loop loop, WebSocketLimits limits, boolean client) {
		this.engine = engine;
		this.loop = loop;
		this.limits = limits;
		this.client = client;
		queue = new SendQueue(limits.queueBytes());
	}

	// ---- any thread

	@Override
	public SendResult send(byte[] payload, SendMode mode) {
		return send(Frames.BINARY, payload, mode);
	}

	@Override
	public SendResult send(String text, SendMode mode) {
		return send(Frames.TEXT, text.getBytes(StandardCharsets.UTF_8), mode);
	}

	private SendResult send(int opcode, byte[] payload, SendMode mode) {
		if (payload.length > limits.maxMessageBytes()) {
			return SendResult.TOO_BIG;
		}
		return offer(Frames.encode(opcode, payload, client ? engine.masks() : null), mode == SendMode.LOSSY);
	}

	@Override
	public SendResult send(PreparedMessage message, SendMode mode) {
		if (client) {
			return send(message.isText() ? Frames.TEXT : Frames.BINARY, message.payload(), mode);
		}
		return message.payloadBytes() > limits.maxMessageBytes() ? SendResult.TOO_BIG : offer(message.frame(), mode == SendMode.LOSSY);
	}

	@Override
	public SendResult ping(byte[] payload) {
		if (payload.length > Frames.MAX_CONTROL_BYTES) {
			throw new IllegalArgumentException("expected a ping of at most " + Frames.MAX_CONTROL_BYTES + " bytes, got " + payload.length);
		}
		pongsDue.incrementAndGet(); // before it can be answered
		SendResult result = offer(Frames.encode(Frames.PING, payload, client ? engine.masks() : null), false);
		if (result != SendResult.ACCEPTED) {
			pongsDue.decrementAndGet();
		}
		return result;
	}

	private SendResult offer(byte[] frame, boolean lossy) {
		SendResult result = queue.offer(frame, lossy);
		if (result == SendResult.ACCEPTED) {
			markDirty();
		}
		return result;
	}

	@Override
	public long queuedBytes() {
		return queue.bytes();
	}

	@Override
	public long droppedMessages() {
		return queue.dropped();
	}

	@Override
	public void pauseReading() {
		Inbox to = inbox;
		if (to != null) {
			to.pause();
			markDirty();
		}
	}

	@Override
	public void resumeReading() {
		Inbox to = inbox;
		if (to != null) {
			to.resume();
			markDirty();
		}
	}

	@Override
	public void close(int code, String reason) {
		if (!FrameReader.isCloseCode(code)) {
			throw new IllegalArgumentException("expected a close code of 1000 to 1003, 1007 to 1014 or 3000 to 4999, got " + code);
		}
		if (asked.compareAndSet(null, new Close(code, cut(reason)))) {
			queue.refuse();
			discardMessages();
			markDirty();
		}
	}

	/** Cuts at a character boundary to what fits into a close frame (RFC 6455, 5.5.1). */
	private static String cut(String reason) {
		byte[] utf8 = reason.getBytes(StandardCharsets.UTF_8);
		int end = Math.min(utf8.length, MAX_REASON_BYTES);
		while (end < utf8.length && (utf8[end] & 0xC0) == 0x80) {
			end--;
		}
		return new String(utf8, 0, end, StandardCharsets.UTF_8);
	}

	@Override
	public void abort() {
		aborted = true;
		queue.refuse();
		discardMessages();
		markDirty();
	}

	private void discardMessages() {
		Inbox to = inbox;
		if (to != null) {
			to.discard();
		}
	}

	/** The listener's code cannot run any more. */
	void listenerGone() {
		close(1011, "");
	}

	@Override
	public InetSocketAddress remoteAddress() {
		return remote;
	}

	@Override
	public String subprotocol() {
		return subprotocol;
	}

	/** Asks for a turn of the loop; many requests make one turn. */
	void markDirty() {
		if (dirty.compareAndSet(false, true)) {
			loop.dirty(this);
		}
	}

	// ---- the loop: setting up

	final void listener(WebSocketListener listener) {
		inbox = new Inbox(listener, this, engine.callbacks(loop), limits.inboundBytes());
	}

	final void reached(WebSocketStep next) {
		inbox.step(next);
	}

	final void remote(InetSocketAddress address) {
		remote = address;
	}

	final Phase phase() {
		return phase;
	}

	final void phase(Phase next, Duration limit) {
		phase = next;
		deadline = limit == null ? NEVER : loop.now() + limit.toNanos();
	}

	final void deadline(long at) {
		deadline = at;
	}

	final void wire(SocketChannel opened, int interest) throws IOException {
		wire = new Wire(this, loop, engine, opened, opened.register(loop.selector(), interest, this));
	}

	final Wire wire() {
		return wire;
	}

	/** Gives up a socket that did not come up; another one may follow. */
	final void dropWire() {
		if (wire != null) {
			wire.close();
			wire = null;
		}
	}

	/** TCP is up: TLS or HTTP is next. */
	final void established(Tls with, Duration limit) throws IOException {
		heard = loop.now();
		if (with == null) {
			phase(Phase.HEAD, limit);
			awaitHead();
		} else {
			phase(Phase.TLS, limit);
			wire.secure(with);
		}
		again();
	}

	@Override
	public final void secured() throws IOException {
		// a server has one time for both, a client one for each
		phase(Phase.HEAD, client ? limits.handshakeTimeout() : Duration.ofNanos(Math.max(1, deadline - loop.now())));
		awaitHead();
	}

	private void awaitHead() throws IOException {
		nextHead();
		begun();
	}

	/** The wire is ready for HTTP. */
	abstract void begun() throws IOException;

	/** The peer's head is whole. */
	abstract void received(Head whole) throws IOException;

	final void send(byte[] bytes) {
		control.add(ByteBuffer.wrap(bytes));
	}

	/** Waits for another head, behind one that was no answer yet. */
	final void nextHead() {
		head = new Head.Collector(limits.maxHeadBytes());
	}

	/** What follows the head is the body, within the time that is left. */
	final void readingBody() {
		head = null;
		phase = Phase.BODY;
	}

	/** The handshake is done. */
	final void opened(String agreed) {
		subprotocol = agreed;
		head = null;
		frames = new FrameReader(this, client, limits);
		phase(Phase.OPEN, null);
		heard = loop.now();
		controlSecond = heard; // the clock may be negative, so zero is no time
		queue.open();
		inbox.opened();
		if (aborted || asked.get() != null) {
			queue.refuse();
		}
	}

	/** The acceptor decides now, within the time that is left. */
	final void deciding() {
		phase = Phase.DECIDING;
	}

	// ---- the loop: turns

	/** Serves what other threads asked for. */
	final void turn() {
		dirty.set(false); // before looking, so that a later request makes another turn
		if (phase == Phase.ENDED) {
			return;
		}
		try {
			serve();
		} catch (Throwable e) {
			failed(e);
		}
	}

	private void serve() throws IOException {
		if (aborted) {
			end(ending(WebSocketEnding.Kind.CLOSED_BY_US, 1006, "aborted"));
			return;
		}
		if (asked.get() != null && phase == Phase.OPEN) {
			phase(Phase.CLOSING, limits.closeTimeout());
		} else if (asked.get() != null && phase.ordinal() < Phase.OPEN.ordinal()) {
			end(ending(WebSocketEnding.Kind.CLOSED_BY_US, 1006, "closed before it was open"));
			return;
		}
		again();
	}

	@Override
	public final void again() throws IOException {
		if (wire != null && phase != Phase.CONNECTING && phase != Phase.ENDED) {
			flush();
			updateInterest();
		}
	}

	@Override
	public final void ready(SelectionKey ready) throws IOException {
		if (phase == Phase.CONNECTING) {
			connectable();
			return;
		}
		if (ready.isReadable()) {
			wire.read();
		}
		again();
	}

	@Override
	public final boolean isEnded() {
		return phase == Phase.ENDED;
	}

	/** TCP came up, or did not. */
	abstract void connectable() throws IOException;

	@Override
	public final void failed(Throwable cause) {
		try {
			if (cause instanceof SSLException) {
				if (wire != null) {
					wire.alert();
				}
				end(ending(WebSocketEnding.Kind.TLS, 1006, "TLS failed: " + Text.causes(cause)));
			} else if (cause instanceof IOException) {
				readLastWords();
				if (phase != Phase.ENDED) {
					broke(Text.line(cause.getMessage()));
				}
			} else {
				LOG.error("A turn of a connection failed; it ends, the others go on", cause);
				end(ending(WebSocketEnding.Kind.INTERNAL, 1006, "a defect of the engine: " + cause.getClass().getName()));
			}
		} catch (Throwable e) {
			LOG.error("Ending a connection failed", e);
			closeChannel();
		}
	}

	/** When a write fails, what the peer said before it left may still be unread: above all its close frame. */
	private void readLastWords() {
		failing = true; // the end of the stream is no news
		try {
			for (int i = 0; i < LAST_READS && (phase == Phase.OPEN || phase == Phase.CLOSING) && !isHeld(); i++) {
				wire.read();
			}
		} catch (IOException e) {
			LOG.debug("Nothing more is to be read: {}", e.toString());
		}
	}

	@Override
	public final void received(ByteBuffer in) throws IOException {
		heard = loop.now();
		direct = engine.callsOnLoop() && inbox != null && inbox.isIdle();
		try {
			while (in.hasRemaining()) {
				switch (phase) {
					case HEAD -> readHead(in);
					case OPEN, CLOSING -> {
						frames.read(in);
						if (phase == Phase.OPEN || phase == Phase.CLOSING) {
							return;
						}
					}
					case DECIDING -> {
						early(in);
						return;
					}
					case BODY -> body(in);
					default -> in.position(in.limit()); // nothing after the end matters
				}
			}
		} finally {
			handOver();
		}
	}

	private void readHead(ByteBuffer in) throws IOException {
		if (head.read(in)) {
			Head whole;
			try {
				whole = head.head();
			} catch (IllegalArgumentException e) {
				badHead(400, WebSocketEnding.Kind.PROTOCOL, e.getMessage());
				return;
			}
			received(whole);
		} else if (head.isTooLong()) {
			badHead(431, WebSocketEnding.Kind.TOO_BIG, "expected an HTTP head of at most " + limits.maxHeadBytes() + " bytes");
		}
	}

	/** The peer's head cannot be used; a server answers with the status. */
	abstract void badHead(int status, WebSocketEnding.Kind kind, String detail) throws IOException;

	/** Bytes that came while the acceptor decides. */
	abstract void early(ByteBuffer in);

	/** Bytes of a body. */
	void body(ByteBuffer in) throws IOException {
		throw new IllegalStateException("a WebSocket has no body");
	}

	/** The peer ends within a body; returns whether that was the end of it. */
	boolean bodyEnds() {
		return false;
	}

	/** What is awaited until it is open, in the words of an ending. */
	String step() {
		return "upgrade";
	}

	/** Reads bytes that were held back. */
	final void replay(byte[] bytes) throws IOException {
		if (bytes.length > 0) {
			received(ByteBuffer.wrap(bytes));
		}
	}

	private void handOver() {
		if (!loop.batch.isEmpty()) {
			if (inbox != null) {
				inbox.post(loop.batch, batchBytes);
			}
			loop.batch.clear();
		}
		batchBytes = 0;
	}

	@Override
	public final void endOfStream() {
		if (failing) {
			return;
		}
		if (phase == Phase.LINGERING) {
			closeChannel();
		} else if (phase != Phase.BODY || !bodyEnds()) {
			broke("end of stream without a close frame");
		}
	}

	/** The wire broke. */
	private void broke(String how) {
		switch (phase) {
			case LINGERING -> closeChannel();
			case TLS -> end(ending(WebSocketEnding.Kind.TLS, 1006, "expected to agree on TLS, got: " + how));
			case CLOSING -> end(closeSent ? closedByUs("the peer ended without a close frame of its own")
					: ending(WebSocketEnding.Kind.LOST, 1006, "lost before everything was sent: " + how));
			case HEAD, BODY -> end(ending(WebSocketEnding.Kind.LOST, 1006, "lost in the " + step() + ": " + how));
			default -> end(ending(WebSocketEnding.Kind.LOST, 1006, "lost: " + how));
		}
	}

	// ---- the loop: writing

	private void flush() throws IOException {
		boolean progress = wire.drain();
		if (phase != Phase.ENDED && !wire.isBlocked()) {
			progress |= gather();
		}
		if (phase == Phase.ENDED) {
			return;
		}
		boolean more = hasMore();
		if (progress || more && !waiting) {
			progressed = loop.now();
		}
		waiting = more;
		if (!more && phase == Phase.LINGERING && !finSent) {
			finSent = wire.finish();
			waiting = wire.hasResidue();
		}
	}

	/** Writes up to 64 KiB; returns whether the socket took any of it. */
	private boolean gather() throws IOException {
		ByteBuffer out = wire.buffer();
		fill(out);
		return out.flip().hasRemaining() && wire.write(out);
	}

	private void fill(ByteBuffer out) {
		if (queue.midFrame()) {
			queue.take(out);
		}
		if (!queue.midFrame()) {
			fillControl(out);
			if (control.isEmpty() && (phase == Phase.OPEN || phase == Phase.CLOSING && !closeSent)) {
				queue.take(out);
				if (phase == Phase.CLOSING && queue.isEmpty()) {
					sendClose(asked.get().code, asked.get().reason);
					fillControl(out);
				}
			}
		}
	}

	private void fillControl(ByteBuffer out) {
		while (!control.isEmpty() && out.hasRemaining()) {
			ByteBuffer next = control.peek();
			int part = Math.min(out.remaining(), next.remaining());
			out.put(out.position(), next, next.position(), part);
			out.position(out.position() + part);
			next.position(next.position() + part);
			if (!next.hasRemaining()) {
				control.poll();
			}
		}
		if (control.isEmpty() && !closeSent && (phase == Phase.OPEN || phase == Phase.CLOSING)) {
			while (!pongs.isEmpty() && out.remaining() > pongs.peek().length + 6) {
				out.put(Frames.encode(Frames.PONG, pongs.poll(), client ? engine.masks() : null));
			}
			if (ownPing && out.remaining() > OWN_PING.length + 6) {
				out.put(Frames.encode(Frames.PING, OWN_PING, client ? engine.masks() : null));
				ownPing = false;
			}
		}
	}

	private void sendClose(int code, String reason) {
		closeSent = true;
		control.add(ByteBuffer.wrap(Frames.close(code, reason, client ? engine.masks() : null)));
	}

	@Override
	public final void written(int count, boolean all) {
		if (queue.written(count, all) && inbox != null) {
			inbox.writable();
		}
	}

	private boolean hasMore() {
		return wire.hasResidue() || !control.isEmpty() || !closeSent && (!pongs.isEmpty() || ownPing || phase == Phase.CLOSING) || !queue.isEmpty();
	}

	private void updateInterest() {
		if (phase == Phase.ENDED) {
			return;
		}
		wire.interest(phase != Phase.DECIDING && !(phase == Phase.OPEN && isHeld()), waiting);
	}

	private boolean isHeld() {
		return inbox != null && (inbox.isPaused() | inbox.isFull());
	}

	// ---- the loop: frames

	@Override
	public final void message(byte[] payload, boolean text) {
		if (phase == Phase.OPEN && !(direct && loop.batch.isEmpty() && inbox.deliver(payload, text))) {
			loop.batch.add(text ? new Inbox.Text(payload) : payload);
			batchBytes += payload.length;
		}
	}

	@Override
	public final void pinged(byte[] payload) {
		if (controlAllowed()) {
			if (pongs.size() == MAX_PONGS) {
				pongs.poll(); // an unsent answer to an earlier ping may give way (RFC 6455, 5.5.3)
			}
			pongs.add(payload);
		}
	}

	@Override
	public final void ponged(byte[] payload) {
		if (Arrays.equals(payload, OWN_PING)) {
			controlAllowed();
			return;
		}
		boolean due = pongsDue.get() > 0; // what was asked for is no flood, however much it is
		if (due) {
			pongsDue.decrementAndGet();
		}
		if ((due || controlAllowed()) && phase == Phase.OPEN) {
			loop.batch.add(new Inbox.Pong(payload));
			batchBytes += payload.length;
		}
	}

	private boolean controlAllowed() {
		if (loop.now() - controlSecond >= 1_000_000_000L) {
			controlSecond = loop.now();
			controlFrames = 0;
		}
		if (++controlFrames > limits.controlFramesPerSecond()) {
			frames.stop();
			broken(WebSocketEnding.Kind.PROTOCOL, 1008, "expected at most " + limits.controlFramesPerSecond() + " pings and pongs in a second");
			return false;
		}
		return true;
	}

	@Override
	public final void peerClosed(int code, String reason) {
		handOver();
		if (!closeSent) {
			queue.truncate();
			sendClose(code == 1005 ? 1000 : code, "");
		}
		WebSocketEnding how = phase == Phase.CLOSING ? closedByUs("closed as asked for")
				: new WebSocketEnding(WebSocketEnding.Kind.CLOSED_BY_PEER, code, Text.line(reason), 0, -1, "the peer closed with code " + code);
		linger(how);
	}

	@Override
	public final void broken(WebSocketEnding.Kind kind, int code, String detail) {
		handOver();
		if (!closeSent) {
			queue.truncate();
			sendClose(code, detail.length() <= MAX_REASON_BYTES ? detail : "");
		}
		linger(phase == Phase.CLOSING ? closedByUs(detail) : ending(kind, code, detail));
	}

	// ---- the loop: time

	final void tick() {
		if (phase == Phase.ENDED) {
			return;
		}
		try {
			long now = loop.now();
			if (now - deadline >= 0 && deadline != NEVER) {
				deadline = NEVER;
				late();
			} else if (phase == Phase.OPEN) {
				checkPeer(now);
			}
		} catch (Throwable e) {
			failed(e);
		}
	}

	private void late() throws IOException {
		switch (phase) {
			case CONNECTING -> connectLate();
			case TLS -> end(ending(WebSocketEnding.Kind.TIMEOUT, 1006, "the TLS handshake took longer than " + limits.handshakeTimeout()));
			case HEAD, DECIDING, BODY -> end(ending(WebSocketEnding.Kind.TIMEOUT, 1006, "the " + step() + " took longer than " + limits.handshakeTimeout()));
			case CLOSING -> end(closedByUs("the peer did not close within " + limits.closeTimeout()));
			default -> closeChannel();
		}
	}

	/** The time for one address is over. */
	abstract void connectLate() throws IOException;

	private void checkPeer(long now) throws IOException {
		if (waiting && now - progressed >= limits.writeStallTimeout().toNanos()) {
			end(ending(WebSocketEnding.Kind.WRITE_STALL, 1006, "the peer took nothing for " + limits.writeStallTimeout()));
		} else if (isHeld()) {
			heard = now; // we do not listen, so silence says nothing
			pinged = 0;
			updateInterest();
		} else if (pinged != 0 && heard - pinged > 0) {
			pinged = 0;
		} else if (pinged != 0 && now - pinged >= limits.pongTimeout().toNanos()) {
			end(ending(WebSocketEnding.Kind.HALF_OPEN, 1006,
					"nothing came for " + limits.pingInterval() + ", and no answer to a ping for " + limits.pongTimeout()));
		} else if (pinged == 0 && now - heard >= limits.pingInterval().toNanos()) {
			pinged = now;
			ownPing = true;
			again();
		}
	}

	// ---- the loop: the end

	static WebSocketEnding ending(WebSocketEnding.Kind kind, int code, String detail) {
		return new WebSocketEnding(kind, code, "", 0, -1, detail);
	}

	private WebSocketEnding closedByUs(String detail) {
		return new WebSocketEnding(WebSocketEnding.Kind.CLOSED_BY_US, asked.get().code, asked.get().reason, 0, -1, detail);
	}

	/** Tells the ending and closes the socket. */
	final void end(WebSocketEnding how) {
		tell(how);
		closeChannel();
	}

	/** Tells the ending, and lets the last bytes reach the peer. */
	final void linger(WebSocketEnding how) {
		tell(how);
		if (phase != Phase.ENDED) {
			phase(Phase.LINGERING, limits.closeTimeout());
		}
	}

	private void tell(WebSocketEnding cause) {
		if (told) {
			return;
		}
		told = true;
		// of two ends in one engine the first to go must not look to the second like a peer that closed
		WebSocketEnding how = engine.isClosed() ? ENGINE_CLOSED : cause;
		queue.refuse();
		// what a server or a proxy answers is in its own words and may repeat a header: whoever sent that knows what is to be taken out
		boolean quotes = how.kind() == WebSocketEnding.Kind.REFUSED || how.kind() == WebSocketEnding.Kind.UNREACHABLE;
		LOG.debug("A connection of the {} role ended: {}", client ? "client" : "server", quotes ? how.kind() + ", status " + how.httpStatus() : how);
		Inbox to = inbox;
		if (to != null) {
			if (how.kind() == WebSocketEnding.Kind.ENGINE_CLOSED) {
				to.discard();
			}
			to.closed(how);
		}
	}

	/** The engine or the server is closed: one attempt to say so, without waiting. */
	final void engineClosed() {
		try {
			if ((phase == Phase.OPEN || phase == Phase.CLOSING) && !closeSent) {
				queue.truncate();
				sendClose(1001, "");
				linger(ENGINE_CLOSED);
				flush();
			}
		} catch (IOException | RuntimeException e) {
			LOG.debug("A connection ended without a goodbye: {}", e.toString());
		} finally {
			tell(ENGINE_CLOSED);
			if (loop.isStopping() || phase != Phase.LINGERING) {
				closeChannel();
			} else {
				updateInterest();
			}
		}
	}

	private void closeChannel() {
		phase(Phase.ENDED, null);
		queue.clear();
		dropWire();
		loop.remove(this);
		control.clear();
		released();
	}

	/** The socket is closed; called once or more. */
	void released() {
	}
}
