package dcl.transport.cli.internal;

import java.util.Set;
import java.util.concurrent.CompletionStage;

import dcl.transport.Delivery;
import dcl.transport.Disconnection;
import dcl.transport.Identity;
import dcl.transport.Message;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.Session;
import dcl.transport.SessionListener;

/** One of the swarm: a session, what it sends, and what it got of whom. It has no thread of its own. */
final class Bot implements SessionListener {

	static final int LOSSY = 0;
	static final int RELIABLE = 1;
	static final int STREAMS = 2;

	private final Swarm swarm;
	private final int index;
	private final Identity identity;
	private Session session;
	private volatile boolean joined;

	// the generator's
	private final Walk walk;
	private final int[] sent = new int[STREAMS];

	// of the calls of the listener, which come one at a time
	private final Ledger[] ledgers = new Ledger[STREAMS];
	private final int[] wires;
	private final PeerId[] known; // whom a bot's packets came from, as the same object: 42 characters are not compared each time
	private final byte[] scratch = new byte[BotPacket.MAX_BYTES];
	private long received;

	Bot(Swarm swarm, int index, Identity identity, Walk walk, int bots, int percentReliable) {
		this.swarm = swarm;
		this.index = index;
		this.identity = identity;
		this.walk = walk;
		this.wires = new int[bots];
		this.known = new PeerId[bots];
		ledgers[LOSSY] = percentReliable < 100 ? new Ledger(bots) : null;
		ledgers[RELIABLE] = percentReliable > 0 ? new Ledger(bots) : null;
	}

	Identity identity() {
		return identity;
	}

	/** @param mine not connected yet */
	void session(Session mine) {
		session = mine;
		mine.listen(this);
	}

	Session session() {
		return session;
	}

	/** It was connected, for a moment at least. */
	void joined() {
		joined = true;
	}

	boolean hasJoined() {
		return joined;
	}

	// ---- the generator's thread

	/** Sends what is due; returns whether it is on its way. */
	boolean send(int slot, boolean reliable) {
		int stream = reliable ? RELIABLE : LOSSY;
		Packet packet = BotPacket.encode(walk.next(), index, stream, sent[stream], slot); // also if it is not sent: the walk is the same every time
		if (session.state() != Session.State.CONNECTED) {
			return false;
		}
		int[] refused = {0};
		Thread generator = Thread.currentThread();
		CompletionStage<Session.Outcome> sending = session.send(packet, reliable ? Delivery.reliable() : Delivery.lossy());
		sending.whenComplete((outcome, failure) -> {
			if (failure == null && (outcome == Session.Outcome.CONFIRMED || outcome == Session.Outcome.HANDED_OVER)) {
				return;
			}
			if (Thread.currentThread() == generator) {
				refused[0]++; // at once: it never left, so its number is used again
			} else if (!swarm.isOver()) { // at the end some are just not confirmed yet
				swarm.unknown();
			}
		});
		if (refused[0] > 0) {
			return false;
		}
		sent[stream]++;
		return true;
	}

	int sent(int stream) {
		return sent[stream];
	}

	// ---- the listener's, one at a time

	@Override
	public void received(Message message) {
		if (swarm.isOver()) {
			return;
		}
		Packet packet = message.packet();
		long numbers = BotPacket.numbers(packet, scratch);
		int sender = BotPacket.bot(numbers);
		if (!BotPacket.isBots(numbers) || sender >= known.length || !isFrom(message.from(), sender)) {
			return; // somebody else's
		}
		Ledger ledger = ledgers[BotPacket.stream(numbers)];
		if (ledger == null) {
			return; // one of our keys, but not this run
		}
		swarm.arrived(sender, BotPacket.slot(numbers));
		int wire = swarm.wire(sender);
		if (wires[sender] != wire) {
			wires[sender] = wire;
			forget(sender);
		}
		ledger.received(sender, BotPacket.number(numbers));
		received++;
	}

	/** Whether it came from that bot as the service says; what the packet says is not proof. */
	private boolean isFrom(PeerId from, int sender) {
		if (known[sender] == from) {
			return true;
		}
		if (!swarm.isBot(sender, from)) {
			return false;
		}
		known[sender] = from;
		return true;
	}

	private void forget(int sender) {
		for (Ledger ledger : ledgers) {
			if (ledger != null) {
				ledger.forget(sender);
			}
		}
	}

	@Override
	public void disconnected(Disconnection why) {
		if (!swarm.isOver()) {
			swarm.wireBroke(index);
			for (Ledger ledger : ledgers) {
				if (ledger != null) {
					ledger.forgetAll();
				}
			}
		}
	}

	@Override
	public void reconnected(Set<PeerId> peers) {
		swarm.cameBack(index);
	}

	@Override
	public void closed(Disconnection why) {
		if (!swarm.isOver()) {
			swarm.gone(index);
		}
	}

	// ---- after the session is closed

	long received() {
		return received;
	}

	/** Returns what is missing of one stream, before the last that came of each sender. */
	long missing(int stream) {
		return ledgers[stream] == null ? 0 : ledgers[stream].missing();
	}

	/** Returns what is missing behind the last that came, of those who were there all the time. */
	long missingLast(int stream, Bot[] senders) {
		Ledger ledger = ledgers[stream];
		long missing = 0;
		for (Bot sender : senders) {
			if (ledger != null && sender != null && sender != this && wires[sender.index] == swarm.wire(sender.index)) {
				missing += ledger.missing(sender.index, sender.sent[stream]);
			}
		}
		return missing;
	}

	long duplicated() {
		return sum(true);
	}

	long reordered() {
		return sum(false);
	}

	private long sum(boolean duplicated) {
		long sum = 0;
		for (Ledger ledger : ledgers) {
			sum += ledger == null ? 0 : duplicated ? ledger.duplicated() : ledger.reordered();
		}
		return sum;
	}
}
