package dcl.transport.hotdeploy.internal;

import dcl.transport.hotdeploy.Rule;

/** The gate's no. */
final class Refusal extends Exception {

	private static final long serialVersionUID = 1;

	private final Rule rule;

	/** @param why may quote foreign text; it is made printable here */
	Refusal(Rule rule, String why) {
		super(Texts.printable(why));
		this.rule = rule;
	}

	/** For what nobody thought of, such as a stack that overflows: it costs the one jar, and no other. */
	static Refusal defect(Throwable failure) {
		return new Refusal(Rule.UNREADABLE, "it cannot be looked at: " + Texts.of(failure));
	}

	Rule rule() {
		return rule;
	}
}
