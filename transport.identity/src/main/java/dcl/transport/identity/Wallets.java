package dcl.transport.identity;

import java.nio.file.Path;

import dcl.transport.Identity;
import dcl.transport.identity.internal.KeyFile;
import dcl.transport.identity.internal.SigningKey;
import dcl.transport.identity.internal.Wallet;

/**
 * Makes identities that sign with a key held in this process.
 * <p>
 * Each signs {@link dcl.transport.SigningRequest}s and nothing else, on the calling thread, in well under a millisecond: the stage is complete when
 * {@code sign} returns. None signs the same room challenge twice while it remembers it, whoever asks: that fails with {@code REFUSED}, since a server that
 * repeats a challenge may be passing on another server's. The key never leaves the identity, and none of its texts shows it.
 */
public final class Wallets {

	private Wallets() {
	}

	/** Returns a guest: a new throw-away key that delegates as {@link WalletOptions#defaults()} say. */
	public static Identity random() {
		return random(WalletOptions.defaults());
	}

	/** Returns a guest with a new throw-away key. */
	public static Identity random(WalletOptions options) {
		return new Wallet(SigningKey.random(), true, options);
	}

	/**
	 * Returns the wallet of a private key.
	 *
	 * @param privateKey 32 bytes, big-endian, copied; the caller clears its own
	 * @throws IllegalArgumentException if that is not a private key of secp256k1
	 */
	public static Identity of(byte[] privateKey, WalletOptions options) {
		return new Wallet(SigningKey.of(privateKey), false, options);
	}

	/** The wallet of a key file, with {@link WalletOptions#defaults()}; see {@link #fromKeyFile(Path, WalletOptions)}. */
	public static Identity fromKeyFile(Path file) throws KeyFileException {
		return fromKeyFile(file, WalletOptions.defaults());
	}

	/**
	 * Returns the wallet whose key is in a file, which is read once.
	 * <p>
	 * The file holds one line: the private key as 64 hexadecimal digits, with or without "0x". Its mode must give nothing to group and others ({@code 0600} or
	 * {@code 0400}). Where the file system has no POSIX modes that cannot be seen, so the file is refused there.
	 *
	 * @throws KeyFileException if there is no such file, it is open to others, it cannot be read, or it does not hold a key
	 */
	public static Identity fromKeyFile(Path file, WalletOptions options) throws KeyFileException {
		return new Wallet(KeyFile.read(file), false, options);
	}
}
