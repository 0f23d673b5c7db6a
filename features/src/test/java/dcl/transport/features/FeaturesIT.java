package dcl.transport.features;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import javax.xml.parsers.DocumentBuilderFactory;

import org.apache.felix.feature.impl.FeatureServiceImpl;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.AllServiceListener;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;
import org.osgi.service.feature.Feature;
import org.osgi.service.feature.FeatureBundle;
import org.osgi.service.feature.ID;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

import static org.assertj.core.api.Assertions.assertThat;

/** That the files name bundles that are there, and that these are enough. */
@Timeout(600)
class FeaturesIT {

	private static final Path FILES = Path.of(System.getProperty("features"));
	private static final Path BUNDLES = Path.of(System.getProperty("bundles"));
	private static final String REGISTRY = "dcl.transport.TransportRegistry";
	private static final String[] TYPES = {"offline", "signed-login", "simulator", "ws-room"};
	private static final String NATIVES = "dcl.transport.webrtc.natives.";

	@TempDir
	Path cache;

	@Test
	void the_feature_is_read_by_felix_and_starts_with_all_types() throws Exception {
		Feature feature;
		try (Reader text = Files.newBufferedReader(FILES.resolve("feature.json"))) {
			feature = new FeatureServiceImpl().readFeature(text);
		}
		assertThat(feature.isComplete()).isTrue();
		assertThat(feature.getName()).contains("DCL Transports");
		List<String> jars = new ArrayList<>();
		for (FeatureBundle bundle : feature.getBundles()) {
			ID id = bundle.getID();
			jars.add(id.getArtifactId() + "-" + id.getVersion() + ".jar");
		}
		assertThat(jars).doesNotHaveDuplicates().contains("dcl.transport.api-" + feature.getID().getVersion() + ".jar");

		starts(new LinkedHashSet<>(jars), "livekit", "offline", "signed-login", "simulator", "ws-room");
	}

	@Test
	void each_karaf_feature_starts_by_itself() throws Exception {
		Map<String, Element> features = features();
		assertThat(features).hasSize(16);

		starts(withLogging(jars(features, "dcl-transports")), TYPES);
		starts(withLogging(jars(features, "dcl-transport-ws-room")), "ws-room");
		starts(withLogging(jars(features, "dcl-transport-offline")), "offline");
		starts(withLogging(jars(features, "dcl-transport-simulator")), "simulator");
		starts(withLogging(jars(features, "dcl-transport-signed-login")), "signed-login");
		starts(withLogging(jars(features, "dcl-transport-livekit")), "livekit");
		starts(withLogging(jars(features, "dcl-transport-livekit-" + platform())), "livekit");
		starts(withLogging(jars(features, "dcl-transport-hotdeploy")));
		starts(withLogging(jars(features, "dcl-transport-health")));
		starts(withLogging(jars(features, "dcl-transport-roomserver")));
		starts(withLogging(jars(features, "dcl-transport-identity")));
	}

	/** The platform of this build: that of the one fragment among the bundles. */
	private static String platform() throws IOException {
		try (Stream<Path> all = Files.list(BUNDLES)) {
			return all.map(file -> file.getFileName().toString()).filter(name -> name.startsWith(NATIVES)).findFirst().orElseThrow()
					.substring(NATIVES.length()).replaceFirst("-\\d.*", "");
		}
	}

	private static Map<String, Element> features() throws Exception {
		NodeList found = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(FILES.resolve("features.xml").toFile()).getDocumentElement()
				.getChildNodes();
		Map<String, Element> features = new HashMap<>();
		for (int i = 0; i < found.getLength(); i++) {
			if (found.item(i) instanceof Element feature) {
				features.put(feature.getAttribute("name"), feature);
			}
		}
		return features;
	}

	/** The file names of a feature and those it needs. */
	private static Set<String> jars(Map<String, Element> features, String name) {
		Element feature = features.get(name);
		assertThat(feature).as(name).isNotNull();
		Set<String> jars = new LinkedHashSet<>();
		NodeList needed = feature.getElementsByTagName("feature");
		for (int i = 0; i < needed.getLength(); i++) {
			jars.addAll(jars(features, needed.item(i).getTextContent()));
		}
		NodeList bundles = feature.getElementsByTagName("bundle");
		for (int i = 0; i < bundles.getLength(); i++) {
			String[] parts = bundles.item(i).getTextContent().substring("mvn:".length()).split("/");
			assertThat(parts).hasSize(3);
			jars.add(parts[1] + "-" + parts[2] + ".jar");
		}
		return jars;
	}

	/** What Karaf brings: slf4j, which is not that of our features. */
	private static Set<String> withLogging(Set<String> jars) throws Exception {
		try (var all = Files.list(BUNDLES)) {
			all.map(file -> file.getFileName().toString()).filter(name -> name.startsWith("slf4j") || name.startsWith("asm") || name.contains("spifly"))
					.forEach(jars::add);
		}
		return jars;
	}

	/** Starts a framework with these bundles and nothing else. */
	private void starts(Set<String> jars, String... types) throws Exception {
		assertThat(jars).allSatisfy(jar -> assertThat(BUNDLES.resolve(jar)).isRegularFile());
		FrameworkFactory factory = ServiceLoader.load(FrameworkFactory.class).findFirst().orElseThrow();
		Framework framework = factory.newFramework(Map.of(Constants.FRAMEWORK_STORAGE, cache.resolve("f" + jars.hashCode()).toString(),
				Constants.FRAMEWORK_STORAGE_CLEAN, Constants.FRAMEWORK_STORAGE_CLEAN_ONFIRSTINIT));
		framework.start();
		try {
			BundleContext context = framework.getBundleContext();
			CountDownLatch all = new CountDownLatch(1);
			AllServiceListener listener = event -> { // all: what has the API by its own class path is not shown the service of another
				if (has(event.getServiceReference(), types)) {
					all.countDown();
				}
			};
			context.addServiceListener(listener, "(objectClass=" + REGISTRY + ")");
			List<Bundle> bundles = new ArrayList<>();
			for (String jar : jars) {
				bundles.add(context.installBundle(BUNDLES.resolve(jar).toUri().toString()));
			}
			bundles.removeIf(bundle -> bundle.getHeaders("").get(Constants.FRAGMENT_HOST) != null);
			for (Bundle bundle : bundles) {
				bundle.start();
			}
			ServiceReference<?>[] already = context.getAllServiceReferences(REGISTRY, null);
			if (already == null || !has(already[0], types)) {
				assertThat(all.await(60, TimeUnit.SECONDS)).as("a registry with %s", List.of(types)).isTrue();
			}
			assertThat(bundles).allSatisfy(bundle -> assertThat(bundle.getState()).as(bundle.getSymbolicName()).isEqualTo(Bundle.ACTIVE));
		} finally {
			framework.stop();
			framework.waitForStop(30_000);
		}
	}

	private static boolean has(ServiceReference<?> registry, String... types) {
		return registry.getProperty("transport.types") instanceof String[] offered && List.of(offered).containsAll(List.of(types));
	}
}
