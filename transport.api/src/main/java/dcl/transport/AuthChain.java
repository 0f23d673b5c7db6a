package dcl.transport;

import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * Proof of an address: a list of links, each of which names the authority over the next. Immutable. Printed without signatures.
 * Source: ADR-44.
 *
 * @see #toJson()
 */
public final class AuthChain {

	/** The fewest links of a chain: an owner, and something it signed. */
	public static final int MIN_LINKS = 2;
	/** The most links of a chain, as the schema shared by the services has it. */
	public static final int MAX_LINKS = 10;

	/**
	 * One link.
	 *
	 * @param type      "SIGNER", "ECDSA_EPHEMERAL", "ECDSA_SIGNED_ENTITY" or another of ADR-44
	 * @param payload   an address, or the text that was signed
	 * @param signature "0x" and hexadecimal digits; "" for a SIGNER
	 */
	public record AuthLink(String type, String payload, String signature) {

		/** Takes the parts as they are. */
		public AuthLink {
			Objects.requireNonNull(type);
			Objects.requireNonNull(payload);
			Objects.requireNonNull(signature);
		}

		/** Returns the compact JSON text of the link, the form of one {@code x-identity-auth-chain-N} header, signature included. */
		public String toJson() {
			return "{\"type\":" + quote(type) + ",\"payload\":" + quote(payload) + ",\"signature\":" + quote(signature) + "}";
		}

		/** Returns type and payload, without the signature. */
		@Override
		public String toString() {
			return type + "(" + payload + ")";
		}
	}

	private final List<AuthLink> links;

	private AuthChain(List<AuthLink> links) {
		this.links = links;
	}

	/**
	 * Returns a chain of these links, outermost first, copied. Nothing is verified.
	 *
	 * @throws IllegalArgumentException if there are fewer than {@link #MIN_LINKS} or more than {@link #MAX_LINKS}: a chain of one link proves nothing
	 */
	public static AuthChain of(List<AuthLink> links) {
		if (links.size() < MIN_LINKS || links.size() > MAX_LINKS) {
			throw new IllegalArgumentException("an auth chain has " + MIN_LINKS + " to " + MAX_LINKS + " links, this one has " + links.size());
		}
		return new AuthChain(List.copyOf(links));
	}

	/** Returns the links, outermost first. */
	public List<AuthLink> links() {
		return links;
	}

	/** Returns the compact JSON text of the chain, the form of rfc5's {@code auth_chain_json}, signatures included. Not for logs. */
	public String toJson() {
		return links.stream().map(AuthLink::toJson).collect(Collectors.joining(",", "[", "]"));
	}

	@Override
	public boolean equals(Object other) {
		return other instanceof AuthChain chain && links.equals(chain.links);
	}

	@Override
	public int hashCode() {
		return links.hashCode();
	}

	/** Returns the types of the links, without payloads and signatures. */
	@Override
	public String toString() {
		return links.stream().map(AuthLink::type).collect(Collectors.joining(", ", "AuthChain[", "]"));
	}

	/** Quotes as JavaScript's JSON.stringify does, since a signed-fetch server verifies the raw text of headers. */
	private static String quote(String text) {
		StringBuilder json = new StringBuilder(text.length() + 16).append('"');
		for (int i = 0; i < text.length(); i++) {
			char c = text.charAt(i);
			switch (c) {
				case '"' -> json.append("\\\"");
				case '\\' -> json.append("\\\\");
				case '\n' -> json.append("\\n");
				case '\r' -> json.append("\\r");
				case '\t' -> json.append("\\t");
				case '\b' -> json.append("\\b");
				case '\f' -> json.append("\\f");
				default -> {
					if (c < 0x20 || isLoneSurrogate(text, i)) {
						json.append(String.format("\\u%04x", (int) c));
					} else {
						json.append(c);
					}
				}
			}
		}
		return json.append('"').toString();
	}

	private static boolean isLoneSurrogate(String text, int at) {
		char c = text.charAt(at);
		return Character.isHighSurrogate(c) && (at + 1 == text.length() || !Character.isLowSurrogate(text.charAt(at + 1)))
				|| Character.isLowSurrogate(c) && (at == 0 || !Character.isHighSurrogate(text.charAt(at - 1)));
	}
}
