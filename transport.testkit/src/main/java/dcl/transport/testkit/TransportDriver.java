package dcl.transport.testkit;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

import dcl.transport.Identity;
import dcl.transport.PeerId;
import dcl.transport.TransportUri;
import dcl.transport.spi.TransportProvider;

/**
 * What the contract needs to know of one transport: how to run its server on this machine, and what that can do to a client. A new one is made for each clause.
 * <p>
 * Where the wire is TCP, put a {@link Relay} in front of the server, and {@link Ability#ofRelay()} comes with it.
 */
public interface TransportDriver {

	/** Starts a server on the loopback interface, on a port of its own. */
	void start() throws Exception;

	/** Stops it, with every wire that is still up, and every thread. Idempotent. */
	void stop() throws Exception;

	/** Makes a provider as declarative services would: constructor, {@code @Activate}, references. */
	TransportProvider activate() throws Exception;

	/** Ends a provider as declarative services would: {@code @Deactivate}. */
	void deactivate(TransportProvider provider) throws Exception;

	/**
	 * Returns the connection string of a room on the server.
	 *
	 * @param room letters and digits; people in rooms of different names do not meet
	 */
	TransportUri uri(String room);

	/** Returns what the driver can do. */
	Set<Ability> abilities();

	/** Returns the parts of {@link #uri} that nobody may see; none by default. Put one in wherever a user might. */
	default Set<String> secrets() {
		return Set.of();
	}

	/** Returns who enters a room next: somebody new each time. By default a random address whose signatures are made up. */
	default Identity identity() {
		return Identities.random();
	}

	/** Returns the other providers, by type, that this one opens connection strings of with {@link dcl.transport.spi.LinkContext#open}; none by default. */
	default Map<String, TransportProvider> others() throws Exception {
		return Map.of();
	}

	/** Returns the relay, if there is one. */
	default Optional<Relay> relay() {
		return Optional.empty();
	}

	/** Returns how long the provider takes, at most, to notice that nothing comes any more; 30 s by default. Configure it to notice soon. */
	default Duration lostWithin() {
		return Duration.ofSeconds(30);
	}

	/**
	 * {@link Ability#PEERS}: lets somebody else in.
	 *
	 * @return empty, which is the default, to let the contract open another link with the provider
	 */
	default Optional<Peer> join(String room) throws Exception {
		return Optional.empty();
	}

	/**
	 * {@link Ability#KICK}: puts somebody out.
	 *
	 * @return the words that the service says; "" if it says none
	 */
	default String kick(PeerId who) throws Exception {
		throw new UnsupportedOperationException("kick");
	}

	/** {@link Ability#REFUSE}: refuses whoever comes from now on. */
	default void refuse() throws Exception {
		throw new UnsupportedOperationException("refuse");
	}

	/** {@link Ability#HANG}: returns a connection string whose server takes a connection and never says anything. */
	default TransportUri hanging() throws Exception {
		throw new UnsupportedOperationException("hanging");
	}

	/** Returns how many wires are open now, {@link #hanging} ones included; -1, which is the default without a relay, if nobody can know. */
	default int wires() {
		return relay().map(Relay::wires).orElse(-1);
	}

	/** {@link Ability#DROP}: cuts all wires, without a goodbye. Who comes afterwards is served. */
	default void drop() throws Exception {
		relay().orElseThrow(() -> new UnsupportedOperationException("drop")).drop();
	}

	/** {@link Ability#SILENCE}: on the wires that are up nothing comes and nothing is read any more. */
	default void silence() throws Exception {
		relay().orElseThrow(() -> new UnsupportedOperationException("silence")).silence();
	}

	/** {@link Ability#STALL}: on the wires that are up nothing is read any more, until it is told to go on. */
	default void stall(boolean stalled) throws Exception {
		relay().orElseThrow(() -> new UnsupportedOperationException("stall")).stall(stalled);
	}

	/** {@link Ability#GARBAGE}: says something to everybody that makes no sense. */
	default void garbage() throws Exception {
		throw new UnsupportedOperationException("garbage");
	}

	/** {@link Ability#END}: says goodbye to everybody, in good order. */
	default void end() throws Exception {
		throw new UnsupportedOperationException("end");
	}
}
