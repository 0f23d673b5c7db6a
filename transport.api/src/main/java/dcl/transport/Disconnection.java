package dcl.transport;

import java.util.Objects;

/**
 * Why a conversation ended, and what the other side said about it. Immutable.
 *
 * @param reason the cause, from what the protocol showed and never from the text
 * @param detail the other side's words or ours, for people to read; "" if there are none
 */
public record Disconnection(Reason reason, String detail) {

	/** What ended a conversation. May gain constants. */
	public enum Reason {
		/** We asked for it. */
		CLIENT(false),
		/** The service put us out; do not come back by yourself. */
		KICKED(false),
		/** The service closed in good order. */
		SERVER(true),
		/** The network failed, or nothing was heard for too long. */
		LOST(true),
		/** The other side broke the protocol. */
		PROTOCOL(false),
		/** Our listener was too slow for reliable traffic. */
		OVERRUN(true),
		/** The provider bundle was stopped or updated. */
		PROVIDER_GONE(true),
		/** It never connected; see the failure of {@link Transport#connect()}. */
		FAILED(false);

		private final boolean retryable;

		Reason(boolean retryable) {
			this.retryable = retryable;
		}

		/** Returns whether a new transport for the same connection string may help without a person's doing. */
		public boolean isRetryable() {
			return retryable;
		}
	}

	/** Takes both parts as they are. */
	public Disconnection {
		Objects.requireNonNull(reason);
		Objects.requireNonNull(detail);
	}
}
