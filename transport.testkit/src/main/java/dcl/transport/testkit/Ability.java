package dcl.transport.testkit;

import java.util.EnumSet;
import java.util.Set;

/** What a {@link TransportDriver} can do to its server. Clauses that need an ability it does not have are skipped, by name. Gains constants. */
public enum Ability {

	/** Let somebody else into a room: {@link TransportDriver#join}. */
	PEERS("let others into a room"),
	/** Put one out of the room: {@link TransportDriver#kick}. */
	KICK("put somebody out"),
	/** Refuse the next login: {@link TransportDriver#refuse}. */
	REFUSE("refuse a login"),
	/** Be gone, so that nobody answers at its address. What {@link TransportDriver#stop} does. */
	STOP("be gone"),
	/** Take a connection and never answer: {@link TransportDriver#hanging}. */
	HANG("never answer"),
	/** Cut every wire at once: {@link TransportDriver#drop}. */
	DROP("cut wires"),
	/** Fall silent, with every wire still up: {@link TransportDriver#silence}. */
	SILENCE("fall silent"),
	/** Stop reading, with every wire still up, and go on later: {@link TransportDriver#stall}. */
	STALL("stop reading"),
	/** Say something that no version of its protocol has: {@link TransportDriver#garbage}. */
	GARBAGE("say nonsense"),
	/** Close in good order: {@link TransportDriver#end}. */
	END("close in good order"),
	/** The wire can stop reading while listeners are slow, and does. */
	PAUSE("be read more slowly");

	private final String words;

	Ability(String words) {
		this.words = words;
	}

	/** Returns what a TCP server behind a {@link Relay} can, without any doing of its own. */
	public static Set<Ability> ofRelay() {
		return EnumSet.of(STOP, HANG, DROP, SILENCE, STALL);
	}

	String words() {
		return words;
	}
}
