package dcl.transport.testkit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Collectors;

import dcl.transport.Delivery;
import dcl.transport.Delivery.Reliability;
import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Identity;
import dcl.transport.Message;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.Session;
import dcl.transport.SessionPolicy;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportListener;
import dcl.transport.TransportOptions;
import dcl.transport.TransportStats;
import dcl.transport.TransportUri;
import dcl.transport.registry.internal.PlainRegistry;
import dcl.transport.spi.Link;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

/**
 * The contract: one test for each {@link Clause}, against a server that the driver runs. A vendor's test is
 * <pre>
 * class AcmeContractTest extends TransportContract {
 * 	&#64;Override
 * 	protected TransportDriver driver() {
 * 		return new AcmeDriver();
 * 	}
 * }
 * </pre>
 * Clauses 1 to 30 look at the provider through a strict {@link dcl.transport.spi.LinkContext} of the kit's, 31 to 34 through the real registry. A failure is a
 * {@link ContractViolation} whose message begins with the clause; what the driver cannot do is skipped, by name. At the end the verdicts are printed, and
 * written to {@code target/testkit/<class>.md} (system property {@code dcl.testkit.verdicts}: another folder).
 * <p>
 * Where the contract says "at once" or "a second", five are allowed (system property {@code dcl.testkit.promptSeconds}), everything else has 30 ({@code
 * dcl.testkit.limitSeconds}): busy machines are slow. The whole takes some seconds. Standard output and error are read meanwhile, to look for secrets, and so
 * it runs beside no other test.
 */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.MethodName.class)
@Execution(ExecutionMode.SAME_THREAD)
@ResourceLock(Resources.SYSTEM_OUT)
@ResourceLock(Resources.SYSTEM_ERR)
public abstract class TransportContract {

	private static final int LINKS = 12;
	private static final int MANY = 300;
	private static final int PAUSE_BYTES = 256 << 10;
	private static final int STALL_BYTES = 64 << 20;

	private final Verdicts verdicts = new Verdicts();

	/** For the vendor's test. */
	protected TransportContract() {
	}

	/** Returns a new driver. Called once for each clause. */
	protected abstract TransportDriver driver();

	/** What a clause is tried with. */
	private interface Trial {

		void run(Workbench bench) throws Exception;
	}

	private void check(Clause clause, Trial trial, Ability... needed) throws Exception {
		TransportDriver driver = driver();
		for (Ability ability : needed) {
			if (!driver.abilities().contains(ability)) {
				verdicts.skipped(clause, ability);
				Assumptions.abort(clause + " is not checked: the driver's server cannot " + ability.words() + " (" + ability + ")");
			}
		}
		Workbench begun = new Workbench(driver); // what fails in here is the driver's
		try {
			try (Workbench bench = begun) {
				trial.run(bench);
				bench.inspect();
			}
			verdicts.kept(clause);
		} catch (ContractViolation e) {
			verdicts.broken(e.clause());
			throw e;
		} catch (AssertionError e) {
			verdicts.broken(clause);
			throw new ContractViolation(clause, e.getMessage(), e);
		} catch (Exception e) {
			verdicts.broken(clause);
			throw new ContractViolation(clause, "it was thrown: " + e, e);
		}
	}

	@AfterAll
	void writeVerdicts() throws Exception {
		verdicts.write(getClass());
	}

	private static void require(boolean held, Supplier<String> otherwise) {
		if (!held) {
			throw new AssertionError(otherwise.get());
		}
	}

	// ---- opening

	@Test
	void c01_opening_holds_up_nobody() throws Exception {
		check(Clause.C1, bench -> {
			TransportUri uri = bench.can(Ability.HANG) ? bench.driver.hanging() : bench.driver.uri(bench.room);
			KitContext context = bench.context();
			bench.opening(uri, context); // looks whether it returns
			CompletableFuture<Void> turn = new CompletableFuture<>();
			bench.pool.execute(() -> turn.complete(null));
			require(Waits.settles(turn, Waits.prompt()), () -> "the context's executor runs nothing any more");
			context.abandoned.complete(null);
		});
	}

	@Test
	void c02_the_link_knows_who_is_there() throws Exception {
		check(Clause.C2, bench -> {
			Peer other = bench.can(Ability.PEERS) ? bench.join() : null;
			KitContext context = bench.context();
			Link link = Waits.await(bench.opening(bench.driver.uri(bench.room), context), "open()");
			Set<PeerId> peers = link.peers();
			require(peers != null, () -> "peers() is null");
			require(!peers.contains(context.identity.address()), () -> "peers() holds ourselves");
			if (other != null) {
				context.begin(peers);
				Waits.until(() -> context.present().contains(other.id()), Waits.limit(), () -> other.id() + " was there, but only " + peers + " are known");
			}
			require(link.maxPacketBytes() > 0, () -> "maxPacketBytes() is " + link.maxPacketBytes());
			require(link.confirms() == link.confirms(), () -> "confirms() changes its mind");
		});
	}

	@Test
	void c03_any_connection_string_is_answered_in_good_order() throws Exception {
		check(Clause.C3, bench -> {
			String type = bench.driver.uri(bench.room).type();
			List<String> odd = List.of("", " ", ":", "::::", "//", "nonsense", "?", "%", "%zz", "[", "[::1", "https://", "wss://", "http://%00/", "file:///etc/passwd",
					"\u0000", "\n\r", "\ud83d\ude00", "a b", "127.0.0.1:99999", "127.0.0.1:-1", "x".repeat(8_000));
			for (String params : odd) {
				TransportUri uri;
				try {
					uri = TransportUri.parse(type + ":" + params);
				} catch (IllegalArgumentException never) {
					continue; // the registry would not let it through
				}
				AtomicBoolean accepted = new AtomicBoolean();
				CompletableFuture<Void> asking = bench.aside(() -> accepted.set(bench.provider.accepts(uri)));
				Waits.await(asking, Waits.prompt(), "accepts() of the params " + quote(params));
				if (accepted.get()) {
					KitContext context = bench.context();
					CompletionStage<Link> opening = bench.opening(uri, context);
					opening.whenComplete((link, failure) -> {
						if (failure != null && !(Waits.bare(failure) instanceof TransportException)) {
							context.breaches.add(new KitContext.Breach(Clause.C3, "opening " + quote(params) + " failed with " + Waits.bare(failure)));
						}
					});
					context.abandoned.complete(null); // perhaps it leads somewhere
				}
			}
			require(bench.provider.accepts(bench.driver.uri(bench.room)), () -> "accepts() does not accept the driver's own connection string");
		});
	}

	private static String quote(String params) {
		return "'" + params.substring(0, Math.min(20, params.length())).replaceAll("\\p{Cntrl}", "?") + "'";
	}

	@Test
	void c04_nobody_listening_is_unreachable() throws Exception {
		check(Clause.C4, bench -> {
			TransportUri uri = bench.driver.uri(bench.room);
			bench.driver.stop();
			TransportException failure = bench.refusal(uri, bench.context(), "opening where nobody listens");
			require(failure.code() == Code.UNREACHABLE, () -> "it failed with " + failure.code());
		}, Ability.STOP);
	}

	@Test
	void c05_a_refused_login_says_so() throws Exception {
		check(Clause.C5, bench -> {
			bench.driver.refuse();
			TransportException failure = bench.refusal(bench.driver.uri(bench.room), bench.context(), "opening where the service refuses");
			require(failure.code() == Code.REFUSED || failure.code() == Code.BUSY, () -> "it failed with " + failure.code());
		}, Ability.REFUSE);
	}

	@Test
	void c06_without_an_identity_or_a_signature_it_says_so() throws Exception {
		check(Clause.C6, bench -> {
			CompletionStage<Link> nobody = bench.opening(bench.driver.uri(bench.room), bench.context(null));
			require(Waits.settles(nobody, Waits.limit()), () -> "without an identity open() does not end");
			if (nobody.toCompletableFuture().isCompletedExceptionally()) {
				TransportException failure = Waits.failure(nobody, Waits.limit(), "opening without an identity");
				require(failure.code() == Code.NO_IDENTITY, () -> "without an identity it failed with " + failure.code());
			}
			CompletionStage<Link> declined = bench.opening(bench.driver.uri(bench.room), bench.context(Identities.declining(bench.driver.identity())));
			require(Waits.settles(declined, Waits.limit()), () -> "where signing is declined open() does not end");
			if (declined.toCompletableFuture().isCompletedExceptionally()) {
				TransportException failure = Waits.failure(declined, Waits.limit(), "opening where signing is declined");
				require(failure.code() == Code.REFUSED, () -> "where signing is declined it failed with " + failure.code());
			}
		});
	}

	@Test
	void c07_it_stops_trying() throws Exception {
		check(Clause.C7, bench -> {
			KitContext context = bench.context();
			CompletionStage<Link> opening = bench.opening(bench.driver.hanging(), context);
			if (bench.driver.wires() >= 0) {
				Waits.until(() -> bench.driver.wires() > 0 || opening.toCompletableFuture().isDone(), Waits.limit(), () -> "it does not call the service");
			}
			require(!opening.toCompletableFuture().isDone(), () -> "open() ended although the service has not answered");
			bench.aside(() -> context.abandoned.complete(null));
			require(Waits.settles(opening, Waits.prompt()), () -> "open() has not ended " + Waits.prompt().toSeconds() + " s after it was abandoned");
			if (bench.driver.wires() >= 0) {
				Waits.until(() -> bench.driver.wires() == 0, Waits.limit(), () -> bench.driver.wires() + " wires are still open");
			}
		}, Ability.HANG);
	}

	@Test
	void c08_links_live_side_by_side() throws Exception {
		check(Clause.C8, bench -> {
			List<KitContext> contexts = new ArrayList<>();
			List<CompletionStage<Link>> opening = new ArrayList<>();
			for (int i = 0; i < LINKS; i++) {
				KitContext context = bench.context();
				contexts.add(context);
				CompletableFuture<CompletionStage<Link>> asked = new CompletableFuture<>();
				bench.aside(() -> asked.complete(bench.opening(bench.driver.uri(bench.room), context)));
				opening.add(asked.thenCompose(stage -> stage));
			}
			List<Talker> talkers = new ArrayList<>();
			for (int i = 0; i < LINKS; i++) {
				Link link = Waits.await(opening.get(i), "open() number " + (i + 1) + " of " + LINKS + " at once");
				contexts.get(i).begin(link.peers());
				talkers.add(new Talker(link, contexts.get(i)));
			}
			require(talkers.stream().map(t -> System.identityHashCode(t.link)).distinct().count() == LINKS, () -> "two opens share a link");
			for (int i = 0; i < LINKS / 2; i++) {
				Waits.await(talkers.get(i).close(), "close()");
			}
			List<Talker> rest = talkers.subList(LINKS / 2, LINKS);
			for (Talker each : rest) {
				each.say(Chats.say("still here"));
			}
			if (bench.can(Ability.PEERS)) {
				Peer peer = bench.join(rest.get(0));
				peer.send(Chats.say("hello"), Reliability.RELIABLE);
				for (Talker each : rest) {
					expect(each, peer.id(), Chats.say("hello"));
				}
			}
			require(rest.stream().noneMatch(t -> t.context.closed.isDone()), () -> "closing some links ended others");
		});
	}

	/** Waits for a packet among others. */
	private static void expect(Peer who, PeerId from, byte[] packet) throws InterruptedException {
		for (Peer.Received got = who.next(Waits.limit());; got = who.next(Waits.limit())) {
			require(got != null, () -> who.id() + " did not get a packet of " + from + " within " + Waits.limit().toSeconds() + " s");
			if (got.from().equals(from) && Arrays.equals(got.packet(), packet)) {
				return;
			}
		}
	}

	// ---- peers

	@Test
	void c09_joins_and_leaves_are_reported() throws Exception {
		check(Clause.C9, bench -> {
			Talker me = bench.enter();
			Peer first = bench.join(me);
			Peer second = bench.join(me);
			first.leave();
			Waits.until(() -> !me.sees().contains(first.id()), Waits.limit(), () -> first.id() + " left, and was not reported to");
			require(me.sees().contains(second.id()), () -> second.id() + " is there, and was reported to have left");
			require(!me.sees().contains(me.id()), () -> "we see ourselves");
		}, Ability.PEERS);
	}

	// ---- sending

	@Test
	void c10_reliable_packets_arrive_in_order() throws Exception {
		check(Clause.C10, bench -> {
			Talker me = bench.enter();
			Peer peer = bench.join(me);
			List<byte[]> packets = various(me.link.maxPacketBytes());
			CompletableFuture<Void> sending = bench.aside(() -> packets.forEach(me::say));
			for (int i = 0; i < packets.size(); i++) {
				Peer.Received got = peer.next(Waits.limit());
				int number = i;
				require(got != null, () -> "packet " + number + " of " + packets.size() + " did not arrive");
				require(got.from().equals(me.id()), () -> "it arrived from " + got.from() + ", not from " + me.id());
				require(Arrays.equals(got.packet(), packets.get(number)), () -> "instead of packet " + number + ", of " + packets.get(number).length
						+ " bytes, came one of " + got.packet().length);
			}
			Waits.await(sending, "sending");
		}, Ability.PEERS);
	}

	private static List<byte[]> various(int most) {
		int largest = Math.min(most, 8_000);
		List<byte[]> packets = new ArrayList<>();
		for (int i = 0; i < MANY; i++) {
			int bytes = Chats.MIN_BYTES + i * 37 % Math.max(1, largest - Chats.MIN_BYTES);
			packets.add(Chats.say("packet " + i, bytes));
		}
		return packets;
	}

	@Test
	void c11_lossy_packets_are_lost_at_worst() throws Exception {
		check(Clause.C11, bench -> {
			Talker me = bench.enter();
			Peer peer = bench.join(me);
			for (int i = 0; i < MANY; i++) {
				Waits.await(me.hand(Chats.say("step " + i), Delivery.lossy()), "sending a lossy packet");
			}
			me.say(Chats.say("end"));
			Set<String> sent = new HashSet<>();
			for (int i = 0; i < MANY; i++) {
				sent.add(Arrays.toString(Chats.say("step " + i)));
			}
			for (Peer.Received got = peer.next(Waits.limit());; got = peer.next(Waits.limit())) {
				require(got != null, () -> "a reliable packet after lossy ones did not arrive");
				if (Arrays.equals(got.packet(), Chats.say("end"))) {
					return;
				}
				require(sent.remove(Arrays.toString(got.packet())), () -> "a lossy packet arrived twice, or one that was not sent");
			}
		}, Ability.PEERS);
	}

	@Test
	void c12_private_packets_stay_private() throws Exception {
		check(Clause.C12, bench -> {
			Talker me = bench.enter();
			Peer meant = bench.join(me);
			Peer other = bench.join(me);
			narrow(me, Delivery.reliable(), meant, other);
			narrow(me, Delivery.lossy(), meant, other);
		}, Ability.PEERS);
	}

	private static void narrow(Talker me, Delivery to, Peer meant, Peer other) throws Exception {
		byte[] secret = Chats.say("for one");
		boolean taken = taken(me.hand(secret, to.to(Set.of(meant.id()))), "a packet for one peer");
		me.say(Chats.say("for all"));
		boolean got = until(meant, secret, Chats.say("for all"));
		boolean leaked = until(other, secret, Chats.say("for all"));
		require(!leaked, () -> other.id() + " got a packet that was for " + meant.id() + " only" + (taken ? "" : ", and which was refused"));
		require(taken || !got, () -> "a packet was refused, and arrived");
		require(got || !taken || to.reliability() == Reliability.LOSSY, () -> "a reliable packet for " + meant.id() + " was taken and did not arrive");
	}

	/** Whether it was taken; anything but UNSUPPORTED is a failure. */
	private static boolean taken(CompletionStage<Void> sending, String what) {
		require(Waits.settles(sending, Waits.limit()), () -> "sending " + what + " does not end");
		if (!sending.toCompletableFuture().isCompletedExceptionally()) {
			return true;
		}
		TransportException failure = Waits.failure(sending, Waits.limit(), "sending " + what);
		require(failure.code() == Code.UNSUPPORTED, () -> "sending " + what + " failed with " + failure.code());
		return false;
	}

	/** Whether a packet comes before another. */
	private static boolean until(Peer peer, byte[] wanted, byte[] last) throws InterruptedException {
		boolean came = false;
		for (Peer.Received got = peer.next(Waits.limit());; got = peer.next(Waits.limit())) {
			require(got != null, () -> peer.id() + " did not get a packet that was for all");
			if (Arrays.equals(got.packet(), last)) {
				return came;
			}
			came |= Arrays.equals(got.packet(), wanted);
		}
	}

	@Test
	void c13_topics_are_kept_or_refused() throws Exception {
		check(Clause.C13, bench -> {
			Talker me = bench.enter();
			Peer peer = bench.join(me);
			byte[] packet = Chats.say("under a topic");
			boolean taken = taken(me.hand(packet, Delivery.reliable().withTopic("kit")), "a packet under a topic");
			me.say(Chats.say("end"));
			Peer.Received got = peer.next(Waits.limit());
			require(got != null, () -> "nothing arrived");
			if (taken) {
				require(Arrays.equals(got.packet(), packet), () -> "a packet under a topic was taken and did not arrive");
				require(got.topic().equals("kit"), () -> "a packet sent under the topic 'kit' arrived under '" + got.topic() + "'");
			} else {
				require(!Arrays.equals(got.packet(), packet), () -> "a packet under a topic was refused, and arrived");
			}
		}, Ability.PEERS);
	}

	@Test
	void c14_the_largest_packet_is_carried() throws Exception {
		check(Clause.C14, bench -> {
			Talker me = bench.enter();
			byte[] largest = Chats.say("large", Math.max(Chats.MIN_BYTES, Math.min(me.link.maxPacketBytes(), 64_000)));
			if (bench.can(Ability.PEERS)) {
				Peer peer = bench.join(me);
				me.say(largest);
				expect(peer, me.id(), largest);
			} else {
				me.say(largest);
			}
			require(!me.context.closed.isDone(), () -> "the wire ended");
		});
	}

	@Test
	void c15_a_service_that_does_not_read_holds_nobody_up() throws Exception {
		check(Clause.C15, bench -> {
			Talker me = bench.enter();
			int bytes = Math.max(Chats.MIN_BYTES, Math.min(me.link.maxPacketBytes(), 8_000));
			bench.driver.stall(true);
			CompletionStage<Void> waiting = null;
			int sent = 0;
			for (; waiting == null; sent++) {
				int number = sent;
				require((long) sent * bytes < STALL_BYTES, () -> "the stage never waits: the wire took " + number + " packets of " + bytes + " bytes, which nobody reads");
				CompletableFuture<CompletionStage<Void>> handed = new CompletableFuture<>();
				CompletableFuture<Void> call = bench.aside(() -> handed.complete(me.hand(Chats.say("stalled " + number, bytes), Delivery.reliable())));
				require(Waits.settles(call, Waits.prompt()), () -> "send() blocks while the service does not read");
				Waits.await(call, "send()");
				CompletionStage<Void> taken = handed.join();
				if (!taken.toCompletableFuture().isDone() && !Waits.settles(taken, Duration.ofMillis(500))) {
					waiting = taken;
				}
			}
			bench.driver.stall(false);
			Waits.await(waiting, "sending, once the service reads again,");
			if (bench.can(Ability.PEERS)) {
				require(!me.context.closed.isDone(), () -> "the wire ended meanwhile: " + me.context.closed.join().reason());
				Peer peer = bench.join(me);
				me.say(Chats.say("end"));
				expect(peer, me.id(), Chats.say("end"));
			}
		}, Ability.STALL);
	}

	@Test
	void c16_a_wire_that_ended_takes_nothing() throws Exception {
		check(Clause.C16, bench -> {
			Talker me = bench.enter();
			bench.driver.drop();
			Waits.await(me.context.closed, bench.driver.lostWithin().plus(Waits.limit()), "the end of a wire that was cut");
			CompletableFuture<CompletionStage<Void>> handed = new CompletableFuture<>();
			CompletableFuture<Void> call = bench.aside(() -> handed.complete(me.hand(Chats.say("too late"), Delivery.reliable())));
			Waits.await(call, Waits.prompt(), "send() after the end");
			bench.heard(Waits.failure(handed.join(), Waits.prompt(), "send() after the end"));
		}, Ability.DROP);
	}

	@Test
	void c17_confirmations_are_honest() throws Exception {
		check(Clause.C17, bench -> {
			Talker me = bench.enter();
			boolean confirms = me.link.confirms();
			for (int i = 0; i < MANY; i++) {
				me.say(Chats.say("packet " + i));
				Waits.await(me.hand(Chats.say("step " + i), Delivery.lossy()), "sending a lossy packet");
			}
			if (confirms) {
				Waits.until(() -> me.context.confirmed.get() >= MANY, Waits.limit(), () -> "of " + MANY + " reliable packets " + me.context.confirmed + " were confirmed");
			}
			require(me.context.confirmed.get() <= MANY, () -> MANY + " reliable packets were sent, and " + me.context.confirmed + " confirmed");
			if (confirms && bench.can(Ability.STALL)) {
				bench.driver.stall(true);
				for (int i = 0; i < 3; i++) {
					me.hand(Chats.say("unread " + i), Delivery.reliable());
				}
				boolean early = settlesAt(me.context, MANY + 1);
				bench.driver.stall(false);
				require(!early, () -> "packets were confirmed which the service has not read");
				Waits.until(() -> me.context.confirmed.get() == MANY + 3, Waits.limit(), () -> "of 3 packets that the service read late " + (me.context.confirmed.get() - MANY) + " were confirmed");
			}
			if (!confirms) {
				require(me.context.confirmed.get() == 0, () -> "confirms() is false, and " + me.context.confirmed + " were confirmed");
			}
		});
	}

	/** Whether so many are confirmed within a while: what must not happen has no event to wait for. */
	private static boolean settlesAt(KitContext context, long count) {
		CompletableFuture<Void> never = new CompletableFuture<>();
		for (int i = 0; i < 10 && context.confirmed.get() < count; i++) {
			Waits.settles(never, Duration.ofMillis(100));
		}
		return context.confirmed.get() >= count;
	}

	// ---- receiving

	@Test
	void c18_what_peers_send_is_reported_as_it_was() throws Exception {
		check(Clause.C18, bench -> {
			Talker me = bench.enter();
			Peer peer = bench.join(me);
			List<byte[]> packets = various(me.link.maxPacketBytes());
			CompletableFuture<Void> sending = bench.aside(() -> {
				try {
					for (byte[] packet : packets) {
						peer.send(packet, Reliability.RELIABLE);
					}
				} catch (Exception e) {
					throw new AssertionError("the other side cannot send: " + e, e);
				}
			});
			for (int i = 0; i < packets.size(); i++) {
				KitContext.Heard got = me.context.next(Waits.limit());
				int number = i;
				require(got != null, () -> "packet " + number + " of " + packets.size() + " was not reported");
				require(got.from().equals(peer.id()), () -> "it was reported from " + got.from() + ", not from " + peer.id());
				require(Arrays.equals(got.packet(), packets.get(number)), () -> "instead of packet " + number + ", of " + packets.get(number).length
						+ " bytes, one of " + got.packet().length + " was reported");
				require(got.reliability() == Reliability.RELIABLE, () -> "a reliable packet was reported as " + got.reliability());
			}
			Waits.await(sending, "sending");
			require(me.context.changed().isEmpty(), () -> me.context.changed().size() + " packets have changed since they were reported: their bytes are used again");
		}, Ability.PEERS);
	}

	@Test
	void c19_nonsense_is_noticed() throws Exception {
		check(Clause.C19, bench -> {
			Talker me = bench.enter();
			bench.driver.garbage();
			Waits.until(() -> !me.context.invalid.isEmpty() || me.context.closed.isDone(), Waits.limit(), () -> "nonsense came, and neither invalid() nor closed() was called");
			if (me.context.closed.isDone()) {
				Reason reason = me.context.closed.join().reason();
				require(reason == Reason.PROTOCOL, () -> "nonsense ended the wire with " + reason);
			} else if (bench.can(Ability.PEERS)) {
				Peer peer = bench.join(me);
				peer.send(Chats.say("hello"), Reliability.RELIABLE);
				expect(me, peer.id(), Chats.say("hello"));
			}
		}, Ability.GARBAGE);
	}

	@Test
	void c20_a_slow_host_slows_the_wire() throws Exception {
		check(Clause.C20, bench -> {
			Talker me = bench.enter();
			Peer peer = bench.join(me);
			int bytes = Math.max(Chats.MIN_BYTES, Math.min(me.link.maxPacketBytes(), 8_000));
			int count = 3 * PAUSE_BYTES / bytes;
			CompletableFuture<Void> paused = new CompletableFuture<>();
			me.context.room = paused;
			CompletableFuture<Void> sending = bench.aside(() -> {
				try {
					for (int i = 0; i < count; i++) {
						peer.send(Chats.say("packet " + i, bytes), Reliability.RELIABLE);
					}
				} catch (Exception e) {
					throw new AssertionError("the other side cannot send: " + e, e);
				}
			});
			Waits.until(() -> !me.context.all.isEmpty(), Waits.limit(), () -> "nothing came");
			CompletableFuture<Void> never = new CompletableFuture<>();
			for (int before = -1; me.context.all.size() != before;) { // until nothing comes any more
				before = me.context.all.size();
				Waits.settles(never, Duration.ofMillis(500));
			}
			int came = me.context.all.size();
			require((long) (came - 1) * bytes <= PAUSE_BYTES, () -> "after the stage began to wait " + (long) (came - 1) * bytes + " more bytes were reported");
			me.context.room = CompletableFuture.completedFuture(null);
			bench.aside(() -> paused.complete(null));
			for (int i = 0; i < count; i++) {
				KitContext.Heard got = me.context.next(Waits.limit());
				int number = i;
				require(got != null, () -> "packet " + number + " of " + count + " was lost in the pause");
				require(Arrays.equals(got.packet(), Chats.say("packet " + number, bytes)), () -> "another packet came instead of number " + number);
			}
			Waits.await(sending, "sending");
		}, Ability.PEERS, Ability.PAUSE);
	}

	@Test
	void c21_reports_are_made_without_a_lock() throws Exception {
		check(Clause.C21, bench -> {
			Talker me = bench.enter();
			Peer peer = bench.join(me);
			CompletableFuture<String> verdict = new CompletableFuture<>();
			me.context.within = () -> {
				me.context.within = () -> { };
				CompletableFuture<Void> sent = bench.aside(() -> me.hand(Chats.say("from beside"), Delivery.reliable()));
				CompletableFuture<CompletionStage<Void>> closing = new CompletableFuture<>();
				boolean free = Waits.settles(sent, Waits.prompt()) && Waits.settles(bench.aside(() -> closing.complete(me.close())), Waits.prompt());
				verdict.complete(free ? "" : sent.isDone() ? "close()" : "send()");
			};
			peer.send(Chats.say("hello"), Reliability.RELIABLE);
			String held = Waits.await(verdict, "a report");
			require(held.isEmpty(), () -> held + " does not return while a report is under way");
		}, Ability.PEERS);
	}

	// ---- ending

	@Test
	void c22_who_is_put_out_is_told_so() throws Exception {
		check(Clause.C22, bench -> {
			Talker me = bench.enter();
			String said = bench.driver.kick(me.id());
			Disconnection end = Waits.await(me.context.closed, "the end, after we were put out,");
			require(end.reason() == Reason.KICKED, () -> "who was put out was told " + end.reason());
			require(end.detail().contains(said), () -> "the service said '" + said + "', the wire '" + end.detail() + "'");
		}, Ability.KICK);
	}

	@Test
	void c23_a_cut_wire_is_lost() throws Exception {
		check(Clause.C23, bench -> {
			Talker me = bench.enter();
			bench.driver.drop();
			Disconnection end = Waits.await(me.context.closed, bench.driver.lostWithin().plus(Waits.limit()), "the end of a wire that was cut");
			require(end.reason() == Reason.LOST, () -> "a wire that was cut ended with " + end.reason());
		}, Ability.DROP);
	}

	@Test
	void c24_a_silent_wire_is_lost() throws Exception {
		check(Clause.C24, bench -> {
			Talker me = bench.enter();
			bench.driver.silence();
			Disconnection end = Waits.await(me.context.closed, bench.driver.lostWithin().plus(Waits.prompt()), "the end of a wire that fell silent");
			require(end.reason() == Reason.LOST, () -> "a wire that fell silent ended with " + end.reason());
		}, Ability.SILENCE);
	}

	@Test
	void c25_a_goodbye_is_one() throws Exception {
		check(Clause.C25, bench -> {
			Talker me = bench.enter();
			bench.driver.end();
			Disconnection end = Waits.await(me.context.closed, "the end, after the service said goodbye,");
			require(end.reason() == Reason.SERVER, () -> "a service that closed in good order ended the wire with " + end.reason());
		}, Ability.END);
	}

	@Test
	void c26_closing_is_quick_and_done_once() throws Exception {
		check(Clause.C26, bench -> {
			Talker me = bench.enter();
			Peer peer = bench.can(Ability.PEERS) ? bench.join(me) : null;
			closes(bench, me, "close()");
			closes(bench, me, "close(), a second time,");
			if (peer != null) {
				Waits.until(() -> !peer.sees().contains(me.id()), Waits.limit(), () -> "others still see us after close()");
			}
			Talker busy = bench.enter();
			AtomicBoolean stop = new AtomicBoolean();
			CompletableFuture<Void> begun = new CompletableFuture<>();
			CompletableFuture<Void> sending = bench.aside(() -> {
				for (int i = 0; !stop.get(); i++) {
					CompletionStage<Void> taken = busy.hand(Chats.say("busy " + i), Delivery.lossy());
					begun.complete(null);
					Waits.settles(taken, Waits.prompt());
				}
			});
			Waits.await(begun, "send()");
			closes(bench, busy, "close() beside send()");
			stop.set(true);
			Waits.await(sending, "send() beside close()");
			if (bench.can(Ability.SILENCE)) {
				Talker deaf = bench.enter();
				bench.driver.silence();
				closes(bench, deaf, "close() towards a service that is silent");
			}
		});
	}

	private static void closes(Workbench bench, Talker who, String what) {
		CompletableFuture<CompletionStage<Void>> closing = new CompletableFuture<>();
		Waits.await(bench.aside(() -> closing.complete(who.close())), Waits.prompt(), what);
		Waits.await(closing.join(), Waits.prompt(), "what " + what + " returned");
		who.context.over();
	}

	@Test
	void c27_the_end_is_the_end() throws Exception {
		check(Clause.C27, bench -> {
			Talker me = bench.enter();
			Peer peer = bench.can(Ability.PEERS) ? bench.join(me) : null;
			if (peer != null) {
				peer.send(Chats.say("hello"), Reliability.RELIABLE);
				expect(me, peer.id(), Chats.say("hello"));
			}
			closes(bench, me, "close()");
			if (peer != null) { // what happens now is not ours to hear
				peer.send(Chats.say("still there?"), Reliability.RELIABLE);
				peer.leave();
			}
			if (bench.can(Ability.KICK)) {
				Talker kicked = bench.enter();
				bench.driver.kick(kicked.id());
				Waits.await(kicked.context.closed, "the end, after we were put out,");
				closes(bench, kicked, "close() after the end");
			}
			if (bench.can(Ability.DROP)) {
				Talker lost = bench.enter();
				bench.driver.drop();
				Waits.await(lost.context.closed, bench.driver.lostWithin().plus(Waits.limit()), "the end of a wire that was cut");
				closes(bench, lost, "close() after the end");
			}
		});
	}

	@Test
	void c28_nothing_is_left_of_a_provider() throws Exception {
		Set<Thread> before = threads();
		List<CompletionStage<?>> underWay = new ArrayList<>();
		check(Clause.C28, bench -> {
			for (int i = 0; i < 3; i++) {
				bench.enter().say(Chats.say("hello"));
			}
			if (bench.can(Ability.HANG)) {
				underWay.add(bench.opening(bench.driver.hanging(), bench.context()));
			}
			CompletableFuture<Void> stopping = bench.aside(() -> {
				try {
					bench.deactivate();
				} catch (Exception e) {
					throw new AssertionError("deactivation threw " + e, e);
				}
			});
			Waits.await(stopping, Waits.limit(), "deactivation");
			for (CompletionStage<?> opening : underWay) {
				bench.heard(Waits.failure(opening, Waits.limit(), "an open() under way when the provider is deactivated"));
			}
			if (bench.driver.wires() >= 0) {
				Waits.until(() -> bench.driver.wires() == 0, Waits.limit(), () -> bench.driver.wires() + " wires are still open after deactivation");
			}
			bench.driver.stop();
			Waits.until(() -> left(before).isEmpty(), Waits.limit(), () -> "these threads are left: " + left(before));
		});
	}

	private static Set<Thread> threads() {
		Set<Thread> threads = ConcurrentHashMap.newKeySet();
		threads.addAll(Thread.getAllStackTraces().keySet());
		return threads;
	}

	/** The new threads that are not the kit's, JUnit's or the JDK's own. */
	private static List<String> left(Set<Thread> before) {
		return threads().stream().filter(t -> t.isAlive() && !before.contains(t)).map(Thread::getName)
				.filter(name -> !name.startsWith("testkit-") && !name.startsWith("junit-") && !name.startsWith("ForkJoinPool.commonPool")
						&& !name.startsWith("CompletableFutureDelayScheduler") && !name.startsWith("Common-Cleaner") && !name.startsWith("surefire-")
						&& !name.startsWith("Attach Listener") && !name.startsWith("process reaper") && !name.startsWith("ForkJoinPool-delayScheduler"))
				.collect(Collectors.toList());
	}

	@Test
	void c29_after_the_end_it_opens_anew() throws Exception {
		check(Clause.C29, bench -> {
			for (int round = 0; round < 3; round++) {
				Talker me = bench.enter();
				me.say(Chats.say("round " + round));
				closes(bench, me, "close()");
			}
			if (bench.can(Ability.KICK)) {
				Talker kicked = bench.enter();
				bench.driver.kick(kicked.id());
				Waits.await(kicked.context.closed, "the end, after we were put out,");
				bench.enter().say(Chats.say("back"));
			}
			if (bench.can(Ability.DROP)) {
				Talker lost = bench.enter();
				bench.driver.drop();
				Waits.await(lost.context.closed, bench.driver.lostWithin().plus(Waits.limit()), "the end of a wire that was cut");
				bench.enter().say(Chats.say("back"));
			}
		});
	}

	@Test
	void c30_secrets_stay_secret() throws Exception {
		check(Clause.C30, bench -> {
			Talker me = bench.enter();
			me.say(Chats.say("hello"));
			bench.provider.toString();
			bench.sayFailure(me.hand(Chats.say("for nobody"), Delivery.reliable().to(Set.of(PeerId.of("nobody"))).withTopic("kit")));
			if (bench.can(Ability.DROP)) {
				bench.driver.drop();
				Waits.await(me.context.closed, bench.driver.lostWithin().plus(Waits.limit()), "the end of a wire that was cut");
				bench.sayFailure(me.hand(Chats.say("late"), Delivery.reliable()));
			}
			if (bench.can(Ability.HANG)) {
				KitContext context = bench.context();
				CompletionStage<Link> opening = bench.opening(bench.driver.hanging(), context);
				context.abandoned.complete(null);
				bench.sayFailure(opening);
			}
			if (bench.can(Ability.STOP)) {
				TransportUri uri = bench.driver.uri(bench.room);
				bench.driver.stop();
				bench.sayFailure(bench.opening(uri, bench.context()));
			}
		});
	}

	// ---- in the registry

	/** A host's side. */
	private static final class Host implements TransportListener {

		final BlockingQueue<Message> messages = new LinkedBlockingQueue<>();
		final AtomicInteger connects = new AtomicInteger();
		final AtomicInteger ends = new AtomicInteger();

		@Override
		public void connected(Set<PeerId> peers) {
			connects.incrementAndGet();
		}

		@Override
		public void received(Message message) {
			messages.add(message);
		}

		@Override
		public void disconnected(Disconnection why) {
			ends.incrementAndGet();
		}

		void expect(PeerId from, byte[] packet) throws InterruptedException {
			for (Message got = messages.poll(Waits.limit().toMillis(), TimeUnit.MILLISECONDS);; got = messages.poll(Waits.limit().toMillis(), TimeUnit.MILLISECONDS)) {
				require(got != null, () -> "the host did not hear " + from);
				if (got.from().equals(from) && Arrays.equals(got.packet().toByteArray(), packet)) {
					return;
				}
			}
		}
	}

	/** A registry with the provider in it. */
	private static final class Home implements AutoCloseable {

		final PlainRegistry registry = new PlainRegistry();
		final Identity identity;
		final TransportUri uri;
		final long id;

		Home(Workbench bench) {
			identity = bench.driver.identity();
			uri = bench.driver.uri(bench.room);
			id = registry.add(bench.provider, Set.of(uri.type()));
			bench.others.forEach((type, other) -> registry.add(other, Set.of(type)));
		}

		Transport connect(Host host) throws TransportException {
			Transport transport = registry.host().create(uri, TransportOptions.of(identity));
			transport.listen(host);
			Waits.await(transport.connect(), "connect()");
			Waits.until(() -> host.connects.get() == 1, Waits.limit(), () -> "the host was not told that it is connected");
			return transport;
		}

		@Override
		public void close() {
			registry.close();
		}
	}

	private static void seen(Peer peer, PeerId who, boolean there) {
		Waits.until(() -> peer.sees().contains(who) == there, Waits.limit(), () -> peer.id() + (there ? " does not see " : " still sees ") + who);
	}

	@Test
	void c31_a_host_talks_and_the_account_adds_up() throws Exception {
		check(Clause.C31, bench -> {
			try (Home home = new Home(bench)) {
				Host host = new Host();
				Transport transport = home.connect(host);
				if (bench.can(Ability.PEERS)) {
					Peer peer = bench.join();
					seen(peer, home.identity.address(), true);
					Waits.await(transport.send(Packet.copyOf(Chats.say("hello")), Delivery.reliable()), "send()");
					expect(peer, home.identity.address(), Chats.say("hello"));
					peer.send(Chats.say("hi"), Reliability.RELIABLE);
					host.expect(peer.id(), Chats.say("hi"));
				}
				for (int i = 0; i < MANY; i++) {
					transport.send(Packet.copyOf(Chats.say("step " + i)), i % 2 == 0 ? Delivery.lossy() : Delivery.reliable());
				}
				Waits.await(transport.disconnect(), "disconnect()");
				require(Waits.await(transport.closed(), "closed()").reason() == Reason.CLIENT, () -> "it was told another reason than ours");
				TransportStats stats = transport.stats();
				require(stats.accepted() == stats.sent() + stats.sendDropped() + stats.sendFailed(), () -> stats.accepted() + " packets were accepted, but " + stats.sent()
						+ " sent, " + stats.sendDropped() + " dropped, " + stats.sendFailed() + " failed");
				require(stats.sendFailed() == 0, () -> stats.sendFailed() + " packets failed on a good wire");
				Waits.until(() -> host.ends.get() == 1, Waits.limit(), () -> "the host was told of " + host.ends.get() + " ends");
			}
		});
	}

	@Test
	void c32_too_much_is_too_large() throws Exception {
		check(Clause.C32, bench -> {
			try (Home home = new Home(bench)) {
				Host host = new Host();
				Transport transport = home.connect(host);
				TransportException failure = Waits.failure(transport.send(Packet.copyOf(new byte[4 << 20]), Delivery.reliable()), Waits.limit(), "sending 4 MiB");
				require(failure.code() == Code.TOO_LARGE, () -> "sending 4 MiB failed with " + failure.code());
				Peer peer = bench.can(Ability.PEERS) ? bench.join() : null;
				if (peer != null) {
					seen(peer, home.identity.address(), true);
				}
				Waits.await(transport.send(Packet.copyOf(Chats.say("hello")), Delivery.reliable()), "send() afterwards");
				if (peer != null) {
					expect(peer, home.identity.address(), Chats.say("hello"));
				}
				require(transport.state() == Transport.State.CONNECTED, () -> "the conversation is " + transport.state());
			}
		});
	}

	@Test
	void c33_a_provider_that_leaves_takes_its_wires_along() throws Exception {
		check(Clause.C33, bench -> {
			try (Home home = new Home(bench)) {
				Host host = new Host();
				Transport transport = home.connect(host);
				Peer peer = bench.can(Ability.PEERS) && bench.others.isEmpty() ? bench.join() : null;
				if (peer != null) {
					seen(peer, home.identity.address(), true);
				}
				home.registry.remove(home.id);
				if (!bench.others.isEmpty()) { // the wire is another's, who stays
					require(transport.state() == Transport.State.CONNECTED, () -> "the transport is " + transport.state() + ", although its link is of another provider, which stays");
					return;
				}
				Disconnection end = Waits.await(transport.closed(), "closed()");
				require(end.reason() == Reason.PROVIDER_GONE, () -> "it was told " + end.reason());
				if (peer != null) {
					seen(peer, home.identity.address(), false);
				}
			}
		});
	}

	@Test
	void c34_a_session_comes_back() throws Exception {
		check(Clause.C34, bench -> {
			try (Home home = new Home(bench)) {
				SessionPolicy quick = SessionPolicy.defaults().withWaits(Duration.ofMillis(20), Duration.ofMillis(200));
				Session session = home.registry.host().session(home.uri, TransportOptions.of(home.identity), quick);
				Waits.await(session.connect(), "the session's connect()");
				bench.driver.drop();
				Waits.until(() -> session.lastEnding().isPresent(), bench.driver.lostWithin().plus(Waits.limit()), () -> "the session does not notice that it was cut");
				Waits.until(() -> session.state() == Session.State.CONNECTED, Waits.limit(), () -> "after a cut the session is " + session.state());
				if (bench.can(Ability.KICK)) {
					bench.driver.kick(home.identity.address());
					Disconnection end = Waits.await(session.closed(), "the end of a session that was put out");
					require(end.reason() == Reason.KICKED, () -> "the session ended with " + end.reason());
				}
			}
		}, Ability.DROP);
	}
}
