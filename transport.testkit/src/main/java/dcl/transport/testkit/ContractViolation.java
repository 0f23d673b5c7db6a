package dcl.transport.testkit;

/** A provider broke a clause; the message begins with its number. */
public final class ContractViolation extends AssertionError {

	private static final long serialVersionUID = 1L;

	private final transient Clause clause;

	ContractViolation(Clause clause, String what, Throwable cause) {
		super(clause + ": " + what + " (" + clause + ": " + clause.words() + ")", cause);
		this.clause = clause;
	}

	/** Returns the clause. */
	public Clause clause() {
		return clause;
	}
}
