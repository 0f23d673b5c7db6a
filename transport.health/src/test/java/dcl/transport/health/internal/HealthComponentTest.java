package dcl.transport.health.internal;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Proxy;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;

import org.apache.felix.hc.api.Result;
import org.apache.felix.inventory.Format;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.wiring.BundleCapability;
import org.osgi.framework.wiring.BundleWire;
import org.osgi.framework.wiring.BundleWiring;
import org.osgi.service.component.ComponentContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

@Timeout(30)
class HealthComponentTest {

	private final FakeStatus status = new FakeStatus().provider("a 1.0.0", 0, "a");
	private final List<String> enabled = new CopyOnWriteArrayList<>();

	private HealthComponent component(Set<String> wired, String... types) {
		List<BundleWire> wires = wired.stream().map(name -> FakeStatus.of(BundleWire.class, Map.of("getCapability",
				FakeStatus.of(BundleCapability.class, Map.of("getAttributes", Map.of("osgi.wiring.package", name)))))).toList();
		Bundle bundle = FakeStatus.of(Bundle.class, Map.of("adapt", FakeStatus.of(BundleWiring.class, Map.of("getRequiredWires", wires))));
		ComponentContext context = (ComponentContext) Proxy.newProxyInstance(ComponentContext.class.getClassLoader(), new Class<?>[] {ComponentContext.class},
				(proxy, method, args) -> {
					if (method.getName().equals("enableComponent")) {
						enabled.add((String) args[0]);
						return null;
					}
					return FakeStatus.of(BundleContext.class, Map.of("getBundle", bundle));
				});
		return new HealthComponent(context, FakeStatus.of(HealthComponent.Config.class, Map.of("types", types, "holdUpMinutes", 15)), status);
	}

	@Test
	void checks_are_offered_where_their_apis_are() {
		component(Set.of("dcl.transport"));
		assertThat(enabled).isEmpty();
		component(Set.of("org.apache.felix.hc.api", "org.apache.felix.inventory"));
		assertThat(enabled).containsExactlyInAnyOrder("dcl.transport.health.check", "dcl.transport.health.inventory");
	}

	@Test
	void the_commands_say_ok_or_what_is_wrong() {
		assertThat(component(Set.of(), "a").health()).containsExactly("OK");
		assertThat(component(Set.of(), "b").health()).containsExactly("WARN no provider for b, which has to be there");
		assertThat(component(Set.of()).inventory()).contains("providers: 1").isEqualTo(component(Set.of()).inventory("text"));
		assertThat(component(Set.of()).inventory("json")).startsWith("{");
		assertThatThrownBy(() -> component(Set.of()).inventory("xml")).hasMessage("text or json is expected");
	}

	@Test
	void the_health_check_is_ok_or_a_warning() {
		assertThat(new TransportHealthCheck(component(Set.of(), "a")).execute().getStatus()).isEqualTo(Result.Status.OK);
		Result bad = new TransportHealthCheck(component(Set.of(), "b")).execute();
		assertThat(bad.getStatus()).isEqualTo(Result.Status.WARN);
		assertThat(bad.toString()).contains("no provider for b");
	}

	@Test
	void the_printer_prints_text_and_json() {
		StringWriter text = new StringWriter();
		StringWriter json = new StringWriter();
		TransportInventoryPrinter printer = new TransportInventoryPrinter(component(Set.of()));
		printer.print(new PrintWriter(text), Format.TEXT, false);
		printer.print(new PrintWriter(json), Format.JSON, true);
		assertThat(text.toString()).contains("providers: 1");
		assertThat(json.toString()).contains("\"providers\":[{");
	}

	@Test
	void settings_out_of_range_are_replaced() {
		HealthComponent.Config config = FakeStatus.of(HealthComponent.Config.class, Map.of("types", new String[] {"", "x"}, "holdUpMinutes", 0));
		assertThat(HealthComponent.findings(config).warnings(status, Instant.EPOCH)).containsExactly("no provider for x, which has to be there");
		String[] many = IntStream.range(0, 1_001).mapToObj(i -> "t" + i).toArray(String[]::new);
		config = FakeStatus.of(HealthComponent.Config.class, Map.of("types", many, "holdUpMinutes", 15));
		assertThat(HealthComponent.findings(config).warnings(status, Instant.EPOCH)).hasSize(1_000);
	}
}
