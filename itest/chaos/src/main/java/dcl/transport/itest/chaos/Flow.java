package dcl.transport.itest.chaos;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;

import dcl.transport.itest.chaos.Script.Step;
import dcl.transport.itest.chaos.Script.Unit;

/** One direction of one connection: what came, what is done to it, and what waits to go on. Used by the proxy's thread alone. */
final class Flow {

	/** Bytes that wait to go on; more are not read. */
	private static final int MAX_QUEUED = 256 << 10;
	/** A longer frame passes as it is. */
	private static final int MAX_FRAME = 1 << 20;
	private static final int SLICES_PER_SECOND = 50;

	/** Bytes, or a fault that happens once what is before it has gone on; neither for the end of the stream. */
	private record Chunk(ByteBuffer bytes, Fault fault, long due) {
	}

	private final Pair pair;
	private final Side side;
	private final List<Step> steps; // those at a place in this stream that is yet to come
	private final Units frames = new Units.Frames();
	private final Units records = new Units.Records();
	private final Deque<Chunk> queue = new ArrayDeque<>();
	private final ByteArrayOutputStream piece = new ByteArrayOutputStream();
	private final List<byte[]> injected = new ArrayList<>();
	private ByteArrayOutputStream frame; // one that is being collected, to be altered, or null
	private ByteArrayOutputStream merged = new ByteArrayOutputStream();
	private int queued;
	private long passed;
	private long lastDue;
	private long nextWrite;
	private long wake; // when a turn is due, or 0
	private boolean blocked; // the socket takes nothing
	private boolean ended; // nothing more comes
	private boolean finished; // and it has gone on

	private long latencyMillis;
	private long jitterMillis;
	private long bandwidth;
	private boolean noRead;
	private boolean noWrite;
	private boolean drop;
	private boolean corrupt;
	private boolean duplicate;
	private long holdMillis;
	private int opcode = -1;
	private int split;
	private int merge;
	private long delayPongMillis;

	Flow(Pair pair, Side side, List<Step> steps) {
		this.pair = pair;
		this.side = side;
		this.steps = new ArrayList<>(steps.stream().filter(step -> step.side() == side).toList());
	}

	private SocketChannel to() {
		return side == Side.UP ? pair.server() : pair.client();
	}

	long passed() {
		return passed;
	}

	boolean isFinished() {
		return finished;
	}

	boolean wantsRead() {
		return !ended && !noRead && queued < MAX_QUEUED;
	}

	boolean wantsWrite() {
		return blocked && !noWrite && !finished;
	}

	// ---- faults

	void apply(Fault fault) {
		switch (fault.kind()) {
			case LATENCY -> {
				latencyMillis = fault.amount();
				jitterMillis = fault.extra();
			}
			case BANDWIDTH -> bandwidth = fault.amount();
			case STOP_READ -> noRead = true;
			case STOP_WRITE -> noWrite = true;
			case STOP -> {
				noRead = true;
				noWrite = true;
			}
			case RESUME -> {
				noRead = false;
				noWrite = false;
				bandwidth = 0;
			}
			case DROP -> drop = true;
			case CORRUPT -> corrupt = true;
			case DUPLICATE -> duplicate = true;
			case HOLD -> holdMillis = fault.amount();
			case INJECT -> inject(WsFrame.of((int) fault.amount(), fault.payload(), side == Side.UP));
			case OPCODE -> opcode = (int) fault.amount();
			case SPLIT -> split = (int) fault.amount();
			case MERGE -> merge = (int) fault.amount();
			case DELAY_PONG -> delayPongMillis = fault.amount();
			default -> throw new IllegalStateException(fault + " is not of one direction");
		}
	}

	void applyAfter(long bytes, Fault fault, int connection) {
		steps.add(new Step(Unit.BYTES, 0, passed + bytes, side, connection, fault));
	}

	/** Forgets what waits, and whatever comes. */
	void discard() {
		drop = true;
		noRead = false;
		noWrite = false;
		queue.clear();
		queued = 0;
		finished = true;
	}

	private void inject(byte[] bytes) {
		injected.add(bytes);
		if (frames.atStart()) {
			flushInjected();
		}
	}

	private void flushInjected() {
		flushPiece();
		injected.forEach(this::enqueue);
		injected.clear();
	}

	// ---- what comes

	void arrived(ByteBuffer in) {
		while (in.hasRemaining()) {
			fire(true);
			byte b = in.get();
			if (corrupt) {
				corrupt = false;
				b ^= (byte) (1 << pair.random().nextInt(8));
			}
			if (frame == null && isAltering() && frames.atStart()) {
				flushPiece();
				frame = new ByteArrayOutputStream();
			}
			frames.next(b);
			records.next(b);
			passed++;
			(frame == null ? piece : frame).write(b);
			if (frames.atStart()) {
				if (frame != null) {
					alter(frame.toByteArray());
					frame = null;
				}
				if (!injected.isEmpty()) {
					flushInjected();
				}
			} else if (frame != null && frame.size() > MAX_FRAME) {
				piece.writeBytes(frame.toByteArray());
				frame = null;
			}
			fire(false);
		}
		flushPiece();
	}

	void end() {
		ended = true;
		flushPiece();
		queue.add(new Chunk(null, null, lastDue));
	}

	/** Takes the steps of this place: before the first byte of something, or after some bytes of it. */
	private void fire(boolean before) {
		if (steps.isEmpty()) {
			return;
		}
		for (Iterator<Step> each = steps.iterator(); each.hasNext();) {
			Step step = each.next();
			Units units = step.unit() == Unit.FRAME ? frames : records;
			boolean now = before == (step.bytes() == 0) && (step.unit() == Unit.BYTES ? passed == step.bytes()
					: before ? units.isStartOf(step.number()) : units.hasPassed(step.number(), step.bytes()));
			if (now) {
				each.remove();
				pair.note(step.toString());
				if (step.fault().kind().isOfStream()) {
					flushPiece(); // what came before is not meant
					pair.apply(step.fault());
				} else {
					cutFrame();
					flushPiece();
					queue.add(new Chunk(null, step.fault(), lastDue));
				}
			}
		}
	}

	/** A fault inside of a frame wants what came of it to go on. */
	private void cutFrame() {
		if (frame != null) {
			piece.writeBytes(frame.toByteArray());
			frame = null;
		}
	}

	private boolean isAltering() {
		return opcode >= 0 || split > 0 || merge > 0 || delayPongMillis > 0;
	}

	private void alter(byte[] whole) {
		if (delayPongMillis > 0 && WsFrame.opcode(whole) == WsFrame.PONG) {
			pair.after(delayPongMillis, () -> {
				inject(whole);
				pair.turn();
			});
			return;
		}
		if (opcode >= 0) {
			WsFrame.opcode(whole, opcode);
			opcode = -1;
		}
		if (merge > 0) {
			merged.writeBytes(whole);
			if (--merge == 0) {
				enqueue(merged.toByteArray());
				merged = new ByteArrayOutputStream();
			}
		} else if (split > 0) {
			WsFrame.split(whole, split).forEach(this::enqueue);
			split = 0;
		} else {
			enqueue(whole);
		}
	}

	private void flushPiece() {
		if (piece.size() > 0) {
			byte[] bytes = piece.toByteArray();
			piece.reset();
			enqueue(bytes);
		}
	}

	private void enqueue(byte[] bytes) {
		if (drop) {
			return;
		}
		long delay = latencyMillis + (jitterMillis > 0 ? pair.random().nextInt((int) jitterMillis + 1) : 0) + holdMillis;
		holdMillis = 0;
		lastDue = Math.max(lastDue, System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(delay));
		for (int copies = duplicate ? 2 : 1; copies > 0; copies--) {
			queue.add(new Chunk(ByteBuffer.wrap(bytes), null, lastDue));
			queued += bytes.length;
		}
		duplicate = false;
	}

	// ---- what goes on

	void write() throws IOException {
		blocked = false;
		while (!queue.isEmpty() && !noWrite && !finished) {
			Chunk next = queue.peek();
			long now = System.nanoTime();
			long due = next.bytes != null && bandwidth > 0 ? Math.max(next.due, nextWrite) : next.due;
			if (due > now) {
				wakeAt(due);
				return;
			}
			if (next.fault != null) {
				queue.poll();
				pair.apply(next.fault);
			} else if (next.bytes == null) {
				queue.poll();
				finished = true;
				to().shutdownOutput();
			} else if (!writeSome(next.bytes, now)) {
				return;
			}
		}
	}

	private void wakeAt(long due) {
		if (wake == 0 || due < wake) {
			wake = due;
			pair.at(due, () -> {
				wake = 0;
				pair.turn();
			});
		}
	}

	/** Returns whether to go on. */
	private boolean writeSome(ByteBuffer bytes, long now) throws IOException {
		int most = bandwidth > 0 ? (int) Math.max(1, Math.min(bytes.remaining(), bandwidth / SLICES_PER_SECOND)) : bytes.remaining();
		int count = to().write(bytes.slice(bytes.position(), most));
		bytes.position(bytes.position() + count);
		queued -= count;
		if (!bytes.hasRemaining()) {
			queue.poll();
		}
		if (bandwidth > 0) {
			nextWrite = now + count * 1_000_000_000L / bandwidth;
		}
		blocked = count < most;
		return !blocked;
	}
}
