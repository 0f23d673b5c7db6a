package dcl.transport.livekit.internal;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a host wants other participants to know of this one, out of the transport's options.
 *
 * @param metadata   "" for none
 * @param attributes by name
 */
record JoinOptions(String metadata, Map<String, String> attributes) {

	/** The option that is the participant's metadata. */
	static final String METADATA = "livekit.metadata";
	/** What the names of options begin with that are attributes of the participant. */
	static final String ATTRIBUTE = "livekit.attribute.";
	/** They travel in the URL of a request. */
	static final int MAX_BYTES = 8_192;

	/** @throws IllegalArgumentException if they are too large together */
	static JoinOptions of(Map<String, String> options) {
		String metadata = options.getOrDefault(METADATA, "");
		Map<String, String> attributes = new TreeMap<>();
		int bytes = length(metadata);
		for (Map.Entry<String, String> option : options.entrySet()) {
			if (option.getKey().startsWith(ATTRIBUTE)) {
				String name = option.getKey().substring(ATTRIBUTE.length());
				attributes.put(name, option.getValue());
				bytes += length(name) + length(option.getValue());
			}
		}
		if (bytes > MAX_BYTES) {
			throw new IllegalArgumentException("metadata and attributes have at most " + MAX_BYTES + " bytes together, these have " + bytes);
		}
		return new JoinOptions(metadata, attributes);
	}

	private static int length(String text) {
		return text.getBytes(StandardCharsets.UTF_8).length;
	}

	/** Shows none of it. */
	@Override
	public String toString() {
		return "JoinOptions" + attributes.keySet();
	}
}
