package dcl.transport.itest;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicInteger;

import dcl.transport.Delivery;
import dcl.transport.Message;
import dcl.transport.Packet;
import dcl.transport.Transport;
import dcl.transport.TransportListener;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

/** Numbered reliable packets, one each millisecond, through a transport that echoes. */
final class Flow implements AutoCloseable {

	private final Transport transport;
	private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
	private final CompletableFuture<Void> fault = new CompletableFuture<>();
	private final AtomicInteger sent = new AtomicInteger();
	private final AtomicInteger received = new AtomicInteger();

	private Flow(Transport transport) {
		this.transport = transport;
	}

	/** Starts, and waits for the first packet to come back. */
	static Flow through(Transport connected) {
		Flow flow = new Flow(connected);
		connected.listen(new TransportListener() {
			@Override
			public void received(Message message) {
				flow.check(message.packet().asByteBuffer().getInt());
			}
		});
		flow.clock.scheduleAtFixedRate(flow::send, 0, 1, MILLISECONDS);
		flow.awaitMore();
		return flow;
	}

	private void send() {
		Packet packet = Packet.wrap(ByteBuffer.allocate(Integer.BYTES).putInt(0, sent.incrementAndGet()));
		transport.send(packet, Delivery.reliable()).whenComplete((done, failure) -> {
			if (failure != null) {
				fault.completeExceptionally(failure);
			}
		});
	}

	private void check(int number) {
		int expected = received.incrementAndGet();
		if (number != expected) {
			fault.completeExceptionally(new AssertionError("packet " + expected + " was expected, not " + number));
		}
	}

	/** Waits until something that is sent from now on has come back. */
	void awaitMore() {
		int now = sent.get();
		Await.until("packets flow; " + this, () -> received.get() > now || fault.isCompletedExceptionally());
		fault.getNow(null);
	}

	/** Ends the flow and returns how many packets there were. Every one has come back, in order, or this fails. */
	int end() throws InterruptedException {
		clock.shutdown();
		if (!clock.awaitTermination(Await.LIMIT_SECONDS, SECONDS)) {
			throw new AssertionError("send blocks");
		}
		Await.until("all packets are back; " + this, () -> received.get() == sent.get() || fault.isCompletedExceptionally());
		fault.getNow(null);
		return received.get();
	}

	@Override
	public void close() {
		clock.shutdownNow();
	}

	@Override
	public String toString() {
		return sent + " sent, " + received + " back";
	}
}
