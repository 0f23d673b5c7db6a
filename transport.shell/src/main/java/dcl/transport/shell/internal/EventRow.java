package dcl.transport.shell.internal;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;

/**
 * What happened in a room.
 *
 * @param event as the command line calls it: {@code connected}, {@code joined}, {@code received}, …
 * @param peer  who, or ""
 * @param what  in words
 */
public record EventRow(Instant at, String event, String peer, String what) implements Row {

	private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSS").withZone(ZoneOffset.UTC);

	@Override
	public List<String> columns() {
		return List.of("time (UTC)", "event", "peer", "what");
	}

	@Override
	public List<String> cells() {
		return List.of(TIME.format(at), event, peer, what);
	}

	/** Returns it as a line of a live view. */
	String line() {
		return (TIME.format(at) + "  " + event + (peer.isEmpty() ? "" : "  " + peer) + (what.isEmpty() ? "" : "  " + what)).stripTrailing();
	}
}
