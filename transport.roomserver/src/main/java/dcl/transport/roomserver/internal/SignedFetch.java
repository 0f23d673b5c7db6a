package dcl.transport.roomserver.internal;

import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import dcl.transport.AuthChain;
import dcl.transport.PeerId;
import dcl.transport.identity.AuthChainException;
import dcl.transport.identity.AuthChains;

/**
 * A signed HTTP request (ADR-44), verified as {@code @dcl/platform-crypto-middleware} 1.1.0 does it, with its status codes, and more
 * strictly where that is open to abuse: time stamps of the future are bounded as those of the past are, and chains are {@link AuthChains}'.
 * The time stamp is looked at before the signatures, which cost far more.
 *
 * @param owner    who signed
 * @param payload  the text that was signed
 * @param intent   the metadata's, "" if it has none
 * @param signer   the metadata's, "" if it has none
 */
record SignedFetch(PeerId owner, String payload, String intent, String signer) {

	/** The request was refused. */
	static final class Refused extends Exception {

		private static final long serialVersionUID = 1L;

		private final int status;

		Refused(int status, String message) {
			super(message);
			this.status = status;
		}

		/** Returns the HTTP status. */
		int status() {
			return status;
		}
	}

	/** A request that may be verified: it is well formed and of this time. Whose it is remains to be seen. */
	record Unverified(AuthChain chain, String payload, long stampMillis, String intent, String signer) {

		/** Returns the address that claims to have signed, in lower case. */
		String claimedOwner() {
			return chain.links().get(0).payload().toLowerCase(Locale.ROOT);
		}

		/** Verifies the signatures. Takes about a millisecond. */
		SignedFetch verify(Instant now) throws Refused {
			try {
				return new SignedFetch(AuthChains.verify(chain, payload, now), payload, intent, signer);
			} catch (AuthChainException e) {
				throw new Refused(401, "Invalid signature: " + e.getMessage());
			}
		}
	}

	/** How far a time stamp may be from the server's clock, either way; at exactly this it is good. */
	static final long WINDOW_MILLIS = 60_000;

	private static final String CHAIN = "x-identity-auth-chain-";
	private static final String TIMESTAMP = "x-identity-timestamp";
	private static final String METADATA = "x-identity-metadata";
	private static final Pattern MILLIS = Pattern.compile("[0-9]{1,15}");
	private static final int MAX_DEPTH = 16;

	/** Keeps nothing between two texts. */
	private static final JsonFactory JSON = JsonFactory.builder()
			.streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
			.enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
			.disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
			.disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
			.disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
			.recyclerPool(JsonRecyclerPools.nonRecyclingPool())
			.build();

	/**
	 * Reads a request and looks at its time stamp; verifies no signature.
	 *
	 * @param path    as it came over the wire, without query
	 * @param headers the value of a header, by its name in lower case
	 */
	static Unverified read(String method, String path, Function<String, Optional<String>> headers, Instant now) throws Refused {
		AuthChain chain = chain(headers);
		String timestamp = headers.apply(TIMESTAMP).orElse("");
		if (!MILLIS.matcher(timestamp).matches()) {
			throw new Refused(400, "Invalid chain timestamp: milliseconds since 1970 expected");
		}
		String metadata = headers.apply(METADATA).orElse("");
		String[] members = {"", ""};
		if (!metadata.isEmpty()) {
			read(metadata, members);
		}
		long stampMillis = Long.parseLong(timestamp);
		long ahead = stampMillis - now.toEpochMilli();
		if (ahead < -WINDOW_MILLIS) {
			throw new Refused(401, "Expired signature: the time stamp is more than " + WINDOW_MILLIS + " ms old");
		}
		if (ahead > WINDOW_MILLIS) {
			throw new Refused(401, "Invalid signature: the time stamp is more than " + WINDOW_MILLIS + " ms ahead of this server");
		}
		String payload = (method + ':' + path + ':' + timestamp + ':' + metadata).toLowerCase(Locale.ROOT);
		return new Unverified(chain, payload, stampMillis, members[0], members[1]);
	}

	private static AuthChain chain(Function<String, Optional<String>> headers) throws Refused {
		List<String> links = new ArrayList<>(3);
		for (Optional<String> link = headers.apply(CHAIN + 0); link.isPresent(); link = headers.apply(CHAIN + links.size())) {
			links.add(link.get());
			if (links.size() > AuthChain.MAX_LINKS) {
				throw new Refused(400, "Invalid Auth Chain");
			}
		}
		if (links.size() < AuthChain.MIN_LINKS) {
			throw new Refused(400, "Invalid Auth Chain");
		}
		try {
			return AuthChains.parse(links);
		} catch (AuthChainException e) {
			throw new Refused(400, "Invalid chain format: " + e.getMessage());
		}
	}

	private static void read(String metadata, String[] members) throws Refused {
		try (JsonParser parser = JSON.createParser(metadata)) {
			boolean object = parser.nextToken() == JsonToken.START_OBJECT;
			while (object && parser.nextToken() == JsonToken.FIELD_NAME) {
				String name = parser.currentName();
				boolean text = parser.nextToken() == JsonToken.VALUE_STRING;
				if (text && name.equals("intent")) {
					members[0] = parser.getText();
				} else if (text && name.equals("signer")) {
					members[1] = parser.getText();
				} else {
					parser.skipChildren();
				}
			}
			if (object && parser.nextToken() == null) {
				return;
			}
		} catch (IOException e) { // said below; its message quotes the text
		}
		throw new Refused(400, "Invalid chain metadata: a JSON object expected, at most " + MAX_DEPTH + " deep");
	}
}
