package dcl.transport.identity.internal;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;

import dcl.transport.identity.KeyFileException;
import dcl.transport.identity.KeyFileException.Reason;

/** Reads a private key from a file that only its owner can read. */
public final class KeyFile {

	private static final Set<PosixFilePermission> OWNER =
			EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE, PosixFilePermission.OWNER_EXECUTE);
	private static final int KEY_BYTES = 32;
	/** "0x", the digits, and room for the end of the line. */
	private static final int MAX_BYTES = 2 + 2 * KEY_BYTES + 16;

	private KeyFile() {
	}

	/** Returns the key in the file; see {@link dcl.transport.identity.Wallets#fromKeyFile(Path)}. */
	public static SigningKey read(Path file) throws KeyFileException {
		if (!Files.isRegularFile(file)) {
			throw new KeyFileException(Reason.NOT_FOUND, "key file " + file + " does not exist or is not a regular file");
		}
		checkMode(file);
		byte[] text = new byte[0];
		byte[] key = new byte[KEY_BYTES];
		try (InputStream in = Files.newInputStream(file)) {
			text = in.readNBytes(MAX_BYTES + 1);
			decode(text, key);
			return SigningKey.of(key);
		} catch (IOException e) {
			throw new KeyFileException(Reason.UNREADABLE, "key file " + file + " cannot be read: " + e.getClass().getSimpleName(), e);
		} catch (IllegalArgumentException e) {
			throw new KeyFileException(Reason.MALFORMED, "key file " + file + " does not hold one line with a private key of secp256k1, "
					+ 2 * KEY_BYTES + " hexadecimal digits with or without '0x'");
		} finally {
			Arrays.fill(text, (byte) 0);
			Arrays.fill(key, (byte) 0);
		}
	}

	private static void checkMode(Path file) throws KeyFileException {
		Set<PosixFilePermission> mode;
		try {
			mode = Files.getPosixFilePermissions(file);
		} catch (UnsupportedOperationException e) {
			throw new KeyFileException(Reason.NOT_OWNER_ONLY, "key file " + file + " is on a file system without POSIX modes, so that nobody can tell who reads it");
		} catch (IOException e) {
			throw new KeyFileException(Reason.UNREADABLE, "the mode of key file " + file + " cannot be read: " + e.getClass().getSimpleName(), e);
		}
		if (!OWNER.containsAll(mode)) {
			throw new KeyFileException(Reason.NOT_OWNER_ONLY, "key file " + file + " has mode " + PosixFilePermissions.toString(mode)
					+ ", which is open to others than its owner; expected rw------- (chmod 600)");
		}
	}

	/** Decodes without ever making a String, which could not be cleared. */
	private static void decode(byte[] text, byte[] key) {
		int end = text.length;
		while (end > 0 && (text[end - 1] == '\n' || text[end - 1] == '\r' || text[end - 1] == ' ')) {
			end--;
		}
		int start = end >= 2 && text[0] == '0' && text[1] == 'x' ? 2 : 0;
		if (text.length > MAX_BYTES || end - start != 2 * KEY_BYTES) {
			throw new IllegalArgumentException();
		}
		for (int i = 0; i < KEY_BYTES; i++) {
			int high = Character.digit(text[start + 2 * i], 16);
			int low = Character.digit(text[start + 2 * i + 1], 16);
			if (high < 0 || low < 0) {
				throw new IllegalArgumentException();
			}
			key[i] = (byte) (high << 4 | low);
		}
	}
}
