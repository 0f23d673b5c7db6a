package dcl.transport.shell.internal;

import java.util.List;

/**
 * Something that is open, of whatever host.
 *
 * @param id       what commands call it; "-" if it was not opened in this shell
 * @param kind     {@code transport} or {@code session}
 * @param uri      the connection string without its secrets
 * @param host     symbolic name and version of the bundle that opened it
 * @param sent     packets the wire took
 * @param received packets that came in
 */
public record OpenRow(String id, String kind, String uri, String host, String state, int peers, long sent, long received) implements Row {

	@Override
	public List<String> columns() {
		return List.of("id", "kind", "uri", "state", "peers", "sent", "received", "host");
	}

	@Override
	public List<String> cells() {
		return List.of(id, kind, uri, state, Integer.toString(peers), Long.toString(sent), Long.toString(received), host);
	}
}
