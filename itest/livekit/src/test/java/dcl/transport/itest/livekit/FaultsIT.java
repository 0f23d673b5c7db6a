package dcl.transport.itest.livekit;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import com.fasterxml.jackson.databind.JsonNode;
import dcl.transport.Session.Outcome;
import dcl.transport.SessionStats;
import dcl.transport.itest.chaos.ChaosProxy;
import dcl.transport.itest.chaos.History.Stamp;
import dcl.transport.itest.livekit.Talker.Received;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What becomes of 200 reliable packets a second each way, between a session of ours and an official client, when something breaks: what arrives, what is
 * reported, nothing lost without a word and nothing twice. Prints what it found.
 */
@ExtendWith(Rig.class)
@Timeout(180)
class FaultsIT {

	private static final int PER_SECOND = 200;
	private static final int BYTES = 100;
	/** So many cross each way before something breaks, and once all is well again. */
	private static final int STEADY = 200;
	/** A link recovers for at most 30 s by itself, then the session does. */
	private static final long LIMIT_SECONDS = 75;
	private static final Duration FROZEN = Duration.ofSeconds(4);

	private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
	private final String room = Rig.unique("room");
	private ChaosProxy proxy;
	private Guest guest;
	private Talker us;
	/** What the guest got of us, in order. */
	private final List<Received> theirs = new ArrayList<>();
	/** What the guest sent, was not told to have failed, and did not arrive. */
	private final TreeSet<Long> lostOfTheirs = new TreeSet<>();

	/** Something that breaks; returns when it has, and what broke may work again. */
	private interface Fault {

		void happen() throws Exception;
	}

	@BeforeEach
	void meet() throws Exception {
		proxy = ChaosProxy.to(new InetSocketAddress("127.0.0.1", LiveKitServer.PORT));
		guest = Rig.guest(Client.Kind.NODE);
		guest.enter(room);
		us = Talker.enter(room, "ws://127.0.0.1:" + proxy.port(), clock);
		assertThat(us.roster()).isEqualTo("connected [" + guest.identity() + "]");
		guest.next("joined");
	}

	@AfterEach
	void part() throws Exception {
		clock.shutdownNow();
		us.close();
		guest.close();
		proxy.close();
	}

	@Test
	void nothing_is_lost_when_the_signalling_socket_is_cut() throws Exception {
		breakIt("the signalling socket cut", () -> {
			assertThat(proxy.applyToAll("rst")).isEqualTo(1);
			proxy.awaitConnection(2);
		});
		nothingWasLost();
	}

	@Test
	void nothing_is_lost_when_the_server_stands_still_for_four_seconds() throws Exception {
		breakIt("the server stopped for " + FROZEN.toSeconds() + " s", () -> {
			Rig.server().freeze();
			try {
				clock.schedule(() -> { }, FROZEN.toMillis(), TimeUnit.MILLISECONDS).get(); // how long the fault lasts
			} finally {
				Rig.server().thaw();
			}
		});
		nothingWasLost();
	}

	@Test
	void nothing_is_lost_when_only_the_media_are_lost_for_some_seconds() throws Exception {
		int seconds = Integer.getInteger("livekit.mediaLossSeconds", 4);
		breakIt("the media lost for " + seconds + " s", () -> {
			try (MediaLoss loss = MediaLoss.begin()) {
				clock.schedule(() -> { }, seconds, TimeUnit.SECONDS).get(); // how long the fault lasts
			}
		});
		nothingWasLost();
	}

	@Test
	void what_a_killed_server_took_with_it_is_told_and_the_rest_arrives_once() throws Exception {
		breakIt("the server killed and started again", () -> {
			Rig.server().kill();
			Rig.server();
		});
	}

	/** Lets packets flow, breaks it, waits until packets flow again, comes to rest, and looks at what must hold whatever happened. */
	private void breakIt(String what, Fault fault) throws Exception {
		us.begin(PER_SECOND);
		guest.burst(Integer.MAX_VALUE, BYTES, true, PER_SECOND);
		us.awaitMore(STEADY, LIMIT_SECONDS);
		awaitTheirs(STEADY);
		long broken = System.nanoTime();
		fault.happen();
		// Whatever is sent from here on has nothing in its way but recovery.
		awaitTheirs(us.sent() + STEADY);
		us.awaitMore(STEADY, LIMIT_SECONDS);
		long sent = us.end();
		guest.tell(Client.command("stop"));
		JsonNode burst = guest.next("burst");
		long theirSent = burst.path("sent").asLong();
		TreeSet<Long> theirFailed = new TreeSet<>();
		burst.path("failed").forEach(number -> theirFailed.add(number.asLong()));
		awaitTheirs(sent); // the last ones, so that nothing is on its way any more
		if (!theirFailed.contains(theirSent)) {
			us.awaitNumber(theirSent, LIMIT_SECONDS);
		}

		long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
		Map<String, Integer> outcomes = new TreeMap<>();
		for (long n = 1; n <= sent; n++) {
			while (us.outcome(n) == null) {
				assertThat(System.nanoTime()).as("the limit for the outcome of " + n).isLessThan(deadline);
				LockSupport.parkNanos(5_000_000);
			}
			outcomes.merge(us.outcome(n).toString(), 1, Integer::sum);
		}
		TreeSet<Long> missing = missing(sent, theirs);
		lostOfTheirs.addAll(missing(theirSent, us.arrived()));
		lostOfTheirs.removeAll(theirFailed);
		System.out.printf("%s: %d sent, %s, %d did not arrive, longest silence %d ms; of theirs %d sent, %d reported failed, %d more did not arrive, "
				+ "longest silence %d ms; endings told: %s%n", what, sent, outcomes, missing.size(), silence(theirs), theirSent, theirFailed.size(),
				lostOfTheirs.size(), silence(us.arrived()), us.endings());

		SessionStats stats = us.session().stats();
		assertThat(stats.accepted()).isEqualTo(sent);
		assertThat(stats.confirmed() + stats.handedOver() + stats.dropped() + stats.unknown() + stats.failed()).isEqualTo(sent);
		// Whoever comes back later than we do misses what was said meanwhile; so nothing can be missing but one run from the break on.
		if (!missing.isEmpty()) {
			assertThat(missing).as("one run").hasSize((int) (missing.last() - missing.first() + 1));
			for (long n : missing) {
				boolean earlier = us.sentAt(n) < broken;
				assertThat(us.outcome(n)).as("outcome of %d, sent %s the break and missing", n, earlier ? "before" : "after").isNotNull()
						.matches(outcome -> !earlier || outcome != Outcome.CONFIRMED, "not confirmed, if sent before the break");
			}
		}
		for (Received one : theirs) {
			assertThat(us.outcome(one.number())).as("outcome of %d, which arrived", one.number()).isIn(Outcome.CONFIRMED, Outcome.HANDED_OVER, Outcome.UNKNOWN);
		}
	}

	/** The wire went on, or came back by itself, and no host was troubled. */
	private void nothingWasLost() throws Exception {
		assertThat(missing(us.sent(), theirs)).as("packets of ours that did not arrive").isEmpty();
		assertThat(lostOfTheirs).as("packets of theirs that did not arrive, without a word").isEmpty();
		for (long n = 1; n <= us.sent(); n++) {
			assertThat(us.outcome(n)).as("outcome of %d", n).isEqualTo(Outcome.CONFIRMED);
		}
		assertThat(us.endings()).isEmpty();
		assertThat(us.session().stats().connections()).isEqualTo(1);
		// The signalling is of use: the roster goes on, without a word about who was there all the time.
		try (Guest late = Rig.guest(Client.Kind.NODE)) {
			late.enter(room);
			assertThat(us.roster()).isEqualTo("joined " + late.identity());
			late.leave();
			assertThat(us.roster()).isEqualTo("left " + late.identity());
		}
	}

	/** Returns the numbers that did not come, and fails if one came twice or out of order. */
	private static TreeSet<Long> missing(long sent, List<Received> arrived) {
		TreeSet<Long> missing = new TreeSet<>();
		long last = 0;
		for (Received one : arrived) {
			assertThat(one.number()).as("in order, and once").isGreaterThan(last);
			for (long n = last + 1; n < one.number(); n++) {
				missing.add(n);
			}
			last = one.number();
		}
		for (long n = last + 1; n <= sent; n++) {
			missing.add(n);
		}
		return missing;
	}

	private static long silence(List<Received> arrived) {
		long longest = 0;
		for (int i = 1; i < arrived.size(); i++) {
			longest = Math.max(longest, arrived.get(i).nanos() - arrived.get(i - 1).nanos());
		}
		return TimeUnit.NANOSECONDS.toMillis(longest);
	}

	/** Waits until the guest has a stamp of ours with that number or a higher one. */
	private void awaitTheirs(long number) throws Exception {
		while (theirs.isEmpty() || theirs.get(theirs.size() - 1).number() < number) {
			JsonNode data = guest.next("data", LIMIT_SECONDS);
			theirs.add(new Received(Stamp.decode(Guest.data(data)).sequence(), (long) (data.path("at").asDouble() * 1_000_000)));
		}
	}
}
