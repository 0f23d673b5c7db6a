package dcl.transport.hotdeploy;

/** What came of a file. May gain constants. */
public enum Outcome {
	/** The gate has nothing against it; nothing was changed. Only a check says so. */
	ACCEPTED,
	/** Its bytes run. */
	DEPLOYED,
	/** The gate said no; whatever ran before was not touched. */
	REFUSED,
	/** It was let in and did not come up: what ran before runs again, or nothing if there was nothing. */
	ROLLED_BACK,
	/** Its file is gone, and so is the bundle. */
	UNDEPLOYED
}
