package dcl.transport.simulator.internal;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/** Opens files that a connection string names: regular ones, up to a size, whatever becomes of them while they are read. */
final class LocalFile {

	private LocalFile() {
	}

	/**
	 * Opens a file.
	 *
	 * @throws Invalid if it is not there, cannot be read, is not a regular file, or is larger; the text does not name it
	 */
	static InputStream open(String where, String text, long maxBytes) {
		try {
			Path path = Path.of(text.startsWith("///") ? text.substring(2) : text);
			BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
			if (!attributes.isRegularFile()) {
				throw new Invalid(where, "a regular file expected");
			}
			if (attributes.size() > maxBytes) {
				throw new Invalid(where, "a file of at most " + maxBytes + " bytes expected, this one has " + attributes.size());
			}
			return new Bounded(Files.newInputStream(path), where, maxBytes);
		} catch (IOException | InvalidPathException | SecurityException e) { // its text would name the file
			throw new Invalid(where, "a file that is there and can be read expected (" + e.getClass().getSimpleName() + ")");
		}
	}

	/** Does not believe the size it was told. */
	private static final class Bounded extends FilterInputStream {

		private final String where;
		private final long maxBytes;
		private long left;

		Bounded(InputStream in, String where, long maxBytes) {
			super(in);
			this.where = where;
			this.maxBytes = maxBytes;
			this.left = maxBytes;
		}

		@Override
		public int read() throws IOException {
			return counted(super.read(), 1);
		}

		@Override
		public int read(byte[] bytes, int offset, int length) throws IOException {
			int count = super.read(bytes, offset, length);
			return counted(count, count);
		}

		private int counted(int result, int count) {
			if (result >= 0) {
				left -= count;
				if (left < 0) {
					throw new Invalid(where, "a file of at most " + maxBytes + " bytes expected, this one grew");
				}
			}
			return result;
		}
	}
}
