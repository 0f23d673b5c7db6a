package dcl.transport.health.internal;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;

import dcl.transport.status.TransportStatus;
import org.osgi.framework.namespace.PackageNamespace;
import org.osgi.framework.wiring.BundleWiring;
import org.osgi.service.component.ComponentContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says whether the transports are well, and what is open: two commands of a Gogo shell, which need nothing of Gogo, and whatever else this framework has the
 * API for.
 */
@Component(service = HealthComponent.class, immediate = true, configurationPid = "dcl.transport.health", property = {
	"osgi.command.scope=comms", "osgi.command.function=health", "osgi.command.function=inventory"})
@Designate(ocd = HealthComponent.Config.class)
public final class HealthComponent {

	private static final Logger LOG = LoggerFactory.getLogger(HealthComponent.class);
	private static final int MAX_TYPES = 1_000;
	private static final int MAX_MINUTES = 10_080;
	private static final int MINUTES = 15;

	/** The settings. */
	@ObjectClassDefinition(name = "Health of the transports")
	public @interface Config {

		/** See the description. */
		@AttributeDefinition(name = "Types", description = "Types of connection strings that there have to be providers for, at most 1000")
		String[] types() default {};

		/** See the description. */
		@AttributeDefinition(name = "Hold-ups", description = "For how many minutes a provider that held up the framework is warned of, 1 to 10080")
		int holdUpMinutes() default MINUTES;
	}

	private final TransportStatus status;
	private final Findings findings;

	/** Takes what is looked at, and offers the checks whose API this bundle is wired to. */
	@Activate
	public HealthComponent(ComponentContext component, Config config, @Reference TransportStatus status) {
		this.status = status;
		this.findings = findings(config);
		BundleWiring wiring = component.getBundleContext().getBundle().adapt(BundleWiring.class);
		Set<Object> packages = Set.copyOf(wiring.getRequiredWires(PackageNamespace.PACKAGE_NAMESPACE).stream()
				.map(wire -> wire.getCapability().getAttributes().get(PackageNamespace.PACKAGE_NAMESPACE)).toList());
		if (packages.contains("org.apache.felix.hc.api")) {
			component.enableComponent(TransportHealthCheck.NAME);
		}
		if (packages.contains("org.apache.felix.inventory")) {
			component.enableComponent(TransportInventoryPrinter.NAME);
		}
	}

	/** Reads the settings; what is out of range is reported and left out, since a typing error must not hide what is not well. */
	static Findings findings(Config config) {
		List<String> types = List.of(config.types());
		if (types.size() > MAX_TYPES) {
			LOG.error("Setting types has at most {} entries, not {}; leaving out the rest", MAX_TYPES, types.size());
			types = types.subList(0, MAX_TYPES);
		}
		int minutes = config.holdUpMinutes();
		if (minutes < 1 || minutes > MAX_MINUTES) {
			LOG.error("Setting holdUpMinutes is from 1 to {}, not {}; using {}", MAX_MINUTES, minutes, MINUTES);
			minutes = MINUTES;
		}
		return new Findings(Set.copyOf(types.stream().filter(type -> !type.isBlank()).toList()), Duration.ofMinutes(minutes));
	}

	List<String> warnings() {
		return findings.warnings(status, Instant.now());
	}

	TransportStatus status() {
		return status;
	}

	/** {@code comms:health}: one line a warning, or "OK". */
	public List<String> health() {
		List<String> warnings = warnings();
		return warnings.isEmpty() ? List.of("OK") : warnings.stream().map(warning -> "WARN " + warning).toList();
	}

	/** {@code comms:inventory}: as text. */
	public String inventory() {
		return Inventory.text(status, warnings()).stripTrailing();
	}

	/**
	 * {@code comms:inventory json}: as one JSON object.
	 *
	 * @throws IllegalArgumentException if it is neither {@code text} nor {@code json}
	 */
	public String inventory(String format) {
		return switch (format) {
			case "text" -> inventory();
			case "json" -> Inventory.json(status, warnings());
			default -> throw new IllegalArgumentException("text or json is expected");
		};
	}
}
