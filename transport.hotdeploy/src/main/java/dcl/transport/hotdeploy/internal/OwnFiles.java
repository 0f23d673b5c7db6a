package dcl.transport.hotdeploy.internal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** Files that we write for ourselves: for the owner alone, and always whole. */
final class OwnFiles {

	private static final Set<PosixFilePermission> OWNER = PosixFilePermissions.fromString("rw-------");
	private static final Set<PosixFilePermission> OWNERS_FOLDER = PosixFilePermissions.fromString("rwx------");

	private OwnFiles() {
	}

	/** Creates a folder, if there is none. */
	static void createFolder(Path folder) throws IOException {
		if (!Files.isDirectory(folder)) {
			Files.createDirectory(folder, rights(folder, OWNERS_FOLDER));
		}
	}

	/** Creates a file of a name that nobody has. */
	static Path createTemporary(Path folder) throws IOException {
		return Files.createTempFile(folder, ".new-", ".part", rights(folder, OWNER));
	}

	private static FileAttribute<?>[] rights(Path where, Set<PosixFilePermission> rights) {
		return where.getFileSystem().supportedFileAttributeViews().contains("posix")
				? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(rights)}
				: new FileAttribute<?>[0];
	}

	/** Replaces what a file holds, or creates it; it never holds a part. */
	static void replace(Path file, byte[] bytes) throws IOException {
		Path temporary = createTemporary(file.toAbsolutePath().getParent());
		try {
			try (FileChannel out = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
				ByteBuffer buffer = ByteBuffer.wrap(bytes);
				while (buffer.hasRemaining()) {
					out.write(buffer);
				}
				out.force(true);
			}
			Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
		} finally {
			Files.deleteIfExists(temporary);
		}
	}

	/** Puts a copy of a file into its place, at once and whole. @param by a folder on the same disk */
	static void put(Path bytes, Path by, Path place) throws IOException {
		Path temporary = createTemporary(by);
		try {
			Files.copy(bytes, temporary, StandardCopyOption.REPLACE_EXISTING);
			Files.move(temporary, place, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
		} finally {
			Files.deleteIfExists(temporary);
		}
	}
}
