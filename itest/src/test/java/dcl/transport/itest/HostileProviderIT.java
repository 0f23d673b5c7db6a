package dcl.transport.itest;

import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import dcl.transport.Delivery;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportUri;
import dcl.transport.spi.Link;
import dcl.transport.spi.LinkContext;
import dcl.transport.spi.TransportProvider;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;
import org.osgi.framework.Bundle;
import org.osgi.framework.ServiceRegistration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/** A provider that does wrong whatever a provider can do wrong hurts only its own rooms; a room next door loses no packet meanwhile. */
public class HostileProviderIT extends FrameworkTest {

	private static final String WHO = "dcl.transport.itest.hostile 1.0.0";
	/** How long a room may stay as it is before that is taken for its last state. */
	private static final long SETTLED_MILLIS = 300;

	/** What becomes of a room that is connected, sent one packet and closed, for each thing done wrong; an expression where that depends on who is quicker. */
	private static final Map<String, String> CASES = new LinkedHashMap<>();

	static {
		CASES.put("accepts-throws", "create INVALID_PARAMS");
		CASES.put("accepts-throws-error", "create INVALID_PARAMS");
		CASES.put("accepts-hangs", "create TIMEOUT");
		CASES.put("accepts-calls-back", "connected, sent, CLIENT");
		CASES.put("open-throws", "connect INTERNAL");
		CASES.put("open-throws-error", "connect INTERNAL");
		CASES.put("open-null", "connect INTERNAL");
		CASES.put("open-of-null", "connect INTERNAL");
		CASES.put("open-fails", "connect INTERNAL");
		CASES.put("open-fails-typed", "connect BUSY");
		CASES.put("open-never", "connect TIMEOUT");
		CASES.put("open-hangs", "connect TIMEOUT");
		CASES.put("open-stage-throws", "connect INTERNAL");
		CASES.put("open-twice", "connected, sent, CLIENT");
		CASES.put("open-leads-to-itself", "connect PROTOCOL");
		CASES.put("open-leaks-a-thread", "connected, sent, CLIENT");
		CASES.put("open-calls-back", "connected, sent, CLIENT");
		CASES.put("peers-throws", "connect INTERNAL");
		CASES.put("peers-null", "connect INTERNAL");
		CASES.put("peers-of-null", "connect INTERNAL");
		CASES.put("peers-hangs", "connect TIMEOUT");
		CASES.put("peers-endless", "connect PROTOCOL");
		CASES.put("size-throws", "connect INTERNAL");
		CASES.put("size-negative", "connected, send TOO_LARGE, CLIENT");
		CASES.put("confirms-throws", "connect INTERNAL");
		CASES.put("confirms-what-nobody-sent", "connected, sent, CLIENT");
		CASES.put("send-throws", "connected, send INTERNAL, CLIENT");
		CASES.put("send-throws-error", "connected, send INTERNAL, CLIENT");
		CASES.put("send-null", "connected, send INTERNAL, CLIENT");
		CASES.put("send-fails", "connected, send INTERNAL, CLIENT");
		CASES.put("send-hangs", "connected, send UNKNOWN, LOST");
		CASES.put("send-never", "connected, send open, CLIENT");
		CASES.put("send-stage-throws", "connected, send INTERNAL, CLIENT");
		CASES.put("send-twice", "connected, sent, CLIENT");
		CASES.put("send-floods-back", "connected, (sent|send UNKNOWN), OVERRUN");
		CASES.put("send-floods-complaints", "connected, sent, CLIENT");
		CASES.put("send-closes", "connected, sent, SERVER");
		CASES.put("send-changes-the-roster", "connected, sent, CLIENT");
		CASES.put("close-throws", "connected, sent, CLIENT");
		CASES.put("close-throws-error", "connected, sent, CLIENT");
		CASES.put("close-null", "connected, sent, CLIENT");
		CASES.put("close-fails", "connected, sent, CLIENT");
		CASES.put("close-hangs", "connected, sent, CLIENT");
		CASES.put("close-never", "connected, sent, CLIENT");
		CASES.put("close-stage-throws", "connected, sent, CLIENT");
		CASES.put("close-reports", "connected, sent, CLIENT");
		CASES.put("context-closed-early", "connected, (sent|send UNKNOWN|send NOT_CONNECTED), KICKED");
		CASES.put("context-floods-peers", "connect PROTOCOL");
		CASES.put("context-floods-steps", "connected, sent, CLIENT");
		CASES.put("context-floods-tasks", "connect INTERNAL");
		CASES.put("context-task-throws", "connected, sent, CLIENT");
		CASES.put("context-task-hangs", "connected, sent, CLIENT");
		CASES.put("context-shuts-the-pool-down", "connect INTERNAL");
		CASES.put("context-is-given-null", "connect INTERNAL");
	}

	private Bundle hostile;
	private Transport neighbour;
	private Flow flow;

	@Override
	int limitSeconds() {
		return 150;
	}

	@Before
	public void openARoomElsewhere() throws Exception {
		configure("dcl.transport.registry", Map.of("stuckMillis", 500L, "connectTimeoutMillis", 2_000L));
		hostile = start("hostile", "1.0.0");
		start("other", "1.0.0");
		neighbour = connect("other:room");
		flow = Flow.through(neighbour);
	}

	@After
	public void endFlow() {
		if (flow != null) {
			flow.close();
		}
	}

	/** A list that can be asked for its size alone. */
	private static final class Endless extends AbstractList<String> {

		@Override
		public String get(int index) {
			throw new AssertionError("the registry read a collection that may do anything");
		}

		@Override
		public int size() {
			return 1;
		}
	}

	@Test
	public void types_in_a_collection_of_its_own_are_not_read() throws Exception {
		TransportProvider provider = service(TransportProvider.class);
		for (Object types : List.of(new Endless(), Collections.unmodifiableList(new Endless()))) {
			ServiceRegistration<TransportProvider> registration = bundles.registerService(TransportProvider.class, provider,
					new Hashtable<>(Map.of(TransportProvider.TYPE, types)));
			try {
				connect("other:room").close();
			} finally {
				registration.unregister();
			}
		}
		ServiceRegistration<TransportProvider> registration = bundles.registerService(TransportProvider.class, provider,
				new Hashtable<>(Map.of(TransportProvider.TYPE, new ArrayList<>(List.of("listed")))));
		try {
			Await.until("a list of the platform is read", () -> shownTypes().contains("listed"));
		} finally {
			registration.unregister();
		}
	}

	@Test
	public void whatever_it_does_wrong_hurts_its_own_room_only() throws Exception {
		Map<String, String> outcomes = new LinkedHashMap<>();
		for (String how : CASES.keySet()) {
			outcomes.put(how, outcome(how));
			flow.awaitMore();
		}

		outcomes.forEach((how, outcome) -> assertThat(outcome).as(how).matches(CASES.get(how)));
		theNeighbourNoticedNothing();
	}

	@Test
	public void all_of_it_at_once_hurts_its_own_rooms_only_and_they_are_let_go_of_with_the_bundle() throws Exception {
		configure("dcl.transport.registry", Map.of("stuckMillis", 20L)); // ten calls hang at once, and a pool has two threads
		Leftovers leftovers = new Leftovers();
		leftovers.watch(hostile);
		List<Transport> rooms = new ArrayList<>();
		for (String how : CASES.keySet()) {
			if (!how.startsWith("accepts") && !how.contains("flood")) {
				Transport room = create("hostile:" + how);
				room.connect();
				rooms.add(room);
			}
		}
		flow.awaitMore();
		assertThat(served("other:next")).isEqualTo("other-1.0.0");

		hostile.uninstall();

		for (Transport room : rooms) {
			Await.result(room.closed());
		}
		theNeighbourNoticedNothing();
		hostile = null;
		leftovers.awaitLoadersCollected();
		leftovers.awaitThreadsGone();
	}

	/** Uses a room, and says what came of it. */
	private String outcome(String how) throws Exception {
		Transport room;
		try {
			// asked again, one that hangs would keep a thread each time
			room = how.equals("accepts-hangs") ? registry().create(TransportUri.parse("hostile:" + how)) : create("hostile:" + how);
		} catch (TransportException e) {
			return "create " + named(e, how);
		}
		try {
			room.connect().toCompletableFuture().get(Await.LIMIT_SECONDS, TimeUnit.SECONDS);
		} catch (ExecutionException e) {
			Await.result(room.closed());
			return "connect " + named((TransportException) e.getCause(), how);
		}
		CompletionStage<Void> sent = room.send(Packet.copyOf(new byte[] {1}), Delivery.reliable());
		String sending = sending(how, room, sent);
		try {
			room.closed().toCompletableFuture().get(SETTLED_MILLIS, TimeUnit.MILLISECONDS);
		} catch (TimeoutException stays) {
			room.close();
		}
		return "connected, " + sending + ", " + Await.result(room.closed()).reason();
	}

	private String sending(String how, Transport room, CompletionStage<Void> sent) throws Exception {
		try {
			CompletableFuture.anyOf(sent.toCompletableFuture(), room.closed().toCompletableFuture()).get(how.equals("send-never") ? SETTLED_MILLIS : 10_000,
					TimeUnit.MILLISECONDS);
			sent.toCompletableFuture().get(Await.LIMIT_SECONDS, TimeUnit.SECONDS);
			return "sent";
		} catch (TimeoutException e) {
			return "send open";
		} catch (ExecutionException e) {
			return "send " + named((TransportException) e.getCause(), how);
		}
	}

	/** Returns the code of a failure. A defect is put down to the bundle, and nothing keeps its classes. */
	private static Code named(TransportException failure, String how) {
		if (failure.code() == Code.INTERNAL || how.startsWith("accepts")) {
			assertThat(failure).as(how).hasMessageContaining(WHO);
		}
		assertThat(failure.getMessage()).as(how).doesNotContain("\u001b");
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			assertThat(cause.getClass().getName()).as(how).doesNotContain("Hostile");
		}
		return failure.code();
	}

	@Test
	public void a_service_with_properties_of_other_types_serves_nothing_or_what_can_be_read_and_hurts_nobody() throws Exception {
		Set<String> before = registry().types();
		TransportProvider provider = new Plain();
		for (Object nonsense : new Object[] {7, new int[] {1}, Map.of("a", "b"), List.of(), List.of(1, 2), new Object(), new String[0], new String[] {null}, 'x'}) {
			ServiceRegistration<?> service = bundles.registerService(TransportProvider.class, provider, properties(nonsense));
			assertThat(registry().types()).as(nonsense.toString()).isEqualTo(before);
			flow.awaitMore();
			service.unregister();
		}
		ServiceRegistration<?> none = bundles.registerService(TransportProvider.class, provider, null);
		assertThat(registry().types()).isEqualTo(before);
		none.unregister();
		ServiceRegistration<?> mixed = bundles.registerService(TransportProvider.class, provider, properties(List.of("mixed", 1, "UPPER CASE")));
		assertThat(registry().types()).contains("mixed");
		Await.result(create("mixed:x").connect());
		mixed.unregister();
		assertThat(registry().types()).isEqualTo(before);
		theNeighbourNoticedNothing();
	}

	@Test
	public void properties_that_change_while_a_room_is_open_count_for_the_next_one() throws Exception {
		ServiceRegistration<?> service = bundles.registerService(TransportProvider.class, new Plain(), properties("first"));
		Transport open = connect("first:x");

		service.setProperties(properties("second"));
		assertThat(catchThrowableOfType(TransportException.class, () -> create("first:x")).code()).isEqualTo(Code.NO_PROVIDER);
		Await.result(create("second:x").connect());
		service.setProperties(properties(7));
		assertThat(catchThrowableOfType(TransportException.class, () -> create("second:x")).code()).isEqualTo(Code.NO_PROVIDER);

		assertThat(open.state()).isEqualTo(Transport.State.CONNECTED);
		Await.result(open.send(Packet.copyOf(new byte[] {1}), Delivery.reliable()));
		service.unregister();
		Await.result(open.closed());
		theNeighbourNoticedNothing();
	}

	private static Dictionary<String, Object> properties(Object type) {
		return new Hashtable<>(Map.of(TransportProvider.TYPE, type));
	}

	/** A provider as a bundle registers it without declarative services. */
	private static final class Plain implements TransportProvider {

		@Override
		public CompletionStage<Link> open(TransportUri uri, LinkContext context) {
			return CompletableFuture.completedFuture(new Link() {

				@Override
				public Set<PeerId> peers() {
					return Set.of();
				}

				@Override
				public CompletionStage<Void> send(Packet packet, Delivery delivery) {
					return CompletableFuture.completedFuture(null);
				}

				@Override
				public CompletionStage<Void> close() {
					return CompletableFuture.completedFuture(null);
				}
			});
		}
	}

	private void theNeighbourNoticedNothing() throws InterruptedException {
		flow.awaitMore();
		flow.end();
		assertThat(neighbour.state()).isEqualTo(Transport.State.CONNECTED);
		assertThat(neighbour.stats().sendFailed() + neighbour.stats().sendDropped() + neighbour.stats().receiveDropped()).isZero();
		assertThat(registry().open()).contains(neighbour);
	}
}
