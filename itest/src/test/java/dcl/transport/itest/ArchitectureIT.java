package dcl.transport.itest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.junit.Before;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/** What the bundles say of themselves in their manifests: who may know whom, and in which versions. Runs outside of a framework. */
public class ArchitectureIT {

	private static final String API = "dcl.transport.api";
	private static final String REGISTRY = "dcl.transport.registry";
	private static final Pattern JDK = Pattern.compile("(javax|org\\.w3c|org\\.xml)\\..*");
	private static final Pattern CLAUSE = Pattern.compile("\\s*((?:[^,\"]|\"[^\"]*\")+)");
	private static final Pattern VERSION = Pattern.compile(";version=\"?([^\";]+)");

	@Rule
	public final Timeout limit = Timeout.seconds(60);

	/** Our own bundles by symbolic name. */
	private final Map<String, Attributes> ours = new TreeMap<>();
	private final Map<String, List<String>> classes = new HashMap<>();

	@Before
	public void read() throws IOException {
		try (Stream<Path> files = Files.list(Path.of(System.getProperty("bundles.dir")))) {
			for (Path file : files.filter(path -> path.toString().endsWith(".jar")).toList()) {
				try (JarFile jar = new JarFile(file.toFile())) {
					Attributes manifest = jar.getManifest().getMainAttributes();
					String name = manifest.getValue("Bundle-SymbolicName").split(";")[0].trim();
					if (name.startsWith("dcl.")) {
						ours.put(name, manifest);
						classes.put(name, jar.stream().map(entry -> entry.getName()).filter(entry -> entry.endsWith(".class")).toList());
					}
				}
			}
		}
		assertThat(ours).containsKeys(API, REGISTRY, "dcl.transport.offline", "dcl.transport.wsroom", "dcl.transport.roomserver",
				"dcl.transport.identity", "dcl.transport.rfc4");
		assertThat(providers()).contains("dcl.transport.offline", "dcl.transport.wsroom").doesNotContain(API, REGISTRY);
	}

	@Test
	public void every_bundle_says_what_it_is_whose_it_is_and_under_which_licence() {
		ours.forEach((name, manifest) -> {
			assertThat(manifest.getValue("Bundle-License")).as(name).contains("Apache-2.0");
			for (String header : new String[] {"Bundle-Name", "Bundle-Vendor", "Bundle-Description", "Bundle-DocURL", "Bundle-Version"}) {
				assertThat(manifest.getValue(header)).as(name + " " + header).isNotBlank();
			}
		});
	}

	@Test
	public void no_bundle_takes_what_it_did_not_ask_for_by_name_and_version() {
		ours.forEach((name, manifest) -> {
			for (String header : new String[] {"DynamicImport-Package", "Require-Bundle", "Bundle-Activator"}) {
				assertThat(manifest.getValue(header)).as(name + " " + header).isNull();
			}
			if (name.startsWith("dcl.transport.webrtc.natives.")) {
				assertThat(manifest.getValue("Fragment-Host")).as(name).isEqualTo("dcl.transport.webrtc;bundle-version=\"[1.0,1.1)\"");
				assertThat(classes.get(name)).as(name).isEmpty();
			} else {
				assertThat(manifest.getValue("Fragment-Host")).as(name).isNull();
			}
			imports(name).forEach((imported, version) -> {
				if (!JDK.matcher(imported).matches()) {
					assertThat(version).as(name + " imports " + imported).matches("[\\[(].*,.*[\\])]");
				}
			});
		});
	}

	@Test
	public void nobody_exports_what_is_internal_and_no_package_has_two_exporters() {
		List<String> exported = new ArrayList<>();
		ours.keySet().forEach(name -> exported.addAll(exports(name).keySet()));

		assertThat(exported).doesNotHaveDuplicates();
		assertThat(exported).noneMatch(exporting -> exporting.contains("internal"));
		assertThat(exported).contains("dcl.transport", "dcl.transport.spi");
	}

	@Test
	public void the_api_needs_nothing_but_itself_and_nobody_else_has_a_copy() {
		assertThat(imports(API).keySet()).allMatch(imported -> exports(API).containsKey(imported) || JDK.matcher(imported).matches());
		classes.forEach((name, entries) -> {
			if (!name.equals(API)) {
				assertThat(entries).as(name).noneMatch(entry -> entry.matches("dcl/transport/((spi|status)/)?[^/]+\\.class"));
			}
		});
	}

	@Test
	public void no_provider_knows_another_and_none_exports_anything() {
		List<String> shared = new ArrayList<>();
		ours.keySet().stream().filter(name -> !providers().contains(name)).forEach(name -> shared.addAll(exports(name).keySet()));
		for (String provider : providers()) {
			assertThat(exports(provider)).as(provider + " exports").isEmpty();
			assertThat(imports(provider).keySet()).as(provider + " imports").filteredOn(imported -> imported.startsWith("dcl.")).isSubsetOf(shared);
			assertThat(imports(provider)).as(provider).doesNotContainKey("dcl.transport.registry");
		}
	}

	@Test
	public void the_registry_goes_with_one_minor_version_of_the_api_and_providers_with_all_of_a_major_one() {
		assertThat(imports(REGISTRY)).containsEntry("dcl.transport", "[1.1,1.2)").containsEntry("dcl.transport.spi", "[1.1,1.2)");
		for (String provider : providers()) {
			assertThat(imports(provider)).as(provider).containsEntry("dcl.transport", "[1.1,2)").containsEntry("dcl.transport.spi", "[1.1,2)");
		}
	}

	@Test
	public void logging_goes_with_both_generations_of_slf4j() {
		ours.keySet().forEach(name -> {
			if (imports(name).containsKey("org.slf4j")) {
				assertThat(imports(name)).as(name).containsEntry("org.slf4j", "[1.7,3)");
			}
		});
		assertThat(imports(REGISTRY)).containsKey("org.slf4j");
	}

	private List<String> providers() {
		return ours.keySet().stream()
				.filter(name -> clauses(name, "Provide-Capability").stream().anyMatch(clause -> clause.startsWith("dcl.transport;")))
				.toList();
	}

	private Map<String, String> imports(String bundle) {
		return versions(bundle, "Import-Package");
	}

	private Map<String, String> exports(String bundle) {
		return versions(bundle, "Export-Package");
	}

	/** Returns packages and versions of a header, an empty version where there is none. */
	private Map<String, String> versions(String bundle, String header) {
		Map<String, String> versions = new TreeMap<>();
		for (String clause : clauses(bundle, header)) {
			Matcher version = VERSION.matcher(clause);
			versions.put(clause.split(";")[0], version.find() ? version.group(1) : "");
		}
		return versions;
	}

	private List<String> clauses(String bundle, String header) {
		String value = ours.get(bundle).getValue(header);
		return value == null ? List.of() : CLAUSE.matcher(value).results().map(result -> result.group(1)).toList();
	}
}
