package dcl.transport.health.internal;

import org.apache.felix.hc.api.FormattingResultLog;
import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** The health check of Apache Felix; enabled where its API is. */
@Component(name = TransportHealthCheck.NAME, service = HealthCheck.class, enabled = false,
		property = {"hc.name=DCL transports", "hc.tags=transports", "hc.tags=dcl"})
public final class TransportHealthCheck implements HealthCheck {

	static final String NAME = "dcl.transport.health.check";

	private final HealthComponent health;

	/** Takes who knows. */
	@Activate
	public TransportHealthCheck(@Reference HealthComponent health) {
		this.health = health;
	}

	@Override
	public Result execute() {
		FormattingResultLog log = new FormattingResultLog();
		log.info("{} providers, {} transports and {} sessions open", health.status().providers().size(), health.status().transports().size(),
				health.status().sessions().size());
		health.warnings().forEach(warning -> log.warn("{}", warning));
		return new Result(log);
	}
}
