package dcl.transport.shell.internal;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

import dcl.transport.Delivery;
import dcl.transport.Disconnection;
import dcl.transport.Message;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.Session;
import dcl.transport.SessionListener;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportListener;
import dcl.transport.rfc4.Kind;
import dcl.transport.rfc4.Rfc4;
import dcl.transport.text.Printable;

/**
 * What was opened in the shell: a transport or a session, and the last of what happened there. Scripts may call its public methods, none of which gives a
 * secret away. Thread-safe.
 */
public final class Room implements Row {

	/** How many events a watcher may be behind; then some are left out, and counted. */
	private static final int WATCHER_EVENTS = 1_000;

	/** Wakes watchers when a room is closed; not shown. */
	private static final EventRow END = new EventRow(Instant.EPOCH, "", "", "");

	/** A transport or a session. */
	private interface Talk {

		String kind();

		String uri();

		String state();

		Set<PeerId> peers();

		long sent();

		long received();

		CompletionStage<?> connect();

		/** Completes with what became of it. */
		CompletionStage<String> send(Packet packet, Delivery delivery);

		void close();

		CompletionStage<Disconnection> closed();
	}

	/** Somebody who looks on. */
	private static final class Watcher {

		private final BlockingQueue<EventRow> events = new LinkedBlockingQueue<>(WATCHER_EVENTS);
		private final AtomicLong missed = new AtomicLong();
	}

	private final String id;
	private final Talk talk;
	private final int maxEvents;
	/** Guarded by itself. */
	private final ArrayDeque<EventRow> events = new ArrayDeque<>();
	private final List<Watcher> watchers = new CopyOnWriteArrayList<>();

	private Room(String id, Talk talk, int maxEvents) {
		this.id = id;
		this.talk = talk;
		this.maxEvents = maxEvents;
		talk.closed().whenComplete((why, never) -> watchers.forEach(watcher -> watcher.events.offer(END)));
	}

	/** Makes a room of a transport that was not asked to connect yet. */
	static Room of(String id, Transport transport, int maxEvents) {
		Room room = new Room(id, new OneTransport(transport), maxEvents);
		transport.listen(room.new TransportEars());
		return room;
	}

	/** Makes a room of a session that was not asked to connect yet. */
	static Room of(String id, Session session, int maxEvents) {
		Room room = new Room(id, new OneSession(session), maxEvents);
		session.listen(room.new SessionEars());
		return room;
	}

	/** What commands call it. */
	public String id() {
		return id;
	}

	/** The connection string without its secrets. */
	public String uri() {
		return talk.uri();
	}

	/** Where in its life it is. */
	public String state() {
		return talk.state();
	}

	/** Who is there, sorted. */
	public Rows<PeerRow> peers() {
		return new Rows<>(talk.peers().stream().map(Room::name).sorted().map(PeerRow::new).toList(), "nobody else is here");
	}

	/** The last events, oldest first. */
	public Rows<EventRow> events() {
		synchronized (events) {
			return new Rows<>(new ArrayList<>(events), "nothing has happened yet");
		}
	}

	@Override
	public List<String> columns() {
		return row("").columns();
	}

	@Override
	public List<String> cells() {
		return row("").cells();
	}

	@Override
	public String toString() {
		return String.join(" ", cells()).stripTrailing();
	}

	OpenRow row(String host) {
		return new OpenRow(id, talk.kind(), talk.uri(), host, talk.state(), talk.peers().size(), talk.sent(), talk.received());
	}

	CompletionStage<?> connect() {
		return talk.connect();
	}

	CompletionStage<String> send(Packet packet, Delivery delivery) {
		return talk.send(packet, delivery);
	}

	void close() {
		talk.close();
	}

	boolean isClosed() {
		return talk.closed().toCompletableFuture().isDone();
	}

	/**
	 * Tells what happens from now on, on the calling thread, until the room is closed and all of it is told, the time is over or so many events were told.
	 *
	 * @param time  null for no end
	 * @param count 0 for all
	 */
	void watch(Duration time, long count, Consumer<String> out) throws InterruptedException {
		Watcher mine = new Watcher();
		watchers.add(mine);
		try {
			long end = System.nanoTime() + (time == null ? Long.MAX_VALUE / 2 : time.toNanos());
			for (long told = 0; count == 0 || told < count;) {
				boolean last = isClosed();
				EventRow next = last ? mine.events.poll() : mine.events.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
				if (next == null) {
					return;
				}
				if (next == END) {
					continue;
				}
				told++;
				out.accept(next.line());
				long missed = mine.missed.getAndSet(0);
				if (missed > 0) {
					out.accept(missed + " events came too quickly to be shown");
				}
			}
		} finally {
			watchers.remove(mine);
		}
	}

	private void note(String event, String peer, String what) {
		EventRow row = new EventRow(Instant.now(), event, peer, Printable.of(what));
		synchronized (events) {
			if (events.size() == maxEvents) {
				events.removeFirst();
			}
			events.addLast(row);
		}
		for (Watcher watcher : watchers) {
			if (!watcher.events.offer(row)) {
				watcher.missed.incrementAndGet();
			}
		}
	}

	private static String name(PeerId peer) {
		return Printable.of(peer.value());
	}

	private static String people(Set<PeerId> peers) {
		return peers.isEmpty() ? "nobody else is here" : "here: " + String.join(", ", peers.stream().map(PeerId::value).sorted().toList());
	}

	private static String describe(Disconnection why) {
		return why.detail().isEmpty() ? why.reason().name() : why.reason() + ": " + why.detail();
	}

	private static String describe(Message message) {
		Packet packet = message.packet();
		Kind kind = Rfc4.kind(packet);
		String how = kind.member() + ", " + packet.size() + " bytes" + (message.reliability() == Delivery.Reliability.LOSSY ? ", lossy" : "")
				+ (message.topic().isEmpty() ? "" : ", topic " + message.topic());
		if (kind != Kind.CHAT) {
			return how;
		}
		try {
			return how + ": " + Rfc4.decode(packet).getChat().getMessage();
		} catch (IllegalArgumentException damaged) {
			return how + ", damaged";
		}
	}

	private final class TransportEars implements TransportListener {

		@Override
		public void connecting(String step, String detail, Duration after) {
			note("step", "", step + " " + detail);
		}

		@Override
		public void connected(Set<PeerId> peers) {
			note("connected", "", people(peers));
		}

		@Override
		public void peerJoined(PeerId peer) {
			note("joined", name(peer), "");
		}

		@Override
		public void peerLeft(PeerId peer) {
			note("left", name(peer), "");
		}

		@Override
		public void received(Message message) {
			note("received", name(message.from()), describe(message));
		}

		@Override
		public void disconnected(Disconnection why) {
			note("disconnected", "", describe(why));
		}
	}

	private final class SessionEars implements SessionListener {

		@Override
		public void failed(TransportException failure) {
			note("failed", "", failure.code() + ": " + failure.getMessage());
		}

		@Override
		public void connected(Set<PeerId> peers) {
			note("connected", "", people(peers));
		}

		@Override
		public void reconnected(Set<PeerId> peers) {
			note("reconnected", "", people(peers));
		}

		@Override
		public void peerJoined(PeerId peer) {
			note("joined", name(peer), "");
		}

		@Override
		public void peerLeft(PeerId peer) {
			note("left", name(peer), "");
		}

		@Override
		public void received(Message message) {
			note("received", name(message.from()), describe(message));
		}

		@Override
		public void disconnected(Disconnection why) {
			note("disconnected", "", describe(why));
		}

		@Override
		public void reconnecting(int attempt, Duration in, Disconnection after) {
			note("reconnecting", "", "attempt " + attempt + " in " + in.toMillis() + " ms at the latest");
		}
	}

	private record OneTransport(Transport transport) implements Talk {

		@Override
		public String kind() {
			return "transport";
		}

		@Override
		public String uri() {
			return transport.uri().toString();
		}

		@Override
		public String state() {
			return transport.state().name();
		}

		@Override
		public Set<PeerId> peers() {
			return transport.peers();
		}

		@Override
		public long sent() {
			return transport.stats().sent();
		}

		@Override
		public long received() {
			return transport.stats().received();
		}

		@Override
		public CompletionStage<?> connect() {
			return transport.connect();
		}

		@Override
		public CompletionStage<String> send(Packet packet, Delivery delivery) {
			return transport.send(packet, delivery).thenApply(nothing -> "sent");
		}

		@Override
		public void close() {
			transport.close();
		}

		@Override
		public CompletionStage<Disconnection> closed() {
			return transport.closed();
		}
	}

	private record OneSession(Session session) implements Talk {

		@Override
		public String kind() {
			return "session";
		}

		@Override
		public String uri() {
			return session.uri().toString();
		}

		@Override
		public String state() {
			return session.state().name();
		}

		@Override
		public Set<PeerId> peers() {
			return session.peers();
		}

		@Override
		public long sent() {
			return session.stats().confirmed() + session.stats().handedOver() + session.stats().unknown() + session.stats().lossyHandedOver();
		}

		@Override
		public long received() {
			return session.stats().received();
		}

		@Override
		public CompletionStage<?> connect() {
			return session.connect();
		}

		@Override
		public CompletionStage<String> send(Packet packet, Delivery delivery) {
			return session.send(packet, delivery).thenApply(Session.Outcome::name);
		}

		@Override
		public void close() {
			session.close();
		}

		@Override
		public CompletionStage<Disconnection> closed() {
			return session.closed();
		}
	}
}
