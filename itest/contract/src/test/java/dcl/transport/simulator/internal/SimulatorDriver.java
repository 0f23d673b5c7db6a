package dcl.transport.simulator.internal;

import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Collectors;

import dcl.transport.Delivery;
import dcl.transport.Delivery.Reliability;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.TransportException;
import dcl.transport.TransportUri;
import dcl.transport.itest.contract.Configs;
import dcl.transport.simulator.SimulatorBehaviour;
import dcl.transport.simulator.SimulatorContext;
import dcl.transport.simulator.SimulatorFault;
import dcl.transport.spi.Link;
import dcl.transport.spi.LinkContext;
import dcl.transport.spi.TransportProvider;
import dcl.transport.testkit.Ability;
import dcl.transport.testkit.Peer;
import dcl.transport.testkit.TransportDriver;
import org.osgi.framework.Constants;

/** A behaviour through which the peers of a simulated room act from outside, where two transports in one room never meet. */
final class SimulatorDriver implements TransportDriver {

	private static final String TOKEN = "canary-7f3a";
	private static final String WORDS = "enough is enough";
	private static final Duration TICK = Duration.ofMillis(2);
	private static final long ALIVE_NANOS = TimeUnit.SECONDS.toNanos(1);

	private final List<Act> acts = new CopyOnWriteArrayList<>();
	private final List<Actor> actors = new CopyOnWriteArrayList<>();
	private final AtomicInteger numbers = new AtomicInteger();
	private volatile boolean refusing;

	/** One transport's room, and what is to be done there. */
	private static final class Act {

		final PeerId self;
		final String room;
		final Queue<Consumer<SimulatorContext>> todo = new ConcurrentLinkedQueue<>();
		volatile long lastSeen = System.nanoTime();

		Act(PeerId self, String room) {
			this.self = self;
			this.room = room;
		}

		void tick(SimulatorContext context) {
			lastSeen = System.nanoTime();
			for (Consumer<SimulatorContext> next = todo.poll(); next != null; next = todo.poll()) {
				next.accept(context);
			}
		}
	}

	/** A peer of a room: everywhere where a transport has entered it. */
	private final class Actor implements Peer {

		private final PeerId id;
		private final String room;
		private final BlockingQueue<Received> received = new LinkedBlockingQueue<>();

		Actor(PeerId id, String room) {
			this.id = id;
			this.room = room;
		}

		@Override
		public PeerId id() {
			return id;
		}

		@Override
		public Set<PeerId> sees() {
			long now = System.nanoTime();
			return acts.stream().filter(act -> act.room.equals(room) && now - act.lastSeen < ALIVE_NANOS).map(act -> act.self).collect(Collectors.toSet());
		}

		@Override
		public void send(byte[] packet, Reliability reliability) {
			everywhere(room, context -> context.send(id, Packet.copyOf(packet), reliability));
		}

		@Override
		public Received next(Duration limit) throws InterruptedException {
			return received.poll(limit.toMillis(), TimeUnit.MILLISECONDS);
		}

		@Override
		public void leave() {
			if (actors.remove(this)) {
				everywhere(room, context -> context.leave(id));
			}
		}
	}

	private record Got(PeerId from, byte[] packet, String topic) implements Peer.Received {
	}

	private void everywhere(String room, Consumer<SimulatorContext> what) {
		acts.stream().filter(act -> room == null || act.room.equals(room)).forEach(act -> act.todo.add(what));
	}

	private void begin(SimulatorContext context) {
		Act act = new Act(PeerId.of(context.parameters().getOrDefault("self", "nobody")), context.parameters().get("room"));
		acts.add(act);
		if (context.parameters().containsKey("refused")) {
			context.fault(SimulatorFault.refuse(WORDS));
		}
		actors.stream().filter(actor -> actor.room.equals(act.room)).forEach(actor -> context.join(actor.id));
		context.onReceived((packet, delivery) -> actors.stream().filter(actor -> actor.room.equals(act.room) && meant(actor, delivery))
				.forEach(actor -> actor.received.add(new Got(act.self, packet.toByteArray(), delivery.topic()))));
		context.every(TICK, () -> act.tick(context));
	}

	private static boolean meant(Actor actor, Delivery delivery) {
		return delivery.isBroadcast() || delivery.peers().contains(actor.id);
	}

	/** Tells the room who enters, which a simulator has no need to know. */
	private record Introducing(SimulatorProvider behind) implements TransportProvider {

		@Override
		public boolean accepts(TransportUri uri) {
			return behind.accepts(uri);
		}

		@Override
		public CompletionStage<Link> open(TransportUri uri, LinkContext context) {
			String self = "";
			try {
				self = uri.params().contains("room=") ? "&self=" + context.identity().address() : "";
			} catch (TransportException nobody) {
				self = "";
			}
			return behind.open(TransportUri.parse(uri.text() + self), context);
		}
	}

	@Override
	public void start() {
		// the rooms are in the provider
	}

	@Override
	public void stop() {
		// the rooms are in the provider
	}

	@Override
	public TransportProvider activate() {
		SimulatorProvider provider = new SimulatorProvider(Configs.with(SimulatorProvider.Config.class, Map.of()));
		provider.bindBehaviour(this::begin, Map.of(SimulatorBehaviour.NAME, "contract", Constants.SERVICE_ID, 1L));
		return new Introducing(provider);
	}

	@Override
	public void deactivate(TransportProvider provider) {
		((Introducing) provider).behind.stop();
	}

	@Override
	public TransportUri uri(String room) {
		return TransportUri.parse("simulator:contract?halfOpen=1s&token=" + TOKEN + "&room=" + room + (refusing ? "&refused=yes" : ""));
	}

	@Override
	public Set<String> secrets() {
		return Set.of(TOKEN);
	}

	@Override
	public Duration lostWithin() {
		return Duration.ofSeconds(1);
	}

	@Override
	public Set<Ability> abilities() {
		return EnumSet.of(Ability.PEERS, Ability.KICK, Ability.REFUSE, Ability.SILENCE, Ability.GARBAGE, Ability.END, Ability.PAUSE);
	}

	@Override
	public Optional<Peer> join(String room) {
		Actor actor = new Actor(PeerId.of(String.format("0x%040x", numbers.incrementAndGet())), room);
		actors.add(actor);
		everywhere(room, context -> context.join(actor.id));
		return Optional.of(actor);
	}

	@Override
	public String kick(PeerId who) {
		acts.stream().filter(act -> act.self.equals(who)).forEach(act -> act.todo.add(context -> context.fault(SimulatorFault.kick(WORDS))));
		return WORDS;
	}

	@Override
	public void refuse() {
		refusing = true;
	}

	@Override
	public void silence() {
		everywhere(null, context -> context.fault(SimulatorFault.silence()));
	}

	@Override
	public void garbage() {
		everywhere(null, context -> context.fault(SimulatorFault.garbage(2)));
	}

	@Override
	public void end() {
		everywhere(null, context -> context.fault(SimulatorFault.close(WORDS)));
	}
}
