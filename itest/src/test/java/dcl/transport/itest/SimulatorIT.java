package dcl.transport.itest;

import java.lang.ref.Reference;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;

import dcl.transport.Delivery;
import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Message;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportListener;
import dcl.transport.TransportUri;
import dcl.transport.rfc4.Kind;
import dcl.transport.rfc4.Rfc4;
import dcl.transport.simulator.SimulatedClock;
import dcl.transport.simulator.SimulatorBehaviour;
import dcl.transport.spi.Link;
import dcl.transport.spi.LinkContext;
import dcl.transport.spi.TransportProvider;
import org.junit.After;
import org.junit.Test;
import org.osgi.framework.Bundle;
import org.osgi.framework.ServiceRegistration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/** The simulator among the other bundles: made-up rooms, behaviours of other bundles, updates of both. */
public class SimulatorIT extends FrameworkTest {

	private static final int UPDATES = 20;

	private final List<ServiceRegistration<?>> registered = new ArrayList<>();
	private final List<Message> heard = new CopyOnWriteArrayList<>();

	@After
	public void unregister() {
		registered.forEach(ServiceRegistration::unregister);
	}

	private <T> void register(Class<T> type, T service, Map<String, String> properties) {
		registered.add(bundles.registerService(type, service, new Hashtable<>(properties)));
	}

	private Bundle band() throws Exception {
		return bundles.installBundle("reference:" + Path.of(System.getProperty("example.jar")).toUri());
	}

	private Transport enter(String uri) throws Exception {
		Transport room = create(uri);
		room.listen(new TransportListener() {
			@Override
			public void received(Message message) {
				heard.add(message);
			}
		});
		Await.result(room.connect());
		return room;
	}

	private long count(Kind kind) {
		return heard.stream().filter(message -> Rfc4.kind(message.packet()) == kind).count();
	}

	@Test
	public void a_made_up_room_is_a_room() throws Exception {
		try (Transport room = enter("simulator:?peers=5&scenario=chat&every=50ms&rate=20")) {
			assertThat(room.peers()).hasSize(5);
			Await.until("they move and talk", () -> count(Kind.MOVEMENT) > 10 && count(Kind.CHAT) > 2);
			Await.result(room.send(Rfc4.encode(Rfc4.chat("is anybody here?")), Delivery.reliable()));
			Await.until("somebody echoes", () -> heard.stream().filter(message -> Rfc4.kind(message.packet()) == Kind.CHAT)
					.anyMatch(message -> Rfc4.decode(message.packet()).getChat().getMessage().equals("is anybody here?")));
			assertThat(room.stats().receiveDropped()).isZero();
		}
	}

	@Test
	public void a_test_drives_the_clock() throws Exception {
		SimulatedClock clock = new SimulatedClock();
		register(SimulatedClock.class, clock, Map.of(SimulatorBehaviour.NAME, "it"));
		Transport room = enter("simulator:?peers=3&seed=1&clock=it&kick=10s,enough");

		Await.result(clock.advance(Duration.ofMillis(600)));
		Await.until("ten steps of three", () -> count(Kind.POSITION) == 30);
		Await.result(clock.advance(Duration.ofSeconds(10)));

		assertThat(Await.result(room.closed())).isEqualTo(new Disconnection(Reason.KICKED, "enough"));
		Await.until("all steps of ten seconds", () -> count(Kind.POSITION) == 3 * 166);
	}

	@Test
	public void what_cannot_be_used_is_refused_in_words() throws Exception {
		TransportException failure = Await.failure(create("simulator:?peers=2&rate=fast").connect());
		assertThat(failure.code()).isEqualTo(Code.INVALID_PARAMS);
		assertThat(failure).hasMessage("parameter 2, 'rate': a number from 0.01 to 1000 expected");
		assertThat(Await.failure(create("simulator:?refuse=not+today").connect()).code()).isEqualTo(Code.REFUSED);
		assertThat(Await.failure(create("simulator:marching").connect()).code()).isEqualTo(Code.NO_PROVIDER);
	}

	@Test
	public void the_example_of_a_behaviour_plays_until_it_is_stopped_or_updated() throws Exception {
		Bundle band = band();
		try {
			band.start();
			Transport room = enter("simulator:marching?peers=8&rate=50&metres=2");
			Transport other = connect("simulator:?peers=2");
			assertThat(room.peers()).hasSize(8);
			Await.until("they march", () -> count(Kind.MOVEMENT) > 20);
			Await.result(room.send(Rfc4.encode(Rfc4.chat("hello")), Delivery.reliable()));
			Await.until("they answer", () -> count(Kind.CHAT) == 1);
			Await.result(room.send(Rfc4.encode(Rfc4.chat("stop")), Delivery.reliable()));
			assertThat(Await.result(room.closed())).isEqualTo(new Disconnection(Reason.SERVER, "the band went home"));
			assertThat(Await.failure(create("simulator:marching?metres=far").connect()))
					.matches(failure -> failure.code() == Code.INVALID_PARAMS).hasMessage("metres: a number expected");

			Transport again = enter("simulator:marching?peers=1");
			band.update();
			assertThat(Await.result(again.closed()).reason()).isEqualTo(Reason.PROVIDER_GONE);
			assertThat(connect("simulator:marching?peers=4").peers()).hasSize(4);
			band.stop();
			assertThat(Await.failure(create("simulator:marching").connect()).code()).isEqualTo(Code.NO_PROVIDER);
			assertThat(other.state()).isEqualTo(Transport.State.CONNECTED);
		} finally {
			band.uninstall();
		}
	}

	@Test
	public void twenty_updates_leave_no_class_loader_and_no_thread_and_behaviours_need_no_refresh() throws Exception {
		Bundle simulator = bundleNamed("dcl.transport.simulator");
		Bundle band = band();
		List<Object> kept = new ArrayList<>();
		try {
			band.start();
			update(simulator, kept, "simulator:?peers=3&pace=10");
			Leftovers leftovers = new Leftovers();
			for (int i = 0; i < UPDATES; i++) {
				leftovers.watch(simulator);
				update(simulator, kept, "simulator:?peers=3&pace=10", "simulator:marching?peers=3&rate=50");
			}
			leftovers.awaitThreadsGone();
			assertThat(leftovers.watched()).isEqualTo(UPDATES);
			leftovers.awaitLoadersCollected();
		} finally {
			band.uninstall();
		}
		Reference.reachabilityFence(kept);
	}

	@Test
	public void updates_of_a_behaviour_leave_no_class_loader() throws Exception {
		Bundle band = band();
		List<Object> kept = new ArrayList<>();
		try {
			band.start();
			Leftovers leftovers = new Leftovers();
			for (int i = 0; i < UPDATES / 4; i++) {
				leftovers.watch(band);
				update(band, kept, "simulator:marching?peers=3&rate=50");
			}
			leftovers.awaitThreadsGone();
			leftovers.awaitLoadersCollected();
		} finally {
			band.uninstall();
		}
		Reference.reachabilityFence(kept);
	}

	/** Enters rooms, hears something in each, ends them by an update, and keeps everything a host gets hold of. */
	private void update(Bundle bundle, List<Object> kept, String... uris) throws Exception {
		List<Transport> rooms = new ArrayList<>();
		for (String uri : uris) {
			heard.clear();
			rooms.add(enter(uri));
			Await.until("something comes", () -> heard.size() > 3);
			kept.add(heard.get(0));
		}
		bundle.update();
		for (Transport room : rooms) {
			assertThat(Await.result(room.closed()).reason()).isEqualTo(Reason.PROVIDER_GONE);
			kept.add(room);
			kept.add(room.closed());
			kept.add(room.stats());
		}
	}

	@Test
	public void taken_away_and_installed_again_it_makes_rooms_again() throws Exception {
		Bundle simulator = bundleNamed("dcl.transport.simulator");
		Transport room = enter("simulator:?peers=2");
		String location = simulator.getLocation();
		try {
			simulator.uninstall();
			assertThat(Await.result(room.closed()).reason()).isEqualTo(Reason.PROVIDER_GONE);
			assertThat(catchThrowableOfType(TransportException.class, () -> create("simulator:")).code()).isEqualTo(Code.NO_PROVIDER);
		} finally {
			bundles.installBundle(location).start();
		}
		assertThat(connect("simulator:?peers=2").peers()).hasSize(2);
	}

	@Test
	public void no_document_leads_to_a_simulator_and_so_to_a_file() throws Exception {
		register(TransportProvider.class, new Misleading(), Map.of(TransportProvider.TYPE, "misleading"));
		for (String target : List.of("simulator:file:/etc/passwd", "simulator:?scenario=file:/etc/passwd", "fixed-adapter:simulator:file:/etc/passwd")) {
			TransportException failure = Await.failure(create("misleading:" + target).connect());
			assertThat(failure.code()).as(target).isEqualTo(Code.PROTOCOL);
			assertThat(failure).hasMessageContaining("a redirect does not lead to a").hasMessageNotContaining("passwd");
		}
	}

	/** Opens what it is told to, as a login would that was answered so. */
	private static final class Misleading implements TransportProvider {

		@Override
		public CompletionStage<Link> open(TransportUri uri, LinkContext context) {
			return context.open(TransportUri.parse(uri.params()));
		}
	}
}
