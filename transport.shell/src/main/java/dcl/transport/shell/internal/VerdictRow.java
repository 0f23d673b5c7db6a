package dcl.transport.shell.internal;

import java.util.List;

/**
 * What came of a jar.
 *
 * @param file    its name in the drop zone
 * @param outcome as {@code dcl.transport.hotdeploy.Outcome} names it
 * @param rule    what it rests on, as {@code dcl.transport.hotdeploy.Rule} names it
 * @param bundle  symbolic name and version, or ""
 * @param types   the transport types it declares
 * @param why     in words
 */
public record VerdictRow(String file, String outcome, String rule, String bundle, String types, String why) implements Row {

	@Override
	public List<String> columns() {
		return List.of("file", "outcome", "rule", "bundle", "types", "why");
	}

	@Override
	public List<String> cells() {
		return List.of(file, outcome, rule, bundle, types, why);
	}
}
