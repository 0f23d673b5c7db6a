package dcl.transport.hotdeploy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

import dcl.transport.Subscription;
import org.osgi.annotation.versioning.ProviderType;

/**
 * A folder that is watched. Thread-safe; only {@link #check} and {@link #close} block.
 * <p>
 * A jar in the folder is read once, into a private copy, and everything after that is done with the copy: checking, then installing it or updating
 * the bundle that the same file brought before. If the bundle does not come up in time, with services of the types it declares, the bytes
 * from before come back, or it is uninstalled if there were none. Deleting the file uninstalls the bundle. A file that is still being written is left alone
 * until it is complete.
 */
@ProviderType
public interface DropZone extends AutoCloseable {

	/** Property of the service: the absolute path of the folder. */
	String FOLDER = "folder";

	/** The folder, absolute. */
	Path folder();

	/** Runs the gate on a jar, as if it came into the folder under its name, and changes nothing. Blocks while it reads. */
	Verdict check(Path jar);

	/**
	 * Copies a jar into the folder and completes with what came of it: {@link Outcome#DEPLOYED}, {@link Outcome#REFUSED}, with nothing copied, or
	 * {@link Outcome#ROLLED_BACK}. Fails with an {@link IOException} if it cannot be copied, or the zone is closed first.
	 *
	 * @param jar its name, which has to end in {@code .jar}, becomes the name in the folder; a file of that name is replaced
	 */
	CompletionStage<Verdict> deploy(Path jar);

	/**
	 * Puts the bytes that ran before the present ones back into the folder. That they are older is not held against them; everything else is. Once more
	 * puts the newer ones back.
	 *
	 * @param bundle the symbolic name of a bundle in {@link #deployed()}
	 * @return completes with what came of it; fails with an {@link IllegalArgumentException} if there is no such bundle here, or nothing ran before
	 */
	CompletionStage<Verdict> rollback(String bundle);

	/**
	 * Deletes the file of a bundle, and so uninstalls it.
	 *
	 * @param bundle the symbolic name of a bundle in {@link #deployed()}
	 * @return completes with {@link Outcome#UNDEPLOYED}; fails with an {@link IllegalArgumentException} if there is no such bundle here
	 */
	CompletionStage<Verdict> undeploy(String bundle);

	/** Returns what runs now, a snapshot, by file name. */
	List<Deployed> deployed();

	/** Returns the last verdict on each file in the folder, a snapshot, by file name. */
	List<Verdict> verdicts();

	/**
	 * Hears of every verdict from now on, in the order in which they fall, one at a time, on the zone's own thread: do not block. An exception is logged.
	 */
	Subscription listen(Consumer<Verdict> listener);

	/** Whose signatures count here. */
	Trust trust();

	/** The rules of this zone. */
	DropZoneOptions options();

	/** Stops watching; what runs goes on running. Waits, at most ten seconds, for what is under way. Idempotent. */
	@Override
	void close();
}
