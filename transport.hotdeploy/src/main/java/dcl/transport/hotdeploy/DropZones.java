package dcl.transport.hotdeploy;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;

import org.osgi.annotation.versioning.ProviderType;

/** Opens drop zones, and runs their gate without one. A service; thread-safe. */
@ProviderType
public interface DropZones {

	/** The rules of this installation: the settings of PID {@code dcl.transport.hotdeploy}, and defaults for the rest. */
	DropZoneOptions options();

	/**
	 * Watches a folder: its jars are checked and become bundles of this framework, and go when their files go. What was deployed from it before is
	 * started again.
	 *
	 * @param folder an existing folder that belongs to this process's user; neither it nor a folder above may be one that others can write to
	 *               (folders above may, where only owners can rename, as in {@code /tmp}). State is kept in its sub-folder {@code .state}
	 * @return the zone, which scans for the first time right after this
	 * @throws DropZoneException if the folder may not be watched, or somebody watches it already; the message says what to do
	 * @throws IOException       if the folder's state cannot be read
	 */
	DropZone watch(Path folder, DropZoneOptions options) throws IOException;

	/**
	 * The same, with somebody who hears of every verdict from the first one on.
	 *
	 * @param listener see {@link DropZone#listen}
	 */
	DropZone watch(Path folder, DropZoneOptions options, Consumer<Verdict> listener) throws IOException;

	/**
	 * Runs the gate on a jar and changes nothing. Blocks for as long as it takes to read the jar.
	 *
	 * @param jar    a regular file, not a link
	 * @param folder where it would go: its trust file and what was deployed there before count. It need not exist
	 * @return {@link Outcome#ACCEPTED} or {@link Outcome#REFUSED}
	 */
	Verdict check(Path jar, Path folder, DropZoneOptions options);

	/**
	 * Runs the gate on a jar, moves a copy of it into a folder that another process watches, and waits for that process's verdict. Blocks.
	 *
	 * @param limit how long to wait for the verdict
	 * @return the gate's {@link Outcome#REFUSED} of here, with nothing moved, or what the watching process says
	 * @throws DropZoneException    if nobody watches the folder, or no verdict comes in time
	 * @throws IOException          if the file cannot be written
	 * @throws InterruptedException if interrupted while waiting; the file stays
	 */
	Verdict handOver(Path jar, Path folder, DropZoneOptions options, Duration limit) throws IOException, InterruptedException;

	/**
	 * {@link DropZone#rollback} for a folder that another process watches: puts back the bytes of a bundle that ran before the present ones, and waits
	 * for that process's verdict. Blocks.
	 *
	 * @param bundle the symbolic name of a bundle that runs from the folder
	 * @param limit  how long to wait for the verdict
	 * @return what the watching process says
	 * @throws DropZoneException    if nobody watches the folder, there is no such bundle or nothing ran before it, or no verdict comes in time
	 * @throws IOException          if the file cannot be written
	 * @throws InterruptedException if interrupted while waiting; the file stays
	 * @since 1.1
	 */
	Verdict rollback(String bundle, Path folder, Duration limit) throws IOException, InterruptedException;
}
