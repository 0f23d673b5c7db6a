package dcl.transport.registry.internal;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportUri;

/**
 * A redirect does not lead from TLS down to plain text, unless to this machine: whoever listens to the plain one would get what the other
 * kept. Params are a provider's own affair, but those of every known type begin with a scheme or, without one, stand for a secure one.
 */
final class Downgrade {

	private static final Pattern PLAIN = Pattern.compile("[\\s\\p{Cntrl}]*(?:ws|http)[\\s\\p{Cntrl}]*:(.*)",
			Pattern.CASE_INSENSITIVE | Pattern.DOTALL);
	/** Nothing but an address or the name of this machine: what is written in another way is not it. */
	private static final Pattern THIS_MACHINE = Pattern.compile(
			"//(?:localhost\\.?|127\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}|\\[::1])(?::\\d{1,5})?(?:[/?].*)?",
			Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

	private Downgrade() {
	}

	/** Refuses a redirect from TLS to plain text. */
	static void check(TransportUri from, TransportUri to) throws TransportException {
		Matcher plain = PLAIN.matcher(to.params());
		if (plain.matches() && !THIS_MACHINE.matcher(plain.group(1)).matches() && !PLAIN.matcher(from.params()).matches()) {
			throw new TransportException(Code.PROTOCOL, "a redirect does not lead from TLS to plain text; the next would lead to " + to);
		}
	}
}
