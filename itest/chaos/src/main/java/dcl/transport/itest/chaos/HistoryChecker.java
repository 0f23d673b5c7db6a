package dcl.transport.itest.chaos;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

import dcl.transport.itest.chaos.History.Event;
import dcl.transport.itest.chaos.History.Outcome;
import dcl.transport.itest.chaos.History.Stamp;
import dcl.transport.itest.chaos.History.Type;

/**
 * Checks a history, taken when everything is at rest, against what sessions promise.
 * <ul>
 * <li>C1 accounting: each accepted message has exactly one outcome, and none that was dropped or failed arrives.
 * <li>C2 order: on unbroken sessions the reliable messages of one sender arrive exactly once and in order, at everybody who knew the
 *     sender when they were accepted.
 * <li>C3 across a break: nobody gets a message twice (at most once), or nobody misses one (at least once); see {@link Guarantee}.
 * <li>C4 isolation: a peer named as a neighbour has one session, unbroken, and every reliable message of its is written or confirmed.
 * <li>C5 events: one end for each session, nothing after it or before its begin; joins and leaves pair; callbacks do not overlap.
 * </ul>
 * Of each clause the smallest window is told: the shortest run of events that shows a violation, and of it the events that matter. What it
 * does not judge: lossy messages, beyond C1 and being received twice in one session, and time.
 */
public final class HistoryChecker {

	/** What is promised across a break. */
	public enum Guarantee { AT_MOST_ONCE, AT_LEAST_ONCE }

	/** What was promised. */
	public enum Clause { C1, C2, C3, C4, C5 }

	/**
	 * A promise that was not kept.
	 *
	 * @param first  index of the first event of the window in the history
	 * @param last   of the last
	 * @param window those of them that matter
	 */
	public record Violation(Clause clause, String text, int first, int last, List<Event> window) {

		@Override
		public String toString() {
			StringBuilder lines = new StringBuilder(clause + ": " + text + "; events " + first + " to " + last);
			window.forEach(event -> lines.append("\n    ").append(event));
			return lines.toString();
		}
	}

	private record Session(String peer, int number) {

		static Session of(Event event) {
			return new Session(event.peer(), event.session());
		}

		static Session of(Stamp stamp) {
			return new Session(stamp.sender(), stamp.session());
		}
	}

	/** What is known of one session after reading it all; indices, -1 for "not". */
	private static final class Life {

		int connected = -1;
		int disconnected = -1;
		boolean broken;
		final Map<String, Integer> roster = new HashMap<>(); // who is known, and since which event; empty at its end
		final Map<String, List<int[]>> known = new HashMap<>(); // all of it, as intervals
		final Map<Stamp, Integer> received = new LinkedHashMap<>();
		int entered = -1;
	}

	private final List<Event> events;
	private final Guarantee guarantee;
	private final Set<String> neighbours;
	private final Map<Session, Life> lives = new LinkedHashMap<>();
	private final Map<Stamp, Integer> accepted = new LinkedHashMap<>();
	private final Map<Stamp, Integer> outcomes = new HashMap<>();
	private final Map<Clause, Violation> smallest = new TreeMap<>();

	private HistoryChecker(List<Event> events, Guarantee guarantee, Set<String> neighbours) {
		this.events = events;
		this.guarantee = guarantee;
		this.neighbours = neighbours;
	}

	/**
	 * Checks a history.
	 *
	 * @param events     from {@link History#events}, at rest: nothing is on its way any more
	 * @param guarantee  what was promised across a break
	 * @param neighbours peers whose connections no fault was put into
	 * @return of each clause that was violated the smallest window; empty if all is well
	 */
	public static List<Violation> check(List<Event> events, Guarantee guarantee, Set<String> neighbours) {
		HistoryChecker checker = new HistoryChecker(List.copyOf(events), guarantee, neighbours);
		checker.read();
		checker.accounting();
		checker.order();
		checker.acrossBreaks();
		checker.isolation();
		return List.copyOf(checker.smallest.values());
	}

	/** Checks a history and fails, showing the windows, unless all is well. */
	public static void require(List<Event> events, Guarantee guarantee, Set<String> neighbours) {
		List<Violation> found = check(events, guarantee, neighbours);
		if (!found.isEmpty()) {
			throw new AssertionError("promises that were not kept: " + String.join("\n", found.stream().map(Violation::toString).toList()));
		}
	}

	/** Notes a violation that these events show, unless a smaller window shows the same clause. */
	private void violated(Clause clause, String text, int... indices) {
		int[] shown = java.util.Arrays.stream(indices).filter(index -> index >= 0).distinct().sorted().toArray();
		Violation found = new Violation(clause, text, shown[0], shown[shown.length - 1], java.util.Arrays.stream(shown).mapToObj(events::get)
				.toList());
		smallest.merge(clause, found, (a, b) -> a.last - a.first <= b.last - b.first ? a : b);
	}

	private Life life(Event event) {
		return lives.computeIfAbsent(Session.of(event), session -> new Life());
	}

	private Life senderOf(Stamp stamp) {
		return lives.computeIfAbsent(Session.of(stamp), session -> new Life());
	}

	private Outcome outcome(Stamp stamp) {
		return outcomes.containsKey(stamp) ? Outcome.valueOf(events.get(outcomes.get(stamp)).what()) : null;
	}

	/** C5, and what the others need. */
	private void read() {
		for (int i = 0; i < events.size(); i++) {
			Event event = events.get(i);
			Life life = life(event);
			// what became of a message may be told after the end, and callbacks frame the others
			if (event.type() != Type.OUTCOME && event.type() != Type.ACCEPTED && event.type() != Type.EXIT && life.disconnected >= 0) {
				violated(Clause.C5, "an event after the end of the session", life.disconnected, i);
			}
			switch (event.type()) {
				case CONNECTED -> {
					if (life.connected >= 0) {
						violated(Clause.C5, "a session begins twice", life.connected, i);
					}
					life.connected = i;
					for (String there : event.peers()) {
						life.roster.put(there, i);
					}
				}
				case JOINED -> join(life, event.peers().iterator().next(), i);
				case LEFT -> leave(life, event.peers().iterator().next(), i);
				case RECEIVED -> received(life, event.stamp(), i);
				case ACCEPTED -> {
					Integer before = accepted.put(event.stamp(), i);
					if (before != null) {
						violated(Clause.C1, "a message is accepted twice", before, i);
					}
				}
				case OUTCOME -> {
					Integer before = outcomes.put(event.stamp(), i);
					if (before != null) {
						violated(Clause.C1, "a message has two outcomes", before, i);
					} else if (!accepted.containsKey(event.stamp())) {
						violated(Clause.C1, "an outcome of a message that was not accepted", i);
					}
				}
				case ENTER -> {
					if (life.entered >= 0) {
						violated(Clause.C5, "a callback begins while another runs", life.entered, i);
					}
					life.entered = i;
				}
				case EXIT -> life.entered = -1;
				case DISCONNECTED -> {
					if (life.connected < 0) {
						violated(Clause.C5, "a session ends that did not begin", i);
					}
					life.disconnected = i;
					life.broken = event.broken();
					int end = i;
					life.roster.forEach((peer, since) -> life.known.computeIfAbsent(peer, key -> new ArrayList<>()).add(new int[] {since, end}));
					life.roster.clear();
				}
			}
		}
		lives.values().forEach(life -> life.roster.forEach((peer, since) -> life.known.computeIfAbsent(peer, key -> new ArrayList<>())
				.add(new int[] {since, events.size()})));
	}

	private void join(Life life, String peer, int at) {
		if (life.connected < 0) {
			violated(Clause.C5, "a join before the session began", at);
		}
		Integer before = life.roster.putIfAbsent(peer, at);
		if (before != null) {
			violated(Clause.C5, "a join of a peer that is there", before, at);
		}
	}

	private void leave(Life life, String peer, int at) {
		Integer since = life.roster.remove(peer);
		if (since == null) {
			violated(Clause.C5, "a leave of a peer that is not there", at);
		} else {
			life.known.computeIfAbsent(peer, key -> new ArrayList<>()).add(new int[] {since, at});
		}
	}

	private void received(Life life, Stamp stamp, int at) {
		if (life.connected < 0) {
			violated(Clause.C5, "a message before the session began", at);
		}
		Integer before = life.received.putIfAbsent(stamp, at);
		if (before != null) {
			violated(Clause.C2, "a message arrives twice in one session", before, at);
		}
	}

	private void accounting() {
		accepted.forEach((stamp, at) -> {
			if (!outcomes.containsKey(stamp)) {
				int end = senderOf(stamp).disconnected;
				violated(Clause.C1, "an accepted message has no outcome", at, end > at ? end : events.size() - 1);
			}
		});
		lives.values().forEach(life -> life.received.forEach((stamp, at) -> {
			Outcome outcome = outcome(stamp);
			if (!accepted.containsKey(stamp)) {
				violated(Clause.C1, "a message arrives that nobody was said to send", at);
			} else if (outcome == Outcome.DROPPED || outcome == Outcome.FAILED) {
				violated(Clause.C1, "a message arrives that was said not to be sent", accepted.get(stamp), outcomes.get(stamp), at);
			}
		}));
	}

	private void order() {
		Map<Session, List<Stamp>> sent = new HashMap<>();
		accepted.keySet().stream().filter(Stamp::reliable).sorted(Comparator.comparingLong(Stamp::sequence))
				.forEach(stamp -> sent.computeIfAbsent(Session.of(stamp), session -> new ArrayList<>()).add(stamp));
		lives.forEach((receiver, life) -> {
			Map<Session, Stamp> newest = new HashMap<>();
			Map<Session, Long> highest = new HashMap<>();
			life.received.forEach((stamp, at) -> {
				if (stamp.reliable()) {
					highest.merge(Session.of(stamp), stamp.sequence(), Math::max);
					Stamp before = newest.put(Session.of(stamp), stamp);
					if (before != null && before.sequence() > stamp.sequence()) {
						violated(Clause.C2, "a reliable message arrives after a later one", life.received.get(before), at);
					}
				}
			});
			sent.forEach((sender, stamps) -> {
				if (!sender.peer.equals(receiver.peer)) {
					missing(life, highest.getOrDefault(sender, 0L), stamps);
				}
			});
		});
	}

	/** Looks for messages of one sender's session that a session should have got. */
	private void missing(Life life, long highest, List<Stamp> stamps) {
		for (Stamp stamp : stamps) {
			Outcome outcome = outcome(stamp);
			int at = accepted.get(stamp);
			if (life.received.containsKey(stamp) || outcome != Outcome.WRITTEN && outcome != Outcome.CONFIRMED || !knew(life, stamp.sender(), at)) {
				continue;
			}
			boolean overtaken = stamp.sequence() < highest;
			boolean unbroken = life.disconnected < 0 && !senderOf(stamp).broken;
			if (overtaken || unbroken) {
				int next = overtaken ? life.received.entrySet().stream().filter(each -> Session.of(each.getKey()).equals(Session.of(stamp))
						&& each.getKey().sequence() > stamp.sequence()).mapToInt(Map.Entry::getValue).min().orElseThrow() : events.size() - 1;
				violated(Clause.C2, "a reliable message is missing at " + nameOf(life), at, outcomes.get(stamp), next);
			}
		}
	}

	private String nameOf(Life life) {
		return lives.entrySet().stream().filter(each -> each.getValue() == life).map(each -> each.getKey().peer + "/" + each.getKey().number)
				.findFirst().orElseThrow();
	}

	private static boolean knew(Life life, String peer, int at) {
		return life.known.getOrDefault(peer, List.of()).stream().anyMatch(interval -> interval[0] <= at && at < interval[1]);
	}

	private void acrossBreaks() {
		Map<String, Map<Stamp, Integer>> got = new HashMap<>();
		Map<String, List<Life>> sessions = new HashMap<>();
		lives.forEach((session, life) -> {
			sessions.computeIfAbsent(session.peer, peer -> new ArrayList<>()).add(life);
			Map<Stamp, Integer> mine = got.computeIfAbsent(session.peer, peer -> new HashMap<>());
			life.received.forEach((stamp, at) -> {
				Integer before = mine.putIfAbsent(stamp, at);
				if (before != null && guarantee == Guarantee.AT_MOST_ONCE) {
					violated(Clause.C3, "a message arrives again after a break", before, at);
				}
			});
		});
		if (guarantee == Guarantee.AT_MOST_ONCE) {
			return;
		}
		accepted.forEach((stamp, at) -> sessions.forEach((peer, mine) -> {
			Outcome outcome = outcome(stamp);
			boolean due = stamp.reliable() && outcome != Outcome.DROPPED && outcome != Outcome.FAILED && !peer.equals(stamp.sender())
					&& mine.get(mine.size() - 1).disconnected < 0 && mine.stream().anyMatch(life -> knew(life, stamp.sender(), at));
			if (due && !got.get(peer).containsKey(stamp)) {
				violated(Clause.C3, "a reliable message never arrives at " + peer, at, events.size() - 1);
			}
		}));
	}

	private void isolation() {
		Map<String, Integer> begun = new HashMap<>();
		lives.forEach((session, life) -> {
			if (!neighbours.contains(session.peer)) {
				return;
			}
			Integer before = life.connected < 0 ? null : begun.put(session.peer, life.connected);
			if (before != null) {
				violated(Clause.C4, "a neighbour had to connect again", before, life.connected);
			}
			if (life.broken) {
				violated(Clause.C4, "a neighbour's session broke", life.disconnected);
			}
		});
		Set<Outcome> well = new HashSet<>(Set.of(Outcome.WRITTEN, Outcome.CONFIRMED));
		accepted.forEach((stamp, at) -> {
			if (neighbours.contains(stamp.sender()) && stamp.reliable() && outcomes.containsKey(stamp) && !well.contains(outcome(stamp))) {
				violated(Clause.C4, "a neighbour's message did not go out", at, outcomes.get(stamp));
			}
		});
	}
}
