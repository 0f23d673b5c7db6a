package dcl.transport.itest;

import java.util.Collection;
import java.util.List;

import org.junit.Test;
import org.osgi.framework.Bundle;
import org.osgi.framework.Constants;
import org.osgi.framework.wiring.BundleCapability;
import org.osgi.framework.wiring.BundleRequirement;
import org.osgi.framework.wiring.BundleRevision;
import org.osgi.framework.wiring.FrameworkWiring;

import static org.assertj.core.api.Assertions.assertThat;

/** What {@code @TransportType} and {@code @RequireTransport} put into a manifest, as the framework reads it. */
public class CapabilityIT extends FrameworkTest {

	private static final String NAMESPACE = "dcl.transport";

	@Test
	public void this_is_the_framework_the_run_is_about() {
		assertThat(bundles.getBundle(0).getHeaders("").get(Constants.BUNDLE_SYMBOLICNAME)).startsWith(System.getProperty("framework.name"));
	}

	@Test
	public void a_provider_has_the_capability_of_its_type() throws Exception {
		List<BundleCapability> capabilities = install("echo", "1.0.0").adapt(BundleRevision.class).getDeclaredCapabilities(NAMESPACE);

		assertThat(capabilities).hasSize(1);
		assertThat(capabilities.get(0).getAttributes().get(NAMESPACE)).isEqualTo(List.of("echo"));
	}

	@Test
	public void a_requirement_is_met_by_whoever_has_the_type_and_by_nobody_else() throws Exception {
		BundleRequirement requirement = requirement(install("host", "1.0.0"));
		assertThat(providers(requirement)).isEmpty();

		install("other", "1.0.0");
		assertThat(providers(requirement)).isEmpty();

		Bundle echo = install("echo", "1.0.0");
		Bundle ranked = install("ranked", "1.0.0");
		assertThat(providers(requirement)).extracting(capability -> capability.getRevision().getBundle()).containsExactlyInAnyOrder(echo, ranked);
	}

	@Test
	public void a_requirement_that_nobody_meets_yet_does_not_keep_a_bundle_from_starting() throws Exception {
		Bundle host = install("host", "1.0.0");
		assertThat(requirement(host).getDirectives()).containsEntry("effective", "active");

		host.start();

		assertThat(host.getState()).isEqualTo(Bundle.ACTIVE);
	}

	private static BundleRequirement requirement(Bundle bundle) {
		List<BundleRequirement> requirements = bundle.adapt(BundleRevision.class).getDeclaredRequirements(NAMESPACE);
		assertThat(requirements).hasSize(1);
		return requirements.get(0);
	}

	private Collection<BundleCapability> providers(BundleRequirement requirement) {
		return bundles.getBundle(0).adapt(FrameworkWiring.class).findProviders(requirement);
	}
}
