package dcl.transport.signedlogin.internal;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;

/** How JSON is read and written here. */
final class Json {

	static final int MAX_DEPTH = 16;

	/**
	 * Keeps nothing between two texts: no names of strangers, no buffers on other people's threads. Writes ASCII, which is what a header
	 * takes.
	 */
	static final JsonFactory FACTORY = JsonFactory.builder()
			.streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
			.enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
			.disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
			.disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
			.disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
			.enable(JsonWriteFeature.ESCAPE_NON_ASCII)
			.recyclerPool(JsonRecyclerPools.nonRecyclingPool())
			.build();

	private Json() {
	}
}
