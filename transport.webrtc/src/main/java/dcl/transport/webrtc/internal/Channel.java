package dcl.transport.webrtc.internal;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

import dcl.transport.webrtc.DataChannel;
import dcl.transport.webrtc.DataChannelEvents;
import dcl.transport.webrtc.DataChannelOptions;
import dev.onvoid.webrtc.RTCDataChannel;
import dev.onvoid.webrtc.RTCDataChannelBuffer;
import dev.onvoid.webrtc.RTCDataChannelState;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One data channel. Whoever calls into libwebrtc for it holds {@link #guard}, so that nobody frees it meanwhile. That waits for libwebrtc's
 * threads, which is safe,
 * since on those nothing ever waits for a lock of ours.
 */
final class Channel implements DataChannel {

	private static final Logger LOG = LoggerFactory.getLogger(Channel.class);
	private static final long LOOK_MILLIS = 5;
	/** After so many looks the other side seems to have gone, and one in a while will do. */
	private static final int LOOKS = 40;
	private static final long LOOK_AGAIN_MILLIS = 50;

	private final Connection connection;
	private final String label;
	private final boolean reliable;
	private final long maxBufferedBytes;
	private final long lowBytes;
	private final ChannelObserver observer = new ChannelObserver(this);
	private final AtomicLong lost = new AtomicLong();
	private volatile DataChannelEvents events;
	private volatile boolean open;
	private volatile boolean broken; // a message of a reliable channel was lost

	private final Object guard = new Object();
	private RTCDataChannel channel; // guarded, like what follows; null once it is freed
	private long atMostBuffered; // as libwebrtc said, and what was sent since
	private boolean senderWaits;

	private boolean opened; // used by the thread alone

	Channel(Connection connection, RTCDataChannel channel, DataChannelOptions options) {
		this.connection = connection;
		this.channel = channel;
		label = channel.getLabel();
		reliable = options.maxRetransmits().isEmpty();
		maxBufferedBytes = options.maxBufferedBytes();
		lowBytes = options.bufferedLowBytes();
	}

	/** Makes one that the other side created. */
	Channel(Connection connection, RTCDataChannel channel) {
		this.connection = connection;
		this.channel = channel;
		label = channel.getLabel();
		reliable = channel.isReliable();
		maxBufferedBytes = DataChannelOptions.reliable().maxBufferedBytes();
		lowBytes = DataChannelOptions.reliable().bufferedLowBytes();
	}

	/** Called on the thread: from now on it is listened to. What came meanwhile waits in libwebrtc. */
	void begin(DataChannelEvents listener) {
		events = listener;
		if (connection.isClosed()) {
			detach();
			return;
		}
		synchronized (guard) {
			channel.registerObserver(observer);
		}
		look();
	}

	@Override
	public String label() {
		return label;
	}

	@Override
	public boolean isReliable() {
		return reliable;
	}

	@Override
	public int maxMessageBytes() {
		return connection.maxMessageBytes();
	}

	@Override
	public long bufferedAmount() {
		synchronized (guard) {
			if (channel == null) {
				return 0;
			}
			atMostBuffered = channel.getBufferedAmount();
			return atMostBuffered;
		}
	}

	@Override
	public Sent send(ByteBuffer message) {
		int size = message.remaining();
		if (size > maxMessageBytes()) {
			throw new IllegalArgumentException("a message to this peer has at most " + maxMessageBytes() + " bytes, not " + size);
		}
		if (!open) {
			return Sent.CLOSED;
		}
		RTCDataChannelBuffer buffer = new RTCDataChannelBuffer(exactly(message), true);
		synchronized (guard) {
			if (channel == null || !open) {
				return Sent.CLOSED;
			}
			// libwebrtc-java 0.14 does not say when libwebrtc refuses a message, so what it would refuse must not get there.
			if (atMostBuffered + size > maxBufferedBytes) {
				atMostBuffered = channel.getBufferedAmount();
				if (atMostBuffered > 0 && atMostBuffered + size > maxBufferedBytes) {
					waitForRoom();
					return Sent.CONGESTED;
				}
			}
			try {
				channel.send(buffer);
			} catch (Exception e) {
				LOG.debug("'{}' took nothing: {}", label, e.getMessage());
				return Sent.CLOSED;
			}
			atMostBuffered += size;
			return Sent.QUEUED;
		}
	}

	/** Returns a buffer that is nothing but the message: libwebrtc-java sends whole arrays and capacities. */
	private static ByteBuffer exactly(ByteBuffer message) {
		ByteBuffer exact = message.slice();
		if (exact.isDirect() && exact.hasRemaining() || exact.hasArray() && exact.array().length == exact.remaining()) {
			return exact;
		}
		byte[] copy = new byte[exact.remaining()];
		exact.get(copy);
		return ByteBuffer.wrap(copy);
	}

	private void waitForRoom() {
		if (!senderWaits) {
			senderWaits = true;
			connection.owner().later(() -> lookForRoom(1), LOOK_MILLIS);
		}
	}

	private void lookForRoom(int looks) {
		synchronized (guard) {
			if (channel == null) {
				return;
			}
			atMostBuffered = channel.getBufferedAmount();
			if (atMostBuffered > lowBytes) {
				connection.owner().later(() -> lookForRoom(looks + 1), looks < LOOKS ? LOOK_MILLIS : LOOK_AGAIN_MILLIS);
				return;
			}
			senderWaits = false;
		}
		tell(DataChannelEvents::bufferedLow);
	}

	// ---- reports of libwebrtc, on its thread

	void stateChanged() {
		connection.serial().execute(this::look);
	}

	void arrived(byte[] message) {
		if (broken) {
			lost.incrementAndGet();
			return;
		}
		if (connection.serial().message(() -> deliver(message), message.length)) {
			return;
		}
		broken = reliable;
		if (lost.getAndIncrement() == 0) {
			connection.serial().execute(this::overrun);
		}
	}

	// ---- on the thread

	private void deliver(byte[] message) {
		DataChannelEvents to = events;
		if (to != null) {
			to.message(ByteBuffer.wrap(message).asReadOnlyBuffer());
		}
	}

	private void overrun() {
		long messages = lost.getAndSet(0);
		tell(to -> to.overrun(messages));
		if (broken) {
			close();
		}
	}

	private void look() {
		RTCDataChannelState state;
		synchronized (guard) {
			if (channel == null) {
				return;
			}
			state = channel.getState();
		}
		if (state == RTCDataChannelState.OPEN && !opened) {
			opened = true;
			open = true;
			tell(DataChannelEvents::open);
		} else if (state == RTCDataChannelState.CLOSING) {
			open = false;
		} else if (state == RTCDataChannelState.CLOSED) {
			open = false;
			silence();
			free();
			connection.freed(this);
			tell(DataChannelEvents::closed);
			events = null;
		}
	}

	private void tell(Consumer<DataChannelEvents> event) {
		DataChannelEvents to = events;
		if (to != null) {
			Rtc.guarded(() -> event.accept(to));
		}
	}

	// ---- the end

	@Override
	public void close() {
		open = false;
		connection.owner().execute(() -> {
			synchronized (guard) {
				if (channel != null) {
					channel.close();
				}
			}
		});
	}

	/** Tells nothing any more. */
	void detach() {
		open = false;
		observer.detach();
		events = null;
	}

	/** Called on the thread: libwebrtc forgets the observer. */
	void silence() {
		observer.detach();
		open = false;
		synchronized (guard) {
			if (channel != null) {
				channel.unregisterObserver();
			}
		}
	}

	/** Called on the thread: libwebrtc forgets the channel. */
	void free() {
		synchronized (guard) {
			if (channel == null) {
				return;
			}
			RTCDataChannel freeing = channel;
			channel = null;
			try {
				freeing.dispose();
			} catch (RuntimeException | Error e) { // it says so where libwebrtc itself has still got one
				LOG.trace("{}", Rtc.refusal(e));
			}
		}
	}
}
