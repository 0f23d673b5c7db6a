package dcl.transport.cli.internal;

import java.util.Optional;
import java.util.function.ToIntFunction;

/** Where the shell is found. */
interface Shells {

	/**
	 * Returns the shell, waiting for it; empty if no bundle brings one. It takes {@code --interactive} where a person looks on, uses the streams of the process,
	 * and returns an exit code; interrupted to end it.
	 */
	Optional<ToIntFunction<String[]>> find() throws InterruptedException;
}
