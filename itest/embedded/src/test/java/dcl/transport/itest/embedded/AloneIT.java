package dcl.transport.itest.embedded;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.osgi.framework.Bundle;
import org.osgi.framework.wiring.BundleRevision;
import org.osgi.framework.wiring.BundleWire;
import org.osgi.framework.wiring.BundleWiring;

import static org.assertj.core.api.Assertions.assertThat;

/** Each of our bundles is started with nothing but what its manifest asks for: what else it needed, it would miss. */
@Timeout(240)
class AloneIT {

	private static final String OURS = "dcl.";
	/** The capability that a provider of a transport has. */
	private static final String PROVIDER = "dcl.transport";

	/** What each of our bundles is wired to, directly or not, itself included; by symbolic names. */
	private final Map<String, Set<String>> needs = new TreeMap<>();
	private final Set<String> providers = new TreeSet<>();

	@Test
	void every_bundle_starts_with_what_it_asks_for_which_is_no_other_provider() throws Exception {
		try (OwnFramework all = new OwnFramework()) {
			for (Bundle bundle : all.context().getBundles()) {
				if (bundle.getSymbolicName().startsWith(OURS) && !OwnFramework.isFragment(bundle)) {
					needs.put(bundle.getSymbolicName(), wiredTo(bundle));
					if (!bundle.adapt(BundleRevision.class).getDeclaredCapabilities(PROVIDER).isEmpty()) {
						providers.add(bundle.getSymbolicName());
					}
				}
			}
		}
		assertThat(providers).contains("dcl.transport.offline", "dcl.transport.wsroom", "dcl.transport.signedlogin", "dcl.transport.simulator");

		for (Map.Entry<String, Set<String>> each : needs.entrySet()) {
			Set<String> others = new TreeSet<>(providers);
			others.remove(each.getKey());
			assertThat(each.getValue()).as(each.getKey()).doesNotContainAnyElementsOf(others);
			if (providers.contains(each.getKey())) {
				assertThat(each.getValue()).as(each.getKey()).doesNotContain("dcl.transport.registry");
			}
			try (OwnFramework alone = new OwnFramework(each.getValue()::contains)) { // starts them, or throws
				assertThat(alone.context().getBundles()).as(each.getKey()).hasSize(each.getValue().size() + 1);
				assertThat(Arrays.stream(alone.context().getBundles()).filter(bundle -> !OwnFramework.isFragment(bundle)))
						.as(each.getKey()).allMatch(bundle -> bundle.getState() == Bundle.ACTIVE);
			}
		}
	}

	private static Set<String> wiredTo(Bundle bundle) {
		Set<String> names = new TreeSet<>();
		Deque<BundleWiring> untold = new ArrayDeque<>(Set.of(bundle.adapt(BundleWiring.class)));
		while (!untold.isEmpty()) {
			BundleWiring wiring = untold.poll();
			if (wiring.getBundle().getBundleId() != 0 && names.add(wiring.getBundle().getSymbolicName())) {
				for (BundleWire wire : wiring.getRequiredWires(null)) {
					untold.add(wire.getProviderWiring());
				}
			}
		}
		return names;
	}
}
