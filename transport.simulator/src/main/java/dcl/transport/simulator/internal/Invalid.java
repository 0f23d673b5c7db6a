package dcl.transport.simulator.internal;

/** Something in a connection string or a scenario file that cannot be used. Its text says where, and what was expected there. */
final class Invalid extends IllegalArgumentException {

	private static final long serialVersionUID = 1L;

	Invalid(String where, String expected) {
		super(where + ": " + expected);
	}
}
