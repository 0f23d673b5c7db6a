package com.acme.transport;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

import dcl.transport.Delivery;
import dcl.transport.Delivery.Reliability;
import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.spi.Link;
import dcl.transport.spi.LinkContext;

/**
 * One connection to an acme server. What comes is read, and told to the context, on the thread of {@link AcmeIo}; what is sent is queued under the lock, and
 * written there too. No foreign code is called with the lock held.
 */
final class AcmeLink implements Link, AcmeIo.Handler {

	/** The times of the settings. */
	record Times(Duration handshake, Duration ping, Duration silence) {
	}

	static final int MAX_PACKET_BYTES = 32_000;
	private static final int HELD_BYTES = 65_536;
	private static final long CLOSE_MILLIS = 800;
	private static final CompletableFuture<Void> TAKEN = CompletableFuture.completedFuture(null);

	private final AcmeIo io;
	private final AcmeAddress address;
	private final LinkContext context;
	private final PeerId self;
	private final Times times;
	private final CompletableFuture<Link> opened = new CompletableFuture<>();
	private final CompletableFuture<Void> closed = new CompletableFuture<>();

	// On the thread of AcmeIo alone:
	private final ByteBuffer in = ByteBuffer.allocate(2 * Frame.MAX_BYTES);
	private Iterator<InetAddress> untried;
	private SocketChannel channel;
	private SelectionKey key;
	private boolean paused;
	private boolean over;
	private long heardNanos;
	private long confirmed;
	private Future<?> timer;
	private volatile Set<PeerId> present = Set.of();

	private final Object lock = new Object();
	// Guarded by lock:
	private final Queue<ByteBuffer> out = new ArrayDeque<>();
	private int held;
	private long reliable;
	private CompletableFuture<Void> room;
	private boolean leaving;
	private boolean dead;

	AcmeLink(AcmeIo io, AcmeAddress address, LinkContext context, PeerId self, Times times) {
		this.io = io;
		this.address = address;
		this.context = context;
		this.self = self;
		this.times = times;
	}

	/** Connects to the first of the addresses that answers. */
	CompletionStage<Link> open(List<InetAddress> addresses) {
		if (!io.add(this)) {
			return CompletableFuture.failedFuture(new TransportException(Code.PROVIDER_GONE, "the acme provider was stopped"));
		}
		untried = addresses.iterator();
		io.execute(() -> {
			after(times.handshake(), () -> fail(Code.TIMEOUT, "no welcome from " + address + " within " + times.handshake().toMillis() + " ms"));
			connect(null);
		});
		context.abandoned().thenRun(() -> io.execute(() -> fail(Code.NOT_CONNECTED, "nobody waits for this link any more")));
		return opened;
	}

	// ---- for the registry

	@Override
	public Set<PeerId> peers() {
		return present;
	}

	@Override
	public int maxPacketBytes() {
		return MAX_PACKET_BYTES;
	}

	/** Newer than the API this is compiled against: so without {@code @Override}. A registry that knows it waits for what {@link LinkContext#confirmed} tells. */
	public boolean confirms() {
		return true;
	}

	@Override
	public CompletionStage<Void> send(Packet packet, Delivery delivery) {
		boolean lossy = delivery.reliability() == Reliability.LOSSY;
		ByteBuffer frame = new Frame.Writer(Frame.PACKET).flag(lossy).texts(delivery.peers().stream().map(PeerId::value).toList())
				.text(delivery.topic()).rest(packet.asByteBuffer()).end();
		CompletableFuture<Void> stage = TAKEN;
		synchronized (lock) {
			if (leaving || dead) {
				return CompletableFuture.failedFuture(new TransportException(Code.NOT_CONNECTED, "the connection is over"));
			}
			if (!lossy) {
				reliable++;
			}
			if (queue(frame) > HELD_BYTES) {
				room = room == null ? new CompletableFuture<>() : room;
				stage = room;
			}
		}
		io.execute(this::write);
		return stage;
	}

	/** The lock is held. */
	private int queue(ByteBuffer frame) {
		out.add(frame);
		held += frame.remaining();
		return held;
	}

	@Override
	public CompletionStage<Void> close() {
		synchronized (lock) {
			if (leaving || dead) {
				return closed;
			}
			leaving = true;
			queue(new Frame.Writer(Frame.BYE).text("").end());
		}
		io.execute(() -> {
			if (!over) {
				over = true; // whatever comes now is for nobody
				after(Duration.ofMillis(CLOSE_MILLIS), this::shut);
				write();
			}
		});
		return closed;
	}

	// ---- on the thread of AcmeIo

	private void after(Duration time, Runnable task) {
		if (timer != null) {
			timer.cancel(false);
		}
		try {
			timer = context.executor().schedule(() -> io.execute(task), time.toMillis(), TimeUnit.MILLISECONDS);
		} catch (RejectedExecutionException e) { // the context is retired
			task.run();
		}
	}

	private void connect(IOException failure) {
		if (opened.isDone()) {
			return;
		}
		if (!untried.hasNext()) {
			fail(Code.UNREACHABLE, address + " cannot be reached: " + (failure == null ? "no address" : failure.getMessage()));
			return;
		}
		try {
			channel = SocketChannel.open();
			channel.configureBlocking(false);
			channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
			key = channel.register(io.selector(), SelectionKey.OP_CONNECT, this);
			if (channel.connect(new InetSocketAddress(untried.next(), address.port()))) {
				connected();
			}
		} catch (IOException e) {
			drop();
			connect(e);
		}
	}

	private void connected() {
		synchronized (lock) {
			queue(new Frame.Writer(Frame.HELLO).text(address.room()).text(address.token()).text(self.value()).end());
		}
		key.interestOps(SelectionKey.OP_READ);
		write();
	}

	@Override
	public void ready(SelectionKey ready) {
		try {
			if (ready.isConnectable()) {
				channel.finishConnect();
				connected();
			} else {
				if (ready.isReadable()) {
					read();
				}
				if (ready.isValid() && ready.isWritable()) {
					write();
				}
			}
		} catch (IOException e) {
			if (!opened.isDone() && channel != null && !channel.isConnected()) {
				drop();
				connect(e);
			} else {
				lost(e.getMessage());
			}
		}
	}

	private void read() throws IOException {
		int count = channel.read(in);
		heardNanos = System.nanoTime();
		if (count < 0) {
			lost("the server hung up");
			return;
		}
		digest();
	}

	/** Takes the frames that have come, one after the other, until the host is too slow. */
	private void digest() {
		in.flip();
		try {
			while (!paused && !closed.isDone()) {
				Frame frame = Frame.next(in);
				if (frame == null) {
					break;
				}
				if (!over) {
					handle(frame);
				}
			}
		} catch (Frame.Malformed e) {
			broken(e.getMessage());
		}
		in.compact();
	}

	private void handle(Frame frame) {
		try {
			switch (frame.kind()) {
				case Frame.WELCOME -> welcome(frame.texts());
				case Frame.REFUSED -> fail(Code.REFUSED, frame.text());
				case Frame.JOINED -> context.peerJoined(PeerId.of(frame.text()));
				case Frame.LEFT -> context.peerLeft(PeerId.of(frame.text()));
				case Frame.PACKET -> received(frame);
				case Frame.PONG -> pong(frame.number());
				case Frame.KICKED -> end(Reason.KICKED, frame.text());
				case Frame.BYE -> end(Reason.SERVER, frame.text());
				default -> odd("a frame of a known kind expected, one of kind " + frame.kind() + " came");
			}
		} catch (Frame.Malformed | IllegalArgumentException e) {
			odd(e.getMessage());
		}
	}

	private void welcome(List<String> names) {
		if (opened.isDone()) {
			odd("a second welcome came");
			return;
		}
		present = names.stream().map(PeerId::of).collect(Collectors.toCollection(LinkedHashSet::new));
		heardNanos = System.nanoTime();
		after(times.ping(), this::ping);
		opened.complete(this);
	}

	private void received(Frame frame) throws Frame.Malformed {
		Reliability reliability = frame.flag() ? Reliability.LOSSY : Reliability.RELIABLE;
		PeerId from = PeerId.of(frame.text());
		String topic = frame.text();
		CompletionStage<Void> queued = context.received(from, Packet.wrap(ByteBuffer.wrap(frame.rest())), reliability, topic);
		if (!queued.toCompletableFuture().isDone()) {
			paused = true;
			key.interestOpsAnd(~SelectionKey.OP_READ);
			queued.thenRun(() -> io.execute(this::goOn));
		}
	}

	private void goOn() {
		paused = false;
		heardNanos = System.nanoTime(); // while we did not listen, silence meant nothing
		digest();
		if (!paused && key != null && key.isValid()) {
			key.interestOpsOr(SelectionKey.OP_READ);
		}
	}

	/** Asks the server to say how far it has read, and looks whether it said anything lately. */
	private void ping() {
		if (over) {
			return;
		}
		if (!paused && System.nanoTime() - heardNanos > times.silence().toNanos()) {
			lost("nothing was heard for " + times.silence().toMillis() + " ms");
			return;
		}
		synchronized (lock) {
			queue(new Frame.Writer(Frame.PING).number(reliable).end());
		}
		write();
		after(times.ping(), this::ping);
	}

	private void pong(long read) {
		long most;
		synchronized (lock) {
			most = reliable;
		}
		if (read < confirmed || read > most) {
			odd("a pong with a number from " + confirmed + " to " + most + " expected, " + read + " came");
		} else if (read > confirmed) {
			long more = read - confirmed;
			confirmed = read;
			context.confirmed(more);
		}
	}

	private void write() {
		CompletableFuture<Void> goOn = null;
		boolean done;
		try {
			synchronized (lock) {
				while (!dead && !out.isEmpty() && channel != null && channel.isConnected()) {
					int written = channel.write(out.peek());
					held -= written;
					if (out.peek().hasRemaining()) {
						break;
					}
					out.remove();
				}
				done = out.isEmpty();
				if (held <= HELD_BYTES / 2) {
					goOn = room;
					room = null;
				}
			}
		} catch (IOException e) {
			lost(e.getMessage());
			return;
		}
		if (goOn != null) {
			goOn.complete(null);
		}
		if (key != null && key.isValid()) {
			if (done) {
				key.interestOpsAnd(~SelectionKey.OP_WRITE);
			} else if (channel.isConnected()) {
				key.interestOpsOr(SelectionKey.OP_WRITE);
			}
		}
		if (done && over) {
			shut();
		}
	}

	// ---- the end

	/** Something that makes no sense: the end of a handshake, but not of a conversation. */
	private void odd(String what) {
		if (opened.isDone()) {
			context.invalid(what);
		} else {
			fail(Code.PROTOCOL, what);
		}
	}

	private void broken(String what) {
		if (opened.isDone()) {
			end(Reason.PROTOCOL, what);
		} else {
			fail(Code.PROTOCOL, what);
		}
	}

	private void lost(String what) {
		if (opened.isDone()) {
			end(Reason.LOST, what == null ? "" : what);
		} else {
			fail(Code.UNREACHABLE, "the connection to " + address + " broke before the welcome");
		}
	}

	/** The handshake failed; nothing happens once it is over. */
	private void fail(Code code, String why) {
		if (opened.completeExceptionally(new TransportException(code, why))) {
			over = true;
			shut();
		}
	}

	private void end(Reason reason, String detail) {
		if (!over) {
			over = true;
			context.closed(new Disconnection(reason, detail));
		}
		shut();
	}

	@Override
	public void stopped() {
		fail(Code.PROVIDER_GONE, "the acme provider was stopped");
		over = true;
		shut();
	}

	private void drop() {
		try {
			if (channel != null) {
				channel.close();
			}
		} catch (IOException e) {
			channel = null; // it is as gone as it can be
		}
	}

	private void shut() {
		CompletableFuture<Void> goOn;
		synchronized (lock) {
			dead = true;
			out.clear();
			held = 0;
			goOn = room;
			room = null;
		}
		if (timer != null) {
			timer.cancel(false);
		}
		drop();
		io.remove(this);
		closed.complete(null);
		if (goOn != null) {
			goOn.complete(null);
		}
	}
}
