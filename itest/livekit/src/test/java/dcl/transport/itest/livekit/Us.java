package dcl.transport.itest.livekit;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import dcl.transport.Delivery;
import dcl.transport.Disconnection;
import dcl.transport.Message;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportListener;
import dcl.transport.TransportOptions;
import dcl.transport.TransportUri;

/** Our client, as a host gets it from the registry; writes down what it hears. For one test thread. */
final class Us implements TransportListener, AutoCloseable {

	private static final int MAX_EVENTS = 200_000;

	private final BlockingQueue<Object> heard = new LinkedBlockingQueue<>(MAX_EVENTS);
	private final Consumer<Transport> first;
	private final Transport transport;
	private final String identity;

	private Us(String identity, String uri, TransportOptions options, Consumer<Transport> first) throws TransportException {
		this.identity = identity;
		this.first = first;
		transport = Rig.comms().registry().create(TransportUri.parse(uri), options);
		transport.listen(this);
	}

	/** Enters a room under an address nobody had before. */
	static Us enter(String room) throws Exception {
		String identity = Rig.address();
		return enter(identity, Token.of(room, identity).uri(), TransportOptions.none());
	}

	static Us enter(String identity, String uri, TransportOptions options) throws Exception {
		return enter(identity, uri, options, transport -> { });
	}

	/** @param first what the host does in its first callback */
	static Us enter(String identity, String uri, TransportOptions options, Consumer<Transport> first) throws Exception {
		Us us = new Us(identity, uri, options, first);
		done(us.transport.connect());
		return us;
	}

	/** Returns why connecting fails. */
	static TransportException refused(String uri) throws Exception {
		try (Us us = new Us("", uri, TransportOptions.none(), transport -> { })) {
			done(us.transport.connect());
			throw new AssertionError("let in");
		} catch (ExecutionException e) {
			return (TransportException) e.getCause();
		}
	}

	Transport transport() {
		return transport;
	}

	String identity() {
		return identity;
	}

	static <T> T done(CompletionStage<T> stage) throws Exception {
		return stage.toCompletableFuture().get(Foreign.LIMIT_SECONDS, TimeUnit.SECONDS);
	}

	/** Hands over a packet and waits until the wire has taken it. */
	void send(byte[] bytes, Delivery delivery) throws Exception {
		done(transport.send(Packet.copyOf(bytes), delivery));
	}

	/** Takes what was heard next: "connected […]", "joined X", "left X", a {@link Message} or a {@link Disconnection}. */
	Object next() throws InterruptedException {
		Object event = heard.poll(Foreign.LIMIT_SECONDS, TimeUnit.SECONDS);
		return event == null ? "nothing within " + Foreign.LIMIT_SECONDS + " s" : event;
	}

	/** Takes what was heard next, which is a packet. */
	Message message() throws InterruptedException {
		Object event = next();
		if (event instanceof Message message) {
			return message;
		}
		throw new AssertionError("a packet expected, heard " + event);
	}

	/** Takes all packets heard so far; everything else stays. */
	List<Message> messages() {
		List<Object> all = new ArrayList<>();
		heard.drainTo(all);
		List<Message> messages = new ArrayList<>();
		for (Iterator<Object> events = all.iterator(); events.hasNext();) {
			if (events.next() instanceof Message message) {
				messages.add(message);
				events.remove();
			}
		}
		heard.addAll(all);
		return messages;
	}

	@Override
	public void connected(Set<PeerId> peers) {
		first.accept(transport);
		heard.add("connected " + peers);
	}

	@Override
	public void peerJoined(PeerId peer) {
		heard.add("joined " + peer);
	}

	@Override
	public void peerLeft(PeerId peer) {
		heard.add("left " + peer);
	}

	@Override
	public void received(Message message) {
		heard.add(message);
	}

	@Override
	public void disconnected(Disconnection why) {
		heard.add(why);
	}

	@Override
	public void close() throws Exception {
		done(transport.disconnect());
	}
}
