package dcl.transport.hotdeploy.internal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;

import dcl.transport.hotdeploy.DropZoneException;
import dcl.transport.hotdeploy.DropZoneException.Code;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder that is watched, which nobody else may write to: whoever can put a file there runs code here. Ownership and mode are the file system's
 * ({@code unix} attributes: POSIX.1-2017, {@code stat}); where there are none, as on Windows, nothing is checked, and that is logged.
 */
final class Folder {

	private static final Logger LOG = LoggerFactory.getLogger(Folder.class);
	private static final int GROUP_OR_OTHERS_WRITE = 0022;
	private static final int STICKY = 01000;
	private static final int ROOT = 0;

	private final Path path;
	private final int user;
	private final Object identity;

	private Folder(Path path, int user, Object identity) {
		this.path = path;
		this.user = user;
		this.identity = identity;
	}

	/** @throws DropZoneException if it is no folder, or not ours alone */
	static Folder of(Path given) throws IOException {
		Path path;
		try {
			path = given.toRealPath();
		} catch (NoSuchFileException e) {
			throw new DropZoneException(Code.FOLDER_UNSAFE, "no folder: " + given.toAbsolutePath());
		}
		if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
			throw new DropZoneException(Code.FOLDER_UNSAFE, "not a folder: " + path);
		}
		if (!hasOwners(path)) {
			LOG.warn("{} is on a file system without owners: whether others may write to it is not checked", path);
			return new Folder(path, -1, null);
		}
		Folder folder = new Folder(path, user(), identity(path));
		folder.checkRights();
		return folder;
	}

	Path path() {
		return path;
	}

	/** @throws IOException if it is gone, or another one, or no longer ours alone */
	void check() throws IOException {
		if (identity == null) {
			if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
				throw new NoSuchFileException(path.toString());
			}
			return;
		}
		if (!identity.equals(identity(path))) {
			throw new DropZoneException(Code.FOLDER_UNSAFE, path + " is another folder than before");
		}
		checkRights();
	}

	private void checkRights() throws IOException {
		checkOwn(path, user);
		for (Path above = path.getParent(); above != null; above = above.getParent()) {
			Map<String, Object> attributes = attributes(above);
			int owner = (int) attributes.get("uid");
			int mode = (int) attributes.get("mode");
			if (owner != user && owner != ROOT) {
				throw unsafe(above, "belongs to user " + owner + ", who could put another folder in its place", path);
			}
			if ((mode & GROUP_OR_OTHERS_WRITE) != 0 && (mode & STICKY) == 0) {
				throw unsafe(above, "can be written to by others (mode " + octal(mode) + "), who could put another folder in its place: chmod go-w " + above, path);
			}
		}
	}

	private static void checkOwn(Path path, int user) throws IOException {
		Map<String, Object> attributes = attributes(path);
		int mode = (int) attributes.get("mode");
		if ((int) attributes.get("uid") != user) {
			throw unsafe(path, "belongs to user " + attributes.get("uid") + ", not to " + user + " who runs this", path);
		}
		if ((mode & GROUP_OR_OTHERS_WRITE) != 0) {
			throw unsafe(path, "can be written to by others (mode " + octal(mode) + "): chmod go-w " + path, path);
		}
	}

	private static DropZoneException unsafe(Path which, String how, Path watched) {
		String what = which + " " + how;
		return new DropZoneException(Code.FOLDER_UNSAFE, which.equals(watched) ? what : what + "; it is above " + watched);
	}

	/** @throws IOException if a file of ours is none, or others may write to it */
	static void checkFile(Path file) throws IOException {
		if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
			throw new IOException("not a plain file: " + file);
		}
		if (hasOwners(file)) {
			checkOwn(file, user());
		}
	}

	static boolean hasOwners(Path path) {
		return path.getFileSystem().supportedFileAttributeViews().contains("unix");
	}

	private static Map<String, Object> attributes(Path path) throws IOException {
		return Files.readAttributes(path, "unix:uid,mode", LinkOption.NOFOLLOW_LINKS);
	}

	private static Object identity(Path path) throws IOException {
		return Files.readAttributes(path, "unix:dev,ino", LinkOption.NOFOLLOW_LINKS);
	}

	private static String octal(int mode) {
		return Integer.toOctalString(mode & 07777);
	}

	/** Who we are, for the file system: the owner of what we create. */
	private static int user() {
		return User.ID;
	}

	/** Found out once. */
	private static final class User {

		private static final int ID = find();

		private static int find() {
			try {
				Path mine = Files.createTempFile("dcl-hotdeploy", null);
				try {
					return (int) Files.getAttribute(mine, "unix:uid", LinkOption.NOFOLLOW_LINKS);
				} finally {
					Files.delete(mine);
				}
			} catch (IOException e) {
				throw new UncheckedIOException("cannot tell which user this is", e);
			}
		}
	}
}
