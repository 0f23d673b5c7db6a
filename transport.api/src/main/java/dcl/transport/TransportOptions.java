package dcl.transport;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Options of one transport: the identity to sign with, and named values that the provider documents. Immutable. A redirect keeps the
 * identity and nothing else.
 */
public final class TransportOptions {

	private static final TransportOptions NONE = new TransportOptions(null, Map.of());

	private final Identity identity;
	private final Map<String, String> values;

	private TransportOptions(Identity identity, Map<String, String> values) {
		this.identity = identity;
		this.values = values;
	}

	/** Returns no options: the {@link Identity} service signs. */
	public static TransportOptions none() {
		return NONE;
	}

	/** Returns options with an identity of their own. */
	public static TransportOptions of(Identity identity) {
		return new TransportOptions(Objects.requireNonNull(identity), Map.of());
	}

	/** Returns the same with one more value, which replaces an earlier one of that name. */
	public TransportOptions with(String name, String value) {
		Map<String, String> more = new LinkedHashMap<>(values);
		more.put(Objects.requireNonNull(name), Objects.requireNonNull(value));
		return new TransportOptions(identity, Map.copyOf(more));
	}

	/** Returns the identity, if it is not the service's. */
	public Optional<Identity> identity() {
		return Optional.ofNullable(identity);
	}

	/** Returns the named values; they may be secret. */
	public Map<String, String> values() {
		return values;
	}

	/** Returns the names only: values may be secret. */
	@Override
	public String toString() {
		return "TransportOptions" + values.keySet() + (identity == null ? "" : " as " + identity.address());
	}
}
