package dcl.transport.itest.embedded;

import java.util.Collection;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.osgi.framework.Bundle;

import static org.assertj.core.api.Assertions.assertThat;

/** What happens when a bundle that others import from is updated and refreshed. */
@Timeout(240)
class RefreshIT {

	private static final String API = "dcl.transport.api";

	@Test
	void after_an_update_of_the_api_everybody_is_wired_anew_and_the_host_is_back_in_its_room() throws Exception {
		try (OwnFramework framework = new OwnFramework()) {
			framework.start("echo");
			framework.start("host");
			for (int i = 1; i <= 3; i++) {
				int times = i;
				Await.until("the host's session is connected, time " + times, () -> count(framework, "host session connected") == times);
				List<String> types = framework.types();

				Bundle api = framework.bundle(API);
				api.update();
				framework.refresh(api);

				assertThat(count(framework, "host deactivated")).isEqualTo(times);
				assertThat(count(framework, "echo-1.0.0 deactivated")).isEqualTo(times);
				Await.until("all types are served again", () -> framework.types().equals(types));
			}
			Await.until("the host's session is connected", () -> count(framework, "host session connected") == 4);
			// each time the old session and the old links were closed while their bundles were alive
			assertThat(count(framework, "host session closed CLIENT") + count(framework, "host session closed PROVIDER_GONE")).isEqualTo(3);
			assertThat(framework.journal).noneMatch(line -> line.contains("too late"));
		}
	}

	@Test
	void a_refresh_of_protobuf_shakes_those_who_import_it_and_nobody_else() throws Exception {
		try (OwnFramework framework = new OwnFramework()) {
			framework.start("echo");
			framework.start("host");
			Await.until("the host's session is connected", () -> framework.journal.contains("host session connected"));
			List<String> types = framework.types();
			List<String> before = List.copyOf(framework.journal);
			Bundle protobuf = framework.bundle("com.google.protobuf");
			Collection<Bundle> dependants = framework.dependantsOf(protobuf);
			assertThat(dependants).extracting(Bundle::getSymbolicName).contains("dcl.transport.wsroom", "dcl.transport.rfc4")
					.doesNotContain(API, "dcl.transport.registry", "dcl.transport.offline", "dcl.transport.signedlogin", "dcl.transport.identity",
							"dcl.transport.itest.echo", "dcl.transport.itest.host");

			framework.refresh(protobuf);

			Await.until("all types are served again", () -> framework.types().equals(types));
			assertThat(dependants).allMatch(bundle -> bundle.getState() == Bundle.ACTIVE || OwnFramework.isFragment(bundle));
			assertThat(framework.journal).isEqualTo(before);
		}
	}

	private static long count(OwnFramework framework, String line) {
		return framework.journal.stream().filter(line::equals).count();
	}
}
