package dcl.transport.cli.internal;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.concurrent.CompletionStage;

import dcl.transport.AuthChain;
import dcl.transport.Identity;
import dcl.transport.PeerId;
import dcl.transport.SigningRequest;
import dcl.transport.identity.WalletOptions;
import dcl.transport.identity.Wallets;

/** The throw-away key of a bot: whoever knows the seed has it too. A guest, whose own key signs: a server checks one signature for each login. */
final class BotIdentity implements Identity {

	/** A bot logs in once, and then only if its wire breaks. */
	private static final WalletOptions OPTIONS = WalletOptions.defaults().withoutDelegation().withRememberedChallenges(16);

	private final Identity wallet;

	BotIdentity(long seed, int bot) {
		byte[] key = digest("comms bots, seed " + seed + ", bot " + bot);
		wallet = Wallets.of(key, OPTIONS);
		Arrays.fill(key, (byte) 0);
	}

	/** A digest is no private key of secp256k1 once in 2^128. */
	private static byte[] digest(String text) {
		try {
			return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
		} catch (NoSuchAlgorithmException e) {
			throw new IllegalStateException("every Java has SHA-256", e);
		}
	}

	@Override
	public PeerId address() {
		return wallet.address();
	}

	@Override
	public boolean isGuest() {
		return true;
	}

	@Override
	public CompletionStage<AuthChain> sign(SigningRequest request) {
		return wallet.sign(request);
	}
}
