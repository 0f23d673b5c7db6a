package dcl.transport;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/**
 * The only failure this API reports. Final, so that no class of a provider ever reaches a host through it.
 * <p>
 * In a stage it may arrive wrapped in a {@link java.util.concurrent.CompletionException}.
 */
public final class TransportException extends Exception {

	private static final long serialVersionUID = 1L;

	/** What went wrong, as far as a caller can answer to it. May gain constants. */
	public enum Code {
		/** Nobody serves the type now. */
		NO_PROVIDER(true),
		/** The provider does not understand the params. */
		INVALID_PARAMS(false),
		/** Signing is needed and there is no {@link Identity}. */
		NO_IDENTITY(true),
		/** The service, or the wallet's owner, said no. */
		REFUSED(false),
		/** Name, route or TCP. */
		UNREACHABLE(true),
		/** The certificate, its host name or the TLS version. */
		TLS(false),
		/** "Come back later": too many requests, or the room is full; see {@link TransportException#retryAfter()}. */
		BUSY(true),
		/** It took too long. */
		TIMEOUT(true),
		/** The other side broke the protocol. */
		PROTOCOL(false),
		/** Not connected yet, or no longer; or connected a second time. */
		NOT_CONNECTED(false),
		/** This wire cannot do that. */
		UNSUPPORTED(false),
		/** The packet exceeds the limit. */
		TOO_LARGE(false),
		/** The outgoing queue is full. */
		CONGESTED(true),
		/** It was on the wire when the wire broke: it may or may not have arrived. */
		UNKNOWN(false),
		/** The provider bundle left meanwhile. */
		PROVIDER_GONE(true),
		/** A defect in the provider. */
		INTERNAL(false);

		private final boolean retryable;

		Code(boolean retryable) {
			this.retryable = retryable;
		}

		/** Returns whether the same call may succeed later without a person's doing. */
		public boolean isRetryable() {
			return retryable;
		}
	}

	private final Code code;
	private final Duration retryAfter;

	/** Creates a failure without a cause. The message never quotes the params of a connection string. */
	public TransportException(Code code, String message) {
		super(message);
		this.code = Objects.requireNonNull(code);
		this.retryAfter = null;
	}

	/** Creates a failure with a cause, which must be of a class that every host can see. */
	public TransportException(Code code, String message, Throwable cause) {
		super(message, cause);
		this.code = Objects.requireNonNull(code);
		this.retryAfter = null;
	}

	/** Creates a failure for which the other side named a time to wait. */
	public TransportException(Code code, String message, Duration retryAfter) {
		super(message);
		this.code = Objects.requireNonNull(code);
		this.retryAfter = Objects.requireNonNull(retryAfter);
	}

	/** Returns what went wrong. */
	public Code code() {
		return code;
	}

	/** Returns how long the other side asked us to wait, if it did. */
	public Optional<Duration> retryAfter() {
		return Optional.ofNullable(retryAfter);
	}
}
