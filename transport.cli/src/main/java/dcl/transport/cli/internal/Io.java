package dcl.transport.cli.internal;

import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;

/** The three streams of a command. */
record Io(InputStream in, OutputStream out, PrintStream err) {
}
