package dcl.transport.itest.livekit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

import dcl.transport.Delivery;
import dcl.transport.Disconnection;
import dcl.transport.Message;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.Session;
import dcl.transport.Session.Outcome;
import dcl.transport.SessionListener;
import dcl.transport.SessionPolicy;
import dcl.transport.TransportOptions;
import dcl.transport.TransportUri;
import dcl.transport.itest.chaos.History.Stamp;

/** A session of ours that sends reliable stamps at a rate and writes down what it hears. For one test thread. */
final class Talker implements SessionListener, AutoCloseable {

	/** A stamp that came. */
	record Received(long number, long nanos) {
	}

	private static final int BYTES = 100;

	private final String identity;
	private final ScheduledExecutorService clock;
	private final Map<Long, Outcome> outcomes = new ConcurrentHashMap<>();
	private final Map<Long, Throwable> failures = new ConcurrentHashMap<>();
	private final Map<Long, Long> sentAt = new ConcurrentHashMap<>();
	private final BlockingQueue<Received> arriving = new LinkedBlockingQueue<>();
	private final List<Received> arrived = new ArrayList<>(); // by the test thread alone
	private final BlockingQueue<String> roster = new LinkedBlockingQueue<>();
	private final BlockingQueue<Disconnection> endings = new LinkedBlockingQueue<>();
	private final Session session;
	private volatile long sent;
	private ScheduledFuture<?> flow;

	private Talker(String identity, String uri, ScheduledExecutorService clock) throws Exception {
		this.identity = identity;
		this.clock = clock;
		// Room for all that a long break leaves behind, and short waits.
		SessionPolicy policy = SessionPolicy.defaults().withWaits(Duration.ofMillis(50), Duration.ofMillis(500)).withWaiting(100_000, 100_000_000);
		session = Rig.comms().registry().session(TransportUri.parse(uri), TransportOptions.none(), policy);
		session.listen(this);
	}

	static Talker enter(String room, String url, ScheduledExecutorService clock) throws Exception {
		String identity = Rig.address();
		Talker talker = new Talker(identity, Token.of(room, identity).uri(url), clock);
		Us.done(talker.session.connect());
		return talker;
	}

	Session session() {
		return session;
	}

	String identity() {
		return identity;
	}

	/** Begins to send so many a second. */
	void begin(int perSecond) {
		flow = clock.scheduleAtFixedRate(this::send, 0, TimeUnit.SECONDS.toNanos(1) / perSecond, TimeUnit.NANOSECONDS);
	}

	private void send() {
		long number = sent + 1;
		sentAt.put(number, System.nanoTime());
		sent = number;
		session.send(Packet.copyOf(new Stamp(identity, 1, number, true).encode(BYTES)), Delivery.reliable()).whenComplete((outcome, failure) -> {
			if (failure != null) {
				failures.put(number, failure);
			} else if (outcomes.put(number, outcome) != null) {
				failures.put(number, new AssertionError("two outcomes"));
			}
		});
	}

	/** Returns how many were sent so far. */
	long sent() {
		return sent;
	}

	/** Sends no more, and returns how many were sent. */
	long end() throws Exception {
		flow.cancel(false);
		CountDownLatch idle = new CountDownLatch(1);
		clock.execute(idle::countDown);
		idle.await();
		return sent;
	}

	/** Waits until a stamp of this number or a higher one has come. */
	void awaitNumber(long number, long seconds) throws InterruptedException {
		arriving.drainTo(arrived);
		while (arrived.isEmpty() || arrived.get(arrived.size() - 1).number() < number) {
			arrived.add(next(seconds, "number " + number));
		}
	}

	/** Waits until so many stamps have come that are not waited for yet. */
	void awaitMore(int count, long seconds) throws InterruptedException {
		arriving.drainTo(arrived);
		for (int i = 0; i < count; i++) {
			arrived.add(next(seconds, count - i + " more"));
		}
	}

	private Received next(long seconds, String wanted) throws InterruptedException {
		Received one = arriving.poll(seconds, TimeUnit.SECONDS);
		if (one == null) {
			throw new AssertionError("no packet within " + seconds + " s, waiting for " + wanted + ", after " + arrived.size()
					+ (arrived.isEmpty() ? "" : " with the last number " + arrived.get(arrived.size() - 1).number()) + "; the session is "
					+ session.state() + ", endings " + endings + ", " + session.stats());
		}
		return one;
	}

	/** Returns what has come and was waited for, in order. */
	List<Received> arrived() {
		return arrived;
	}

	/** Returns what became of a packet: an {@link Outcome} or why it failed; null if that is not known yet. */
	Object outcome(long number) {
		Outcome outcome = outcomes.get(number);
		return outcome != null ? outcome : failures.get(number);
	}

	/** Returns when a packet was handed over, by {@link System#nanoTime}. */
	long sentAt(long number) {
		return sentAt.get(number);
	}

	/** Takes what was told next: "connected […]", "reconnected […]", "joined X" or "left X". */
	String roster() throws InterruptedException {
		String next = roster.poll(Foreign.LIMIT_SECONDS, TimeUnit.SECONDS);
		return next == null ? "nothing within " + Foreign.LIMIT_SECONDS + " s" : next;
	}

	/** Returns the ends of connections so far. */
	List<Disconnection> endings() {
		return List.copyOf(endings);
	}

	@Override
	public void connected(Set<PeerId> peers) {
		roster.add("connected " + peers);
	}

	@Override
	public void reconnected(Set<PeerId> peers) {
		roster.add("reconnected " + peers);
	}

	@Override
	public void peerJoined(PeerId peer) {
		roster.add("joined " + peer);
	}

	@Override
	public void peerLeft(PeerId peer) {
		roster.add("left " + peer);
	}

	@Override
	public void disconnected(Disconnection why) {
		endings.add(why);
	}

	@Override
	public void received(Message message) {
		arriving.add(new Received(Stamp.decode(message.packet().toByteArray()).sequence(), System.nanoTime()));
	}

	@Override
	public void close() throws Exception {
		session.close();
		Us.done(session.closed());
	}
}
