package dcl.transport.simulator.internal;

import java.lang.annotation.Annotation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import dcl.transport.Delivery;
import dcl.transport.Disconnection;
import dcl.transport.Packet;
import dcl.transport.TransportException;
import dcl.transport.TransportUri;
import dcl.transport.rfc4.Rfc4;
import dcl.transport.rfc4.Rfc4Packet;
import dcl.transport.simulator.SimulatedClock;
import dcl.transport.simulator.SimulatorBehaviour;
import dcl.transport.spi.Link;
import org.osgi.framework.Constants;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

/** A provider with a clock called {@code test}, and as many transports as a test opens. */
final class Fixture implements AutoCloseable {

	static final long LIMIT_SECONDS = 30;

	/** A configuration; a test changes what it is about. */
	static final class Times implements SimulatorProvider.Config {

		int peers = 10_000;
		int events = 200_000;
		boolean files = true;
		int scenario = 1 << 20;
		long recording = 1L << 26;
		int entries = 500_000;
		int timeline = 1_000;
		long behaviour = 60_000;

		@Override
		public int maxPeers() {
			return peers;
		}

		@Override
		public int maxEvents() {
			return events;
		}

		@Override
		public boolean files() {
			return files;
		}

		@Override
		public int maxScenarioBytes() {
			return scenario;
		}

		@Override
		public long maxRecordingBytes() {
			return recording;
		}

		@Override
		public int maxRecordingEntries() {
			return entries;
		}

		@Override
		public int maxTimeline() {
			return timeline;
		}

		@Override
		public long catchUpMillis() {
			return 250;
		}

		@Override
		public long behaviourTimeoutMillis() {
			return behaviour;
		}

		@Override
		public Class<? extends Annotation> annotationType() {
			return SimulatorProvider.Config.class;
		}
	}

	final SimulatedClock clock = new SimulatedClock();
	final SimulatorProvider provider;
	private final List<FakeContext> contexts = new ArrayList<>();
	private long services;

	Fixture() {
		this(times -> {
		});
	}

	Fixture(Consumer<Times> change) {
		Times times = new Times();
		change.accept(times);
		provider = new SimulatorProvider(times);
		provider.bindClock(clock, properties("test"));
	}

	private Map<String, Object> properties(String name) {
		return Map.of(SimulatorBehaviour.NAME, name, Constants.SERVICE_ID, ++services);
	}

	/** Registers a behaviour; what is returned takes it away. */
	Runnable register(String name, SimulatorBehaviour behaviour) {
		Map<String, Object> properties = properties(name);
		provider.bindBehaviour(behaviour, properties);
		return () -> provider.unbindBehaviour(behaviour, properties);
	}

	/** A connected transport. */
	record Opened(FakeContext context, Link link, SimulatedClock clock) {

		/** Lets time go on, and waits until everything has happened. */
		void advance(long millis) {
			advance(clock, Duration.ofMillis(millis));
		}

		static void advance(SimulatedClock clock, Duration time) {
			clock.advance(time).toCompletableFuture().orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS).join();
		}

		void send(Rfc4Packet message, Delivery delivery) {
			send(Rfc4.encode(message), delivery);
		}

		void send(Packet packet, Delivery delivery) {
			link.send(packet, delivery).toCompletableFuture().orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS).join();
		}

		List<String> trace() {
			return context.trace();
		}

		List<FakeContext.Report> received() {
			return context.reports().stream().filter(report -> report.what().equals("received")).toList();
		}

		List<Rfc4Packet> packets() {
			return received().stream().map(report -> Rfc4.decode(report.packet())).toList();
		}

		Disconnection ending() throws Exception {
			return context.closed.get(LIMIT_SECONDS, TimeUnit.SECONDS);
		}
	}

	FakeContext context() {
		FakeContext context = new FakeContext();
		contexts.add(context);
		return context;
	}

	CompletionStage<Link> opening(String params, FakeContext context) {
		return provider.open(TransportUri.parse("simulator:" + params), context);
	}

	/** Opens a transport that lives by the clock. */
	Opened open(String params) {
		return openReal(params + (params.indexOf('?') < 0 ? "?" : "&") + "clock=test");
	}

	/** Opens a transport in real time. */
	Opened openReal(String params) {
		return openReal(params, context());
	}

	Opened openReal(String params, FakeContext context) {
		return new Opened(context, opening(params, context).toCompletableFuture().orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS).join(), clock);
	}

	/** Opens and returns the failure it must end with. */
	TransportException refusal(String params) {
		Throwable failure = catchThrowable(() -> opening(params, context()).toCompletableFuture().orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS).join());
		assertThat(failure).as(params).isInstanceOf(CompletionException.class);
		assertThat(failure.getCause()).as(params).isInstanceOf(TransportException.class);
		return (TransportException) failure.getCause();
	}

	@Override
	public void close() {
		provider.stop();
		contexts.forEach(FakeContext::close);
	}
}
