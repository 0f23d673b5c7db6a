package dcl.transport.hotdeploy.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Map;

/**
 * What changes whenever a file's content changes, without reading it: size and time alone do not (a jar replaced by one of the same length with the
 * time copied). The time of the last change of the inode ({@code ctime}) cannot be set, and a file moved into place has another inode.
 *
 * @param changed   {@code ctime}; where there is none, the time of creation
 * @param identity  inode and device, or what the file system has for it
 * @param regular   whether it is a file and not a link, folder or device
 * @param provable  whether {@code changed} can be relied on
 */
record Stamp(long size, FileTime modified, FileTime changed, String identity, boolean regular, boolean provable) {

	static Stamp of(Path file) throws IOException {
		BasicFileAttributes basic = Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
		if (Folder.hasOwners(file)) {
			Map<String, Object> unix = Files.readAttributes(file, "unix:ctime,ino,dev", LinkOption.NOFOLLOW_LINKS);
			return new Stamp(basic.size(), basic.lastModifiedTime(), (FileTime) unix.get("ctime"), unix.get("dev") + ":" + unix.get("ino"),
					basic.isRegularFile(), true);
		}
		return new Stamp(basic.size(), basic.lastModifiedTime(), basic.creationTime(), String.valueOf(basic.fileKey()), basic.isRegularFile(), false);
	}

	/** Whether a change that followed at once might look the same: clocks of file systems tick every few milliseconds. */
	boolean isFresh(long nowMillis) {
		return !provable || nowMillis - changed.toMillis() < 1_000;
	}
}
