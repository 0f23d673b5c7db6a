package dcl.transport.hotdeploy.internal;

import java.util.regex.Pattern;

/** Names of files that may stand in the folder. */
final class Names {

	private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");
	private static final int MAX = 200;

	private Names() {
	}

	/** Whether a file counts at all: others, such as those that are being copied under another name, are left alone. */
	static boolean counts(String name) {
		return name.endsWith(".jar") && !name.startsWith(".");
	}

	/** Whether it may be deployed: a name that is safe in logs, in paths and in a location. */
	static boolean isPlain(String name) {
		return counts(name) && name.length() <= MAX && name.chars().allMatch(c -> c > ' ' && c < 0x7f && "/\\:*?\"<>|%#".indexOf(c) < 0);
	}

	static String checked(String name) {
		if (!isPlain(name)) {
			throw new IllegalArgumentException("the name has to end in .jar and to be of at most " + MAX
					+ " plain ASCII characters without blanks and / \\ : * ? \" < > | % #, not '" + Texts.printable(name) + "'");
		}
		return name;
	}

	static String checkedHash(String hash) {
		if (!HASH.matcher(hash).matches()) {
			throw new IllegalArgumentException("no SHA-256: '" + Texts.printable(hash) + "'");
		}
		return hash;
	}
}
