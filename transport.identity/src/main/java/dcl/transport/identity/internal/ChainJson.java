package dcl.transport.identity.internal;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import dcl.transport.AuthChain;
import dcl.transport.AuthChain.AuthLink;
import dcl.transport.identity.AuthChainException;
import dcl.transport.identity.AuthChainException.Reason;
import dcl.transport.identity.AuthChains;

/** Reads the JSON text of a chain, bounded in length, depth and number of links. */
public final class ChainJson {

	private static final int MAX_DEPTH = 16;

	/** Keeps nothing between two texts: no names of strangers, no buffers on other people's threads. */
	private static final JsonFactory JSON = JsonFactory.builder()
			.streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).maxDocumentLength(AuthChains.MAX_CHARS).build())
			.enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
			.disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
			.disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
			.disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
			.recyclerPool(JsonRecyclerPools.nonRecyclingPool())
			.build();

	private ChainJson() {
	}

	/** Returns the chain written here; see {@link AuthChains#parse(String)}. */
	public static AuthChain parse(String json) throws AuthChainException {
		if (json.length() > AuthChains.MAX_CHARS) {
			throw new AuthChainException(Reason.TOO_LARGE, "an auth chain has at most " + AuthChains.MAX_CHARS + " characters, this one has " + json.length());
		}
		List<AuthLink> links = new ArrayList<>(3);
		try (JsonParser parser = JSON.createParser(json)) {
			if (parser.nextToken() != JsonToken.START_ARRAY) {
				throw malformed("an auth chain is a JSON array");
			}
			while (parser.nextToken() != JsonToken.END_ARRAY) {
				if (links.size() == AuthChain.MAX_LINKS) {
					throw new AuthChainException(Reason.TOO_LARGE, "an auth chain has at most " + AuthChain.MAX_LINKS + " links, this one has more");
				}
				links.add(link(parser, links.size()));
			}
			if (parser.nextToken() != null) {
				throw malformed("nothing follows the array of an auth chain");
			}
		} catch (IOException e) { // not chained: its message quotes the text
			throw malformed("an auth chain is strict JSON, at most " + MAX_DEPTH + " deep; this one is not");
		}
		return chain(links);
	}

	/** Returns the chain of links written one by one; see {@link AuthChains#parse(List)}. */
	public static AuthChain parse(List<String> texts) throws AuthChainException {
		if (texts.size() > AuthChain.MAX_LINKS) {
			throw new AuthChainException(Reason.TOO_LARGE, "an auth chain has at most " + AuthChain.MAX_LINKS + " links, this one has " + texts.size());
		}
		if (texts.stream().mapToLong(String::length).sum() > AuthChains.MAX_CHARS) {
			throw new AuthChainException(Reason.TOO_LARGE, "an auth chain has at most " + AuthChains.MAX_CHARS + " characters, this one has more");
		}
		List<AuthLink> links = new ArrayList<>(texts.size());
		for (String text : texts) {
			try (JsonParser parser = JSON.createParser(text)) {
				parser.nextToken();
				links.add(link(parser, links.size()));
				if (parser.nextToken() != null) {
					throw malformed("nothing follows link " + (links.size() - 1));
				}
			} catch (IOException e) { // not chained: its message quotes the text
				throw malformed("link " + links.size() + " is strict JSON, at most " + MAX_DEPTH + " deep; this one is not");
			}
		}
		return chain(links);
	}

	private static AuthChain chain(List<AuthLink> links) throws AuthChainException {
		if (links.size() < AuthChain.MIN_LINKS) {
			throw malformed("an auth chain has at least " + AuthChain.MIN_LINKS + " links, this one has " + links.size());
		}
		return AuthChain.of(links);
	}

	private static AuthLink link(JsonParser parser, int index) throws IOException, AuthChainException {
		if (parser.currentToken() != JsonToken.START_OBJECT) {
			throw malformed("link " + index + " is not a JSON object");
		}
		String type = null;
		String payload = null;
		String signature = "";
		while (parser.nextToken() == JsonToken.FIELD_NAME) {
			String name = parser.currentName();
			JsonToken value = parser.nextToken();
			switch (name) {
				case "type" -> type = text(parser, index);
				case "payload" -> payload = text(parser, index);
				case "signature" -> signature = value == JsonToken.VALUE_NULL ? "" : text(parser, index); // a SIGNER may write null
				default -> parser.skipChildren();
			}
		}
		if (type == null || payload == null) {
			throw malformed("link " + index + " lacks its type or its payload");
		}
		return new AuthLink(type, payload, signature);
	}

	private static String text(JsonParser parser, int index) throws IOException, AuthChainException {
		if (parser.currentToken() != JsonToken.VALUE_STRING) {
			throw malformed("type, payload and signature of link " + index + " are JSON strings");
		}
		return parser.getText();
	}

	private static AuthChainException malformed(String message) {
		return new AuthChainException(Reason.MALFORMED, message);
	}
}
