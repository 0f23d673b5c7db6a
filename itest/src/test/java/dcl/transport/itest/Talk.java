package dcl.transport.itest;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;

import dcl.transport.Delivery;
import dcl.transport.Disconnection;
import dcl.transport.Identity;
import dcl.transport.Message;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.Session;
import dcl.transport.SessionListener;
import dcl.transport.SessionPolicy;
import dcl.transport.SessionStats;
import dcl.transport.TransportException;
import dcl.transport.TransportOptions;
import dcl.transport.TransportRegistry;
import dcl.transport.TransportUri;
import dcl.transport.identity.Wallets;

import static java.util.concurrent.TimeUnit.MICROSECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * One session that says numbered, timed, reliable packets at a steady rate, and another that hears them in the same room. Whatever happens to either that
 * is not a packet in its turn is a fault.
 */
final class Talk implements AutoCloseable {

	private static final int MAX_PACKETS = 200_000;
	private static final int PACKET_BYTES = Integer.BYTES + Long.BYTES;

	private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(task -> new Thread(task, "talk"));
	private final CompletableFuture<Void> fault = new CompletableFuture<>();
	private final CompletableFuture<Void> met = new CompletableFuture<>();
	private final AtomicInteger sent = new AtomicInteger();
	private final AtomicInteger received = new AtomicInteger();
	private final AtomicInteger confirmed = new AtomicInteger();
	private final AtomicLongArray latencies = new AtomicLongArray(MAX_PACKETS);
	private final Session speaker;
	private final Session hearer;

	private Talk(TransportRegistry registry, TransportUri room) throws TransportException {
		Identity who = Wallets.random();
		speaker = registry.session(room, TransportOptions.of(who), SessionPolicy.defaults());
		hearer = registry.session(room, TransportOptions.of(Wallets.random()), SessionPolicy.defaults());
		speaker.listen(new Ear());
		hearer.listen(new Ear() {
			@Override
			public void peerJoined(PeerId peer) {
				met.complete(null);
			}

			@Override
			public void received(Message message) {
				heard(message.packet().asByteBuffer());
			}
		});
	}

	/** Begins to talk in a room, so many packets a second, and waits until they are heard. */
	static Talk in(TransportRegistry registry, TransportUri room, int perSecond) throws Exception {
		Talk talk = new Talk(registry, room);
		Await.result(talk.hearer.connect());
		Await.result(talk.speaker.connect());
		Await.result(talk.met);
		talk.clock.scheduleAtFixedRate(talk::speak, 0, SECONDS.toMicros(1) / perSecond, MICROSECONDS);
		talk.awaitHeard(1);
		return talk;
	}

	private class Ear implements SessionListener {

		@Override
		public void reconnected(Set<PeerId> peers) {
			fault.completeExceptionally(new AssertionError("reconnected"));
		}

		@Override
		public void peerLeft(PeerId peer) {
			fault.completeExceptionally(new AssertionError("the other left"));
		}

		@Override
		public void disconnected(Disconnection why) {
			fault.completeExceptionally(new AssertionError("disconnected: " + why));
		}
	}

	private void speak() {
		int number = sent.get() + 1;
		ByteBuffer bytes = ByteBuffer.allocate(PACKET_BYTES).putInt(number).putLong(System.nanoTime()).flip();
		speaker.send(Packet.wrap(bytes), Delivery.reliable()).whenComplete((outcome, failure) -> {
			if (failure != null) {
				fault.completeExceptionally(failure);
			} else if (outcome != Session.Outcome.CONFIRMED) {
				fault.completeExceptionally(new AssertionError("packet " + number + " is " + outcome));
			} else {
				confirmed.incrementAndGet();
			}
		});
		sent.set(number);
	}

	private void heard(ByteBuffer packet) {
		int number = packet.getInt();
		latencies.set(number % MAX_PACKETS, System.nanoTime() - packet.getLong());
		if (!received.compareAndSet(number - 1, number)) {
			fault.completeExceptionally(new AssertionError("packet " + (received.get() + 1) + " was expected, not " + number));
		}
	}

	/** Returns the number of the last packet that was sent. */
	int sent() {
		return sent.get();
	}

	/** Waits until a packet, and all before it, have been heard. */
	void awaitHeard(int number) {
		Await.until("packet " + number + " is heard; " + this, () -> received.get() >= number || fault.isDone());
		fault.getNow(null);
	}

	/** Returns how long some packets took from {@code send} to the listener, in microseconds, in rising order. */
	long[] latencies(int afterNumber, int upToNumber) {
		awaitHeard(upToNumber);
		long[] micros = new long[upToNumber - afterNumber];
		Arrays.setAll(micros, i -> NANOSECONDS.toMicros(latencies.get((afterNumber + 1 + i) % MAX_PACKETS)));
		Arrays.sort(micros);
		return micros;
	}

	/** Ends the talk and returns how many packets there were. Every one was heard and confirmed, in order and on the first connection, or this fails. */
	int end() throws Exception {
		clock.shutdown();
		if (!clock.awaitTermination(Await.LIMIT_SECONDS, SECONDS)) {
			throw new AssertionError("send blocks");
		}
		int all = sent.get();
		awaitHeard(all);
		Await.until("all packets are confirmed; " + this, () -> confirmed.get() == all || fault.isDone());
		fault.getNow(null);
		for (Session session : new Session[] {speaker, hearer}) {
			SessionStats stats = session.stats();
			assertThat(session.state()).isEqualTo(Session.State.CONNECTED);
			assertThat(stats.connections()).isEqualTo(1);
			assertThat(stats.dropped() + stats.unknown() + stats.failed()).isZero();
		}
		assertThat(speaker.stats().confirmed()).isEqualTo(all);
		return all;
	}

	@Override
	public void close() {
		clock.shutdownNow();
		speaker.close();
		hearer.close();
	}

	@Override
	public String toString() {
		return sent + " sent, " + received + " heard, " + confirmed + " confirmed";
	}
}
