package dcl.transport.shell.internal;

import java.util.List;

/**
 * Who would open a connection string.
 *
 * @param uri        without its secrets
 * @param resolvable whether it could be opened now
 * @param candidates the bundles that serve the type, in the order they are asked
 * @param why        what stands in the way, or ""
 */
public record ResolutionRow(String type, String uri, boolean resolvable, List<String> candidates, String why) implements Row {

	@Override
	public List<String> columns() {
		return List.of("type", "uri", "resolvable", "candidates", "why");
	}

	@Override
	public List<String> cells() {
		return List.of(type, uri, Boolean.toString(resolvable), String.join(", ", candidates), why);
	}
}
