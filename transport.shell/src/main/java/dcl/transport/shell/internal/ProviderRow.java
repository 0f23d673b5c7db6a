package dcl.transport.shell.internal;

import java.util.List;

/**
 * A type that can be opened now.
 *
 * @param bundle  symbolic name and version of the bundle that serves it
 * @param ranking its {@code service.ranking}
 * @param stuck   how many threads are inside of the provider for too long
 */
public record ProviderRow(String type, String bundle, int ranking, int stuck) implements Row {

	@Override
	public List<String> columns() {
		return List.of("type", "bundle", "ranking", "stuck");
	}

	@Override
	public List<String> cells() {
		return List.of(type, bundle, Integer.toString(ranking), Integer.toString(stuck));
	}
}
