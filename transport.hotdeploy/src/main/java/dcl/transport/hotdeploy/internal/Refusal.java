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

	Rule rule() {
		return rule;
	}
}
