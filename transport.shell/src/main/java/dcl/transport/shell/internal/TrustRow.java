package dcl.transport.shell.internal;

import java.util.List;

/**
 * Somebody whose signature counts.
 *
 * @param pin   {@code cert:} or {@code key:} and 64 hexadecimal digits
 * @param types what may be provided
 */
public record TrustRow(String name, String types, String pin) implements Row {

	@Override
	public List<String> columns() {
		return List.of("name", "types", "pin");
	}

	@Override
	public List<String> cells() {
		return List.of(name, types, pin);
	}
}
