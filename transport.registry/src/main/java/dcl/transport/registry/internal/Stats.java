package dcl.transport.registry.internal;

import java.util.concurrent.atomic.AtomicLong;

import dcl.transport.TransportStats;

/** The counters of one transport. Plain atomics: each has one or two writers. */
final class Stats implements TransportStats {

	final AtomicLong accepted = new AtomicLong();
	final AtomicLong sent = new AtomicLong();
	final AtomicLong bytesSent = new AtomicLong();
	final AtomicLong sendDropped = new AtomicLong();
	final AtomicLong sendFailed = new AtomicLong();
	final AtomicLong confirmed = new AtomicLong();
	final AtomicLong received = new AtomicLong();
	final AtomicLong bytesReceived = new AtomicLong();
	final AtomicLong receiveDropped = new AtomicLong();
	final AtomicLong invalid = new AtomicLong();

	/** Adds to a counter that is written under one lock: without the locked instruction of {@code addAndGet}, twice a packet. */
	static void add(AtomicLong counter, long more) {
		counter.lazySet(counter.getPlain() + more);
	}

	@Override
	public long accepted() {
		return accepted.get();
	}

	@Override
	public long sent() {
		return sent.get();
	}

	@Override
	public long bytesSent() {
		return bytesSent.get();
	}

	@Override
	public long sendDropped() {
		return sendDropped.get();
	}

	@Override
	public long sendFailed() {
		return sendFailed.get();
	}

	@Override
	public long confirmed() {
		return confirmed.get();
	}

	@Override
	public long received() {
		return received.get();
	}

	@Override
	public long bytesReceived() {
		return bytesReceived.get();
	}

	@Override
	public long receiveDropped() {
		return receiveDropped.get();
	}

	@Override
	public long invalid() {
		return invalid.get();
	}

	@Override
	public String toString() {
		return "accepted " + accepted + " = sent " + sent + " + dropped " + sendDropped + " + failed " + sendFailed + ", received " + received
				+ ", dropped " + receiveDropped + ", invalid " + invalid;
	}
}
