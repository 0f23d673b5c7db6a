package dcl.transport.shell.internal;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

import dcl.transport.text.Printable;
import org.apache.felix.gogo.runtime.EOFError;
import org.apache.felix.gogo.runtime.Parser;
import org.apache.felix.gogo.runtime.SyntaxError;
import org.apache.felix.service.command.CommandProcessor;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Converter;

/**
 * Runs commands from a stream, one after the other, as a Unix shell does: what fails is told and the next goes on; the exit code is that of the last. A
 * command may be longer than a line while a bracket or a quote is open.
 */
final class Script {

	/** Commands without a scope are ours before they are anybody else's. */
	private static final String SCOPE = "comms:*";
	private static final int MAX_COMMAND = 65_536;
	/** With the scopes that Gogo's bundles and ours have; no transport type is called so. */
	private static final Pattern COMMAND = Pattern.compile("(comms|felix|gogo|scr):[A-Za-z]{1,30}");
	private static final Pattern WORD_END = Pattern.compile("[\\s'\"()\\[\\]{}|;]+");

	private final CommandProcessor processor;
	private final InputStream in;
	private final OutputStream out;
	private final PrintStream err;

	Script(CommandProcessor processor, InputStream in, OutputStream out, PrintStream err) {
		this.processor = processor;
		this.in = in;
		this.out = out;
		this.err = err;
	}

	/** Returns 0 if the last command succeeded or there was none, 1 if it failed or the input cannot be read. */
	int run() {
		PrintStream results = new PrintStream(out, true, StandardCharsets.UTF_8);
		int code = 0;
		try (CommandSession session = processor.createSession(InputStream.nullInputStream(), results, err);
				BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
			session.put("SCOPE", SCOPE);
			StringBuilder command = new StringBuilder();
			for (String line = lines.readLine(); line != null; line = lines.readLine()) {
				command.append(line);
				if (command.length() > MAX_COMMAND) {
					code = failed("a command has at most " + MAX_COMMAND + " characters");
					command.setLength(0);
					continue;
				}
				if (isUnfinished(command)) {
					command.append('\n');
					continue;
				}
				try {
					show(session, results, command);
					code = 0;
				} catch (Exception e) { // whatever the command throws
					code = failed(withoutSecrets(e.toString(), command.toString()));
				}
				command.setLength(0);
			}
			if (!command.toString().isBlank()) {
				code = failed("the input ended in the middle of a command");
			}
		} catch (IOException e) {
			code = failed("the input cannot be read: " + e.getMessage());
		}
		results.flush();
		return code;
	}

	private static boolean isUnfinished(CharSequence command) {
		try {
			new Parser(command).program();
			return false;
		} catch (EOFError unfinished) {
			return true;
		} catch (SyntaxError wrong) {
			return false; // running it says so
		}
	}

	/** Gogo quotes what it does not understand, and any word with a colon in it may be a connection string. */
	private static String withoutSecrets(String message, String command) {
		String shown = message;
		for (String word : WORD_END.split(command)) {
			int colon = word.indexOf(':');
			if (colon >= 0 && colon < word.length() - 1 && !COMMAND.matcher(word).matches()) {
				shown = shown.replace(word, word.substring(0, colon + 1) + "…");
			}
		}
		return shown;
	}

	private static void show(CommandSession session, PrintStream results, CharSequence command) throws Exception {
		Object result = session.execute(command);
		if (result != null) {
			String text = session.format(result, Converter.INSPECT).toString();
			results.print(text.endsWith("\n") ? text : text + "\n");
			results.flush();
		}
	}

	private int failed(String why) {
		err.println("comms: " + Printable.of(why));
		return 1;
	}
}
