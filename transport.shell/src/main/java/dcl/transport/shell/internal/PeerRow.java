package dcl.transport.shell.internal;

import java.util.List;

/** Somebody in a room. */
public record PeerRow(String peer) implements Row {

	@Override
	public List<String> columns() {
		return List.of("peer");
	}

	@Override
	public List<String> cells() {
		return List.of(peer);
	}
}
