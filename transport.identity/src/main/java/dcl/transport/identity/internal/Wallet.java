package dcl.transport.identity.internal;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

import dcl.transport.AuthChain;
import dcl.transport.AuthChain.AuthLink;
import dcl.transport.Identity;
import dcl.transport.PeerId;
import dcl.transport.SigningRequest;
import dcl.transport.TransportException;
import dcl.transport.identity.WalletOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An identity whose key is in this process. */
public final class Wallet implements Identity {

	private static final Logger LOG = LoggerFactory.getLogger(Wallet.class);

	private final SigningKey key;
	private final PeerId address;
	private final boolean guest;
	private final WalletOptions options;
	private final AuthLink signer;

	private final Object lock = new Object();
	/** Hashes of the challenges signed, oldest first. Guarded by lock. */
	private final Set<ByteBuffer> signed = new LinkedHashSet<>();
	/** Null until the first signature. Guarded by lock. */
	private Delegation delegation;

	/** Creates the wallet of a key. */
	public Wallet(SigningKey key, boolean guest, WalletOptions options) {
		this.key = key;
		this.address = key.address().toPeerId();
		this.guest = guest;
		this.options = options;
		this.signer = new AuthLink(ChainVerifier.SIGNER, key.address().checksummed(), "");
	}

	@Override
	public PeerId address() {
		return address;
	}

	@Override
	public boolean isGuest() {
		return guest;
	}

	@Override
	public CompletionStage<AuthChain> sign(SigningRequest request) {
		try {
			return CompletableFuture.completedStage(chain(request));
		} catch (TransportException e) {
			return CompletableFuture.failedStage(e);
		}
	}

	private AuthChain chain(SigningRequest request) throws TransportException {
		byte[] hash = hash(request.payload());
		switch (request.purpose()) {
			case ROOM_CHALLENGE -> remember(request, hash);
			case SIGNED_FETCH -> {
				// carries its time, and repeating a request is the caller's own doing
			}
			default -> throw refused("this wallet does not sign for " + request.purpose());
		}
		if (!options.delegating()) {
			return AuthChain.of(List.of(signer, entity(request, key, hash)));
		}
		Delegation current = delegation(options.clock().instant());
		return AuthChain.of(List.of(signer, current.link(), entity(request, current.key(), hash)));
	}

	private static byte[] hash(String payload) throws TransportException {
		try {
			return Keccak.personalHash(payload);
		} catch (CharacterCodingException e) {
			throw refused("a text to sign is well-formed Unicode; this one is not");
		}
	}

	private static AuthLink entity(SigningRequest request, SigningKey by, byte[] hash) {
		return new AuthLink(ChainVerifier.SIGNED_ENTITY, request.payload(), by.sign(hash));
	}

	private void remember(SigningRequest request, byte[] hash) throws TransportException {
		boolean isNew;
		synchronized (lock) {
			isNew = signed.add(ByteBuffer.wrap(hash));
			if (signed.size() > options.rememberedChallenges()) {
				signed.remove(signed.iterator().next());
			}
		}
		if (!isNew) {
			LOG.warn("{} sent a challenge that {} has signed before; refused, since it may be passing on another server's", request.uri(), address);
			throw refused("this challenge was signed before; a server makes a new one for every connection");
		}
	}

	private Delegation delegation(Instant now) {
		synchronized (lock) {
			if (delegation == null || !delegation.isFresh(now, options.ephemeralLife())) {
				delegation = Delegation.from(key, now.plus(options.ephemeralLife()).truncatedTo(ChronoUnit.MILLIS));
			}
			return delegation;
		}
	}

	private static TransportException refused(String message) {
		return new TransportException(TransportException.Code.REFUSED, message);
	}

	/** Returns address and kind, never the key. */
	@Override
	public String toString() {
		return (guest ? "guest " : "wallet ") + address;
	}

	/** A key that signs in the owner's place, and the link that says so. */
	private record Delegation(SigningKey key, Instant expiration, AuthLink link) {

		static Delegation from(SigningKey owner, Instant expiration) {
			SigningKey ephemeral = SigningKey.random();
			String text = new EphemeralMessage(ephemeral.address(), expiration).text();
			try {
				return new Delegation(ephemeral, expiration, new AuthLink(ChainVerifier.EPHEMERAL, text, owner.sign(Keccak.personalHash(text))));
			} catch (CharacterCodingException e) {
				throw new AssertionError("an ephemeral message is ASCII", e);
			}
		}

		/** Returns whether more than half of the life is left, and not more than all of it, as after a clock was set back. */
		boolean isFresh(Instant now, Duration life) {
			Duration left = Duration.between(now, expiration);
			return left.compareTo(life.dividedBy(2)) > 0 && left.compareTo(life) <= 0;
		}
	}
}
