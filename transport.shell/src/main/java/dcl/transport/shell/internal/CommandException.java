package dcl.transport.shell.internal;

/** A command that cannot do what it was asked to; in words that are fit for a terminal and hold no secret. */
public final class CommandException extends Exception {

	private static final long serialVersionUID = 1L;

	CommandException(String message) {
		super(message);
	}

	/** Returns the message alone, since that is what shells print. */
	@Override
	public String toString() {
		return getMessage();
	}
}
