package dcl.transport.cli.internal;

import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;

/**
 * The three streams of a command.
 *
 * @param terminal whether a person looks at what is written to {@code err}
 */
record Io(InputStream in, OutputStream out, PrintStream err, boolean terminal) {

	/** Streams that no person looks at. */
	Io(InputStream in, OutputStream out, PrintStream err) {
		this(in, out, err, false);
	}
}
