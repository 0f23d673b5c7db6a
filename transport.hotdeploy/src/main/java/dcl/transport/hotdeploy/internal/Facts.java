package dcl.transport.hotdeploy.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;

import dcl.transport.hotdeploy.Rule;
import dcl.transport.hotdeploy.internal.Headers.Clause;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.Version;
import org.osgi.framework.VersionRange;
import org.osgi.resource.Namespace;

/**
 * What a manifest says of a bundle. Immutable.
 *
 * @param types what it provides, by its capability {@code dcl.transport}
 */
record Facts(String name, Version version, SortedSet<String> types, List<Clause> imports, List<Clause> exports, List<Clause> requirements,
		List<Clause> capabilities, List<Clause> bundles) {

	/** A transport type: ADR-180's, or the one for all. */
	static final Pattern TYPE = Pattern.compile("[a-z][a-z0-9-]{0,63}|\\*");

	/** Possessive, or else a match takes a frame of the stack for each part. */
	private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]++(\\.[A-Za-z0-9_-]++)*+");
	private static final Pattern PACKAGE = Pattern.compile("[\\p{Alpha}_$][\\p{Alnum}_$]*+(\\.[\\p{Alpha}_$][\\p{Alnum}_$]*+)*+");
	private static final int MAX_NAME = 200;
	private static final int MAX_PACKAGE = 1_000;
	/** Filters are read and asked recursively. */
	private static final int MAX_BRACKETS = 500;
	private static final int MAX_TYPES = 50;
	private static final String NAMESPACE = "dcl.transport";
	/** The packages of which there is to be one copy in the framework. */
	private static final Pattern API_FOLDER = Pattern.compile("(META-INF/versions/\\d+/)?dcl/transport(/spi|/status|/hotdeploy)?");

	/** Reads a manifest, and refuses what no provider may be. */
	static Facts of(Zip jar, boolean nativeCode) throws Refusal {
		if (jar.manifest().length == 0) {
			throw new Refusal(Rule.NOT_A_BUNDLE, "no " + Zip.MANIFEST + " in it");
		}
		Map<String, String> headers = Headers.of(jar.manifest());
		if (!"2".equals(trimmed(headers, "Bundle-ManifestVersion"))) {
			throw new Refusal(Rule.NOT_A_BUNDLE, headers.containsKey("Bundle-ManifestVersion")
					? "Bundle-ManifestVersion has to be 2, not '" + trimmed(headers, "Bundle-ManifestVersion") + "'"
					: "a jar, but no bundle: it has no Bundle-ManifestVersion");
		}
		Facts facts = new Facts(name(headers), version(headers), types(headers), clauses(headers, "Import-Package"), clauses(headers, "Export-Package"),
				clauses(headers, "Require-Capability"), clauses(headers, "Provide-Capability"), clauses(headers, "Require-Bundle"));
		facts.refuseFragment(headers);
		facts.refuseApi(jar, clauses(headers, "Bundle-ClassPath"));
		facts.refuseOddNeeds();
		if (!nativeCode) {
			refuseNative(jar, headers);
		}
		return facts;
	}

	private static String trimmed(Map<String, String> headers, String name) {
		return headers.getOrDefault(name, "").trim();
	}

	private static List<Clause> clauses(Map<String, String> headers, String name) throws Refusal {
		return Headers.clauses(name, headers.getOrDefault(name, ""));
	}

	private static String name(Map<String, String> headers) throws Refusal {
		List<Clause> clauses = clauses(headers, "Bundle-SymbolicName");
		String name = clauses.size() == 1 && clauses.get(0).paths().size() == 1 ? clauses.get(0).paths().get(0) : "";
		if (name.length() > MAX_NAME || !NAME.matcher(name).matches()) {
			throw new Refusal(Rule.NOT_A_BUNDLE, "one Bundle-SymbolicName of letters, digits, '.', '_' and '-' is needed, at most " + MAX_NAME
					+ " characters, not '" + trimmed(headers, "Bundle-SymbolicName") + "'");
		}
		return name;
	}

	private static Version version(Map<String, String> headers) throws Refusal {
		String text = trimmed(headers, "Bundle-Version");
		try {
			return Version.parseVersion(text);
		} catch (IllegalArgumentException e) {
			throw new Refusal(Rule.NOT_A_BUNDLE, "Bundle-Version has to be like 1.2.3 or 1.2.3.qualifier, not '" + text + "'");
		}
	}

	private static SortedSet<String> types(Map<String, String> headers) throws Refusal {
		SortedSet<String> types = new TreeSet<>();
		for (Clause clause : clauses(headers, "Provide-Capability")) {
			if (clause.paths().contains(NAMESPACE)) {
				clause.attributes().forEach((key, value) -> {
					if (key.equals(NAMESPACE) || key.startsWith(NAMESPACE + ":")) {
						for (String type : value.split(",")) {
							types.add(type.trim());
						}
					}
				});
			}
		}
		for (String type : types) {
			if (!TYPE.matcher(type).matches()) {
				throw new Refusal(Rule.NOT_A_BUNDLE, "Provide-Capability names a transport type that is none: '" + type + "'");
			}
		}
		if (types.size() > MAX_TYPES) {
			throw new Refusal(Rule.TOO_LARGE, "more than " + MAX_TYPES + " transport types");
		}
		return types;
	}

	private void refuseFragment(Map<String, String> headers) throws Refusal {
		if (headers.containsKey("Fragment-Host")) {
			String host = trimmed(headers, "Fragment-Host");
			boolean extension = host.matches("(?i)(system\\.bundle|org\\.apache\\.felix\\.framework|org\\.eclipse\\.osgi)\\b.*");
			throw new Refusal(Rule.FRAGMENT, extension ? "an extension of the framework" : "a fragment, which becomes a part of '" + host + "'");
		}
		if (headers.containsKey("ExtensionBundle-Activator")) {
			throw new Refusal(Rule.FRAGMENT, "an extension of the framework: it has an ExtensionBundle-Activator");
		}
		if (headers.containsKey("DynamicImport-Package")) {
			throw new Refusal(Rule.UNSAFE, "DynamicImport-Package: what it would use cannot be told beforehand");
		}
	}

	private void refuseApi(Zip jar, List<Clause> classPath) throws Refusal {
		Set<String> roots = new TreeSet<>(Set.of(""));
		for (Clause clause : classPath) {
			clause.paths().forEach(path -> roots.add(path.replaceFirst("^/+", "").replaceFirst("/*$", "/")));
		}
		for (Clause clause : exports) {
			for (String exported : clause.paths()) {
				if (exported.equals("dcl.transport") || exported.startsWith("dcl.transport.")) {
					throw new Refusal(Rule.API_COPY, "it exports '" + exported + "': the packages of the runtime come from the runtime alone");
				}
			}
		}
		for (Clause clause : bundles) {
			for (String name : clause.paths()) {
				if (name.startsWith("dcl.transport.") && "reexport".equals(clause.directives().get("visibility"))) {
					throw new Refusal(Rule.API_COPY, "it re-exports '" + name + "' (Require-Bundle): the packages of the runtime come from the runtime alone");
				}
			}
		}
		// also where Bundle-ClassPath may point to
		for (String folder : jar.innerFolders()) {
			if (API_FOLDER.matcher(folder).matches()) {
				throw new Refusal(Rule.API_COPY, "it brings its own copy of the API in a jar in it, which the runtime would not recognise: compile against it, and leave it out");
			}
		}
		for (String entry : jar.names()) {
			int slash = entry.lastIndexOf('/');
			if (entry.endsWith(".class") && slash > 0 && roots.stream().filter(entry::startsWith)
					.anyMatch(root -> root.length() < slash && API_FOLDER.matcher(entry.substring(root.length(), slash)).matches())) {
				throw new Refusal(Rule.API_COPY, "it brings its own copy of the API, such as '" + entry
						+ "', which the runtime would not recognise: compile against it, and leave it out");
			}
		}
	}

	private void refuseOddNeeds() throws Refusal {
		for (Clause clause : imports) {
			for (String name : clause.paths()) {
				if (name.length() > MAX_PACKAGE || !PACKAGE.matcher(name).matches()) {
					throw new Refusal(Rule.NOT_A_BUNDLE, "Import-Package names something that is no package: '" + name + "'");
				}
			}
			range("Import-Package", clause.attributes().get("version"));
			range("Import-Package", clause.attributes().get("bundle-version"));
		}
		for (Clause clause : bundles) {
			range("Require-Bundle", clause.attributes().get("bundle-version"));
		}
		for (Clause clause : requirements) {
			filter(clause.directives().get(Namespace.REQUIREMENT_FILTER_DIRECTIVE));
		}
	}

	private static void filter(String text) throws Refusal {
		if (text == null) {
			return;
		}
		if (text.chars().filter(c -> c == '(').count() > MAX_BRACKETS) {
			throw new Refusal(Rule.TOO_LARGE, "Require-Capability has a filter of more than " + MAX_BRACKETS + " parts");
		}
		try {
			FrameworkUtil.createFilter(text);
		} catch (InvalidSyntaxException e) {
			throw new Refusal(Rule.NOT_A_BUNDLE, "Require-Capability has a filter that is none: '" + text + "'");
		}
	}

	private static void range(String header, String text) throws Refusal {
		try {
			VersionRange.valueOf(text == null ? "0" : text);
		} catch (IllegalArgumentException e) {
			throw new Refusal(Rule.NOT_A_BUNDLE, header + " has a range of versions that is none: '" + text + "'");
		}
	}

	private static void refuseNative(Zip jar, Map<String, String> headers) throws Refusal {
		if (headers.containsKey("Bundle-NativeCode")) {
			throw new Refusal(Rule.NATIVE_CODE, "it has Bundle-NativeCode, which is not allowed here (setting nativeCode)");
		}
		List<String> libraries = new ArrayList<>();
		for (String entry : jar.names()) {
			String name = Headers.lower(entry);
			if (name.matches(".*\\.(so(\\.[0-9]++)*+|dll|dylib|jnilib|exe)")) {
				libraries.add(entry);
			}
		}
		if (!libraries.isEmpty()) {
			throw new Refusal(Rule.NATIVE_CODE, "it has native code, which is not allowed here (setting nativeCode): '" + libraries.get(0) + "'");
		}
	}
}
