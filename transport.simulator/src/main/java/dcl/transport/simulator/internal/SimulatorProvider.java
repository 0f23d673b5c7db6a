package dcl.transport.simulator.internal;

import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;

import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportUri;
import dcl.transport.simulator.SimulatedClock;
import dcl.transport.simulator.SimulatorBehaviour;
import dcl.transport.spi.Link;
import dcl.transport.spi.LinkContext;
import dcl.transport.spi.TransportProvider;
import dcl.transport.spi.TransportType;
import org.osgi.framework.Constants;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The {@code simulator} transport (ADR-180): rooms that are made up, on a virtual clock. */
@Component(service = TransportProvider.class, configurationPid = "dcl.transport.simulator")
@Designate(ocd = SimulatorProvider.Config.class)
@TransportType("simulator")
public final class SimulatorProvider implements TransportProvider {

	private static final Logger LOG = LoggerFactory.getLogger(SimulatorProvider.class);

	/** Configuration. A change makes the provider anew, which ends its open rooms with {@code PROVIDER_GONE}. */
	@ObjectClassDefinition(name = "simulator transport", description = "Limits of simulated rooms")
	public @interface Config {

		@AttributeDefinition(name = "Peers", description = "Most peers of one room (1 to 100000)")
		int maxPeers() default 10_000;

		@AttributeDefinition(name = "Events", description = "Most things that are to happen, or packets under way, in one room (1000 to 10000000)")
		int maxEvents() default 200_000;

		@AttributeDefinition(name = "Files", description = "Whether connection strings may name scenario files and recordings")
		boolean files() default true;

		@AttributeDefinition(name = "Scenario size", description = "Bytes of the largest scenario file (1024 to 2^24)")
		int maxScenarioBytes() default 1 << 20;

		@AttributeDefinition(name = "Recording size", description = "Bytes of the largest recording that is played (1024 to 2^32)")
		long maxRecordingBytes() default 1L << 26;

		@AttributeDefinition(name = "Recording entries", description = "Most entries of the conversation of a recording that is played (1 to 10000000)")
		int maxRecordingEntries() default 500_000;

		@AttributeDefinition(name = "Timeline", description = "Most entries of a scenario file's timeline (1 to 100000)")
		int maxTimeline() default 1_000;

		@AttributeDefinition(name = "Catching up", description = "Milliseconds of real time that are made up for after a delay (1 to 60000)")
		long catchUpMillis() default 250;

		@AttributeDefinition(name = "Behaviour time-out", description = "Milliseconds after which a host's behaviour counts as hanging (100 to 600000)")
		long behaviourTimeoutMillis() default 5_000;
	}

	private final Settings settings;
	private final Services<Behaviour> behaviours = new Services<>();
	private final Services<SimulatedClock> clocks = new Services<>();
	private final Set<SimulatorLink> links = ConcurrentHashMap.newKeySet();

	/** Makes the provider. It has no threads. */
	@Activate
	public SimulatorProvider(Config config) {
		settings = Settings.of(config);
	}

	@Deactivate
	void stop() {
		links.forEach(SimulatorLink::close); // the registry has asked them already
	}

	@Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC, policyOption = ReferencePolicyOption.GREEDY)
	void bindBehaviour(SimulatorBehaviour behaviour, Map<String, Object> properties) {
		String name = name(properties);
		if (name == null || !Plans.NAME.matcher(name).matches() || Plans.BUILT_IN.contains(name)) {
			LOG.error("A behaviour's name, its property {}, is a letter and up to 63 letters, digits, '.', '_' or '-', and none of {}; service {} is left out",
					SimulatorBehaviour.NAME, new TreeSet<>(Plans.BUILT_IN), properties.get(Constants.SERVICE_ID));
			return;
		}
		behaviours.add(name, ranking(properties), (Long) properties.get(Constants.SERVICE_ID), new Behaviour(behaviour));
	}

	void unbindBehaviour(SimulatorBehaviour behaviour, Map<String, Object> properties) {
		behaviours.remove((Long) properties.get(Constants.SERVICE_ID)).ifPresent(gone -> {
			for (SimulatorLink link : links) {
				if (link.custom() == gone) {
					link.abort(new Disconnection(Reason.PROVIDER_GONE, "the behaviour '" + name(properties) + "' is gone"));
				}
			}
		});
	}

	@Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC, policyOption = ReferencePolicyOption.GREEDY)
	void bindClock(SimulatedClock clock, Map<String, Object> properties) {
		String name = name(properties);
		if (name == null || !Plans.NAME.matcher(name).matches()) {
			LOG.error("A clock's name, its property {}, is a letter and up to 63 letters, digits, '.', '_' or '-'; service {} is left out",
					SimulatorBehaviour.NAME, properties.get(Constants.SERVICE_ID));
			return;
		}
		clocks.add(name, ranking(properties), (Long) properties.get(Constants.SERVICE_ID), clock);
	}

	void unbindClock(Map<String, Object> properties) {
		clocks.remove((Long) properties.get(Constants.SERVICE_ID));
	}

	private static String name(Map<String, Object> properties) {
		return properties.get(SimulatorBehaviour.NAME) instanceof String name ? name : null;
	}

	private static int ranking(Map<String, Object> properties) {
		return properties.get(Constants.SERVICE_RANKING) instanceof Integer ranking ? ranking : 0;
	}

	@Override
	public CompletionStage<Link> open(TransportUri uri, LinkContext context) {
		try {
			Query query = Query.parse(uri.params());
			return query.target().startsWith(Query.FILE) ? play(query, context) : open(query, context, null);
		} catch (Invalid e) {
			return refused(e);
		} catch (Missing e) {
			return CompletableFuture.failedFuture(new TransportException(Code.NO_PROVIDER, e.getMessage()));
		}
	}

	private static <T> CompletionStage<T> refused(Invalid e) {
		return CompletableFuture.failedFuture(new TransportException(Code.INVALID_PARAMS, e.getMessage()));
	}

	/** A behaviour or a clock that may come yet. */
	private static final class Missing extends RuntimeException {

		private static final long serialVersionUID = 1L;

		Missing(String message) {
			super(message);
		}
	}

	private CompletionStage<Link> open(Query query, LinkContext context, Replay replay) {
		Behaviour[] custom = new Behaviour[1];
		Plan plan = Plans.of(query, settings, replay, name -> {
			custom[0] = behaviours.find(name).orElseThrow(() -> new Missing("nobody has registered the behaviour '" + name + "'; there are "
					+ behaviours.names() + ", and built in " + new TreeSet<>(Plans.BUILT_IN)));
			return custom[0].service();
		});
		if (custom[0] != null && custom[0].isBarred()) {
			return CompletableFuture.failedFuture(new TransportException(Code.INTERNAL,
					"the behaviour '" + plan.name() + "' holds up " + Behaviour.MAX_HUNG + " threads and gets no new transports"));
		}
		SimulatedClock clock = plan.clock().isEmpty() ? null : clocks.find(plan.clock())
				.orElseThrow(() -> new Missing("nobody has registered the clock '" + plan.clock() + "'; there are " + clocks.names()));
		SimulatorLink[] link = new SimulatorLink[1];
		link[0] = new SimulatorLink(context, settings, plan, custom[0], clock, () -> links.remove(link[0]));
		links.add(link[0]);
		CompletionStage<Link> opening = link[0].open();
		if (custom[0] != null && !behaviours.contains(custom[0])) { // it left meanwhile, perhaps without having seen this link
			link[0].abort(new Disconnection(Reason.PROVIDER_GONE, "the behaviour '" + plan.name() + "' is gone"));
		}
		return opening;
	}

	/** Reads a recording a part at a time, then plays it. */
	private CompletionStage<Link> play(Query query, LinkContext context) {
		if (!settings.files()) {
			throw new Invalid("file", "none expected: files are switched off by the setting 'files'");
		}
		String which = query.parameters().getOrDefault("connection", "");
		long wanted = which.isEmpty() ? 1 : Values.whole(query.where("connection"), which, 1, Integer.MAX_VALUE);
		Loading loading = new Loading(LocalFile.open("file", query.target().substring(Query.FILE.length()), settings.maxRecordingBytes()), wanted,
				settings.maxRecordingEntries());
		CompletableFuture<Link> opening = new CompletableFuture<>();
		read(loading, query, context, opening);
		return opening;
	}

	private void read(Loading loading, Query query, LinkContext context, CompletableFuture<Link> opening) {
		boolean more = false;
		try {
			Replay replay = loading.read();
			if (replay == null && !context.abandoned().toCompletableFuture().isDone()) {
				context.executor().execute(() -> read(loading, query, context, opening));
				more = true;
			} else if (replay != null) {
				open(query, context, replay).whenComplete((link, failure) -> {
					if (failure != null) {
						opening.completeExceptionally(failure);
					} else {
						opening.complete(link);
					}
				});
			} else {
				opening.completeExceptionally(new TransportException(Code.NOT_CONNECTED, "closed before it was connected"));
			}
		} catch (Invalid e) {
			opening.completeExceptionally(new TransportException(Code.INVALID_PARAMS, e.getMessage()));
		} catch (Missing e) {
			opening.completeExceptionally(new TransportException(Code.NO_PROVIDER, e.getMessage()));
		} catch (RejectedExecutionException e) {
			opening.completeExceptionally(new TransportException(Code.NOT_CONNECTED, "closed before it was connected"));
		} finally {
			if (!more) {
				close(loading);
			}
		}
	}

	private static void close(Loading loading) {
		try {
			loading.close();
		} catch (IOException e) {
			LOG.debug("A recording could not be closed ({})", e.getClass().getSimpleName());
		}
	}
}
