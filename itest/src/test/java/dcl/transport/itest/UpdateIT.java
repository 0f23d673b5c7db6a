package dcl.transport.itest;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;

import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportListener;
import dcl.transport.TransportRegistry;
import dcl.transport.TransportUri;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;
import org.osgi.framework.Bundle;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.wiring.FrameworkWiring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/** What happens to open rooms when the bundle of a provider is stopped, updated or taken away, and that nothing happens to others. */
public class UpdateIT extends FrameworkTest {

	private static final int FLOW_AT_LEAST = 10;

	private Bundle echo;
	private Transport room;
	private Transport neighbour;
	private Flow flow;

	@Before
	public void openTwoRooms() throws Exception {
		echo = start("echo", "1.0.0");
		start("other", "1.0.0");
		room = connect("echo:room");
		neighbour = connect("other:room");
		flow = Flow.through(neighbour);
	}

	@After
	public void endFlow() {
		if (flow != null) {
			flow.close();
		}
	}

	@Test
	public void stopping_the_bundle_ends_its_rooms_and_no_others() throws Exception {
		echo.stop();

		theRoomEndedWhileItsProviderWasAlive();
		assertThat(catchThrowableOfType(TransportException.class, () -> create("echo:room")).code()).isEqualTo(Code.NO_PROVIDER);
		theNeighbourNoticedNothing();
	}

	@Test
	public void starting_it_again_serves_new_rooms() throws Exception {
		echo.stop();
		echo.start();

		theRoomEndedWhileItsProviderWasAlive();
		assertThat(served("echo:room")).isEqualTo("echo-1.0.0");
		theNeighbourNoticedNothing();
	}

	@Test
	public void an_update_ends_its_rooms_and_the_next_one_is_the_new_bundles() throws Exception {
		echo.update(fixture("echo", "2.0.0"));

		theRoomEndedWhileItsProviderWasAlive();
		assertThat(served("echo:room")).isEqualTo("echo-2.0.0");
		theNeighbourNoticedNothing();
	}

	@Test
	public void uninstalling_the_bundle_ends_its_rooms() throws Exception {
		echo.uninstall();

		theRoomEndedWhileItsProviderWasAlive();
		assertThat(catchThrowableOfType(TransportException.class, () -> create("echo:room")).code()).isEqualTo(Code.NO_PROVIDER);
		theNeighbourNoticedNothing();
	}

	@Test
	public void refreshing_the_bundle_ends_its_rooms() throws Exception {
		CompletableFuture<FrameworkEvent> refreshed = new CompletableFuture<>();
		bundles.getBundle(0).adapt(FrameworkWiring.class).refreshBundles(List.of(echo), refreshed::complete);
		assertThat(Await.result(refreshed).getType()).isEqualTo(FrameworkEvent.PACKAGES_REFRESHED);

		theRoomEndedWhileItsProviderWasAlive();
		assertThat(served("echo:room")).isEqualTo("echo-1.0.0");
		theNeighbourNoticedNothing();
	}

	@Test
	public void losing_a_reference_of_the_component_ends_its_rooms() throws Exception {
		flow.end();

		closeJournal();

		theRoomEndedWhileItsProviderWasAlive();
		assertThat(Await.result(neighbour.closed()).reason()).isEqualTo(Reason.PROVIDER_GONE);
	}

	@Test
	public void many_updates_lose_the_neighbour_no_packet() throws Exception {
		for (int i = 2; i <= 20; i++) {
			Transport open = connect("echo:room");
			echo.update(fixture("echo", i + ".0.0"));
			assertThat(Await.result(open.closed()).reason()).isEqualTo(Reason.PROVIDER_GONE);
			assertThat(served("echo:room")).isEqualTo("echo-" + i + ".0.0");
		}
		assertThat(journal).noneMatch(line -> line.contains("too late"));
		theNeighbourNoticedNothing();
	}

	@Test
	public void rankings_that_flip_move_new_rooms_and_no_open_one() throws Exception {
		List<Transport> open = new ArrayList<>(List.of(room));
		List<String> serving = new ArrayList<>(List.of("echo-1.0.0"));
		Bundle ranked = start("ranked", "1.0.0");
		for (int i = 0; i < 50; i++) {
			Transport next = connect("echo:room");
			assertThat(serving(next)).isEqualTo(i % 2 == 0 ? "ranked-1.0.0" : "echo-1.0.0");
			if (i % 2 == 0) {
				next.close();
				ranked.stop(); // ends what is its own
			} else {
				open.add(next);
				serving.add("echo-1.0.0");
				ranked.start();
			}
		}

		assertThat(open).allMatch(each -> each.state() == Transport.State.CONNECTED);
		assertThat(open).extracting(FrameworkTest::serving).isEqualTo(serving);
		theNeighbourNoticedNothing();
	}

	@Test
	public void a_host_hears_of_the_end_once_and_comes_back_to_the_new_bundle() throws Exception {
		List<Disconnection> heard = new CopyOnWriteArrayList<>();
		CompletableFuture<Transport> next = new CompletableFuture<>();
		TransportRegistry registry = registry();
		room.listen(new TransportListener() {
			@Override
			public void disconnected(Disconnection why) {
				heard.add(why);
				assertThat(why.reason().isRetryable()).isTrue();
				registry.whenAvailable(room.uri(), Duration.ofSeconds(Await.LIMIT_SECONDS)).thenRun(() -> {
					try {
						Transport transport = registry.create(room.uri());
						transport.connect().thenRun(() -> next.complete(transport));
					} catch (TransportException e) {
						next.completeExceptionally(e);
					}
				});
			}
		});

		echo.update(fixture("echo", "2.0.0"));

		assertThat(serving(Await.result(next))).isEqualTo("echo-2.0.0");
		assertThat(heard).hasSize(1);
		assertThat(heard.get(0).reason()).isEqualTo(Reason.PROVIDER_GONE);
		assertThat(heard.get(0).detail()).contains("dcl.transport.itest.echo 1.0.0");
	}

	@Test
	public void who_is_still_connecting_fails() throws Exception {
		Bundle faulty = start("faulty", "1.0.0");
		Transport connecting = create("faulty:never");
		CompletionStage<Void> connected = connecting.connect();
		Await.until("it is being opened", () -> journal.contains("faulty opens never"));

		faulty.stop();

		assertThat(Await.failure(connected).code()).isEqualTo(Code.PROVIDER_GONE);
		assertThat(Await.result(connecting.closed()).reason()).isEqualTo(Reason.PROVIDER_GONE);
		theNeighbourNoticedNothing();
	}

	@Test
	public void a_link_that_does_not_close_does_not_hold_up_the_stop() throws Exception {
		Bundle faulty = start("faulty", "1.0.0");
		Transport open = connect("faulty:never-closes");

		long begin = System.nanoTime();
		faulty.stop();
		Duration took = Duration.ofNanos(System.nanoTime() - begin);

		assertThat(took).isBetween(Duration.ofMillis(900), Duration.ofSeconds(5)); // unbindGraceMillis, 1000
		assertThat(Await.result(open.closed()).reason()).isEqualTo(Reason.PROVIDER_GONE);
		assertThat(journal).containsSubsequence("faulty-1.0.0 closed a link", "faulty-1.0.0 deactivated");
		theNeighbourNoticedNothing();
	}

	@Test
	public void a_registry_that_is_asked_during_the_stop_does_not_choose_the_leaving_provider() throws Exception {
		CompletableFuture<Code> code = new CompletableFuture<>();
		TransportRegistry registry = registry();
		room.closed().thenRun(() -> {
			try {
				registry.create(TransportUri.parse("echo:room"));
				code.completeExceptionally(new AssertionError("a leaving provider was chosen"));
			} catch (TransportException refusal) {
				code.complete(refusal.code());
			}
		});

		echo.stop();

		assertThat(Await.result(code)).isEqualTo(Code.NO_PROVIDER);
	}

	private void theRoomEndedWhileItsProviderWasAlive() throws Exception {
		assertThat(journal).containsSubsequence("echo-1.0.0 activated", "echo-1.0.0 closed a link", "echo-1.0.0 deactivated");
		assertThat(journal).doesNotContain("echo-1.0.0 closed a link too late");
		assertThat(Await.result(room.closed()).reason()).isEqualTo(Reason.PROVIDER_GONE);
		assertThat(room.state()).isEqualTo(Transport.State.CLOSED);
	}

	private void theNeighbourNoticedNothing() throws InterruptedException {
		flow.awaitMore();
		assertThat(flow.end()).isGreaterThan(FLOW_AT_LEAST);
		assertThat(neighbour.state()).isEqualTo(Transport.State.CONNECTED);
		assertThat(neighbour.stats().sendFailed() + neighbour.stats().sendDropped() + neighbour.stats().receiveDropped()).isZero();
	}
}
