package dcl.transport.testkit;

/** The clauses of the contract between a provider and the registry. Their numbers stay; gains constants. */
public enum Clause {

	/** Opening. */
	C1("open() returns at once and holds up no thread of the context, even while the service does not answer"),
	/** Opening. */
	C2("the link comes when the handshake is over; its peers are those who were there, without ourselves"),
	/** Opening. */
	C3("accepts() answers at once and never throws; open() never throws but fails with a TransportException"),
	/** Opening. */
	C4("where nobody listens, open() fails with UNREACHABLE"),
	/** Opening. */
	C5("a login that the service refuses fails with REFUSED, or BUSY where it is full"),
	/** Opening. */
	C6("without an identity open() needs none or fails with NO_IDENTITY; where signing is declined it fails with REFUSED"),
	/** Opening. */
	C7("when nobody waits any longer, it stops trying: open() ends, the wire is closed"),
	/** Opening. */
	C8("links are opened side by side, and one that closes leaves the others alone"),
	/** Peers. */
	C9("who comes and goes is reported, in pairs, and never ourselves"),
	/** Sending. */
	C10("reliable packets arrive whole, once, in order, from us"),
	/** Sending. */
	C11("of lossy packets only those that were sent arrive, each at most once"),
	/** Sending. */
	C12("a packet for some peers reaches no others: it is really narrow or refused with UNSUPPORTED"),
	/** Sending. */
	C13("a packet under a topic arrives under it, or is refused with UNSUPPORTED"),
	/** Sending. */
	C14("a packet of maxPacketBytes() is carried"),
	/** Sending. */
	C15("when the service does not read, send() does not block but its stage waits, and goes on when the service does"),
	/** Sending. */
	C16("send() on a wire that has ended fails with a TransportException, at once"),
	/** Sending. */
	C17("confirmed() counts reliable packets the service has read, each once; a wire that confirms() confirms all in the end"),
	/** Receiving. */
	C18("what peers send is reported whole, once, in order, from who sent it, and does not change afterwards"),
	/** Receiving. */
	C19("what makes no sense is reported as invalid, or ends the wire with PROTOCOL; it never goes unnoticed"),
	/** Receiving. */
	C20("while the stage of received() is incomplete, a wire that can stop reading reports at most 256 KiB more, and then goes on without a loss"),
	/** Receiving. */
	C21("reports are made without a lock that the link's methods need"),
	/** Ending. */
	C22("who is put out hears KICKED, with the service's words"),
	/** Ending. */
	C23("a wire that is cut ends with LOST"),
	/** Ending. */
	C24("a wire on which nothing is heard any more ends with LOST, within the driver's lostWithin()"),
	/** Ending. */
	C25("a service that closes in good order ends the wire with SERVER"),
	/** Ending. */
	C26("close() is idempotent, completes within a second whatever the service does, and others see us leave"),
	/** Ending. */
	C27("the end is reported once, and nothing after it, or after close() has completed"),
	/** Ending. */
	C28("when the provider is deactivated its wires are closed, opens under way end, and no thread is left"),
	/** Ending. */
	C29("after every ending the same provider opens anew"),
	/** Always. */
	C30("nothing that is thrown, reported or printed holds a secret of the connection string"),
	/** In the registry. */
	C31("a host talks through it, and the counters add up"),
	/** In the registry. */
	C32("a packet above the limit is refused with TOO_LARGE, and the conversation goes on"),
	/** In the registry. */
	C33("when the provider leaves, its transports end with PROVIDER_GONE and the service sees them go"),
	/** In the registry. */
	C34("a session comes back after a cut by itself, and never after KICKED");

	private final String words;

	Clause(String words) {
		this.words = words;
	}

	/** Returns what it demands. */
	public String words() {
		return words;
	}
}
