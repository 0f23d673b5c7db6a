package dcl.transport.itest;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;

import dcl.transport.Delivery;
import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Packet;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportListener;
import dcl.transport.TransportRegistry;
import org.junit.After;
import org.junit.Test;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.FrameworkListener;
import org.osgi.framework.ServiceEvent;
import org.osgi.framework.ServiceListener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/** The registry's own bundle: stopped, started, updated and configured while rooms are open. */
public class RegistryIT extends FrameworkTest {

	private static final String NAME = "dcl.transport.registry";
	private static final int DEFAULT_BYTES = 64_000;

	@After
	public void startTheRegistry() throws Exception {
		bundleNamed(NAME).start();
		registry();
	}

	@Test
	public void stopping_it_ends_every_room_and_takes_the_service_away() throws Exception {
		start("echo", "1.0.0");
		start("other", "1.0.0");
		Transport room = connect("echo:room");
		Transport another = connect("other:room");
		TransportRegistry stale = registry();
		List<Disconnection> heard = new CopyOnWriteArrayList<>();
		CompletableFuture<Void> told = new CompletableFuture<>();
		room.listen(new TransportListener() {
			@Override
			public void disconnected(Disconnection why) {
				heard.add(why);
				told.complete(null);
			}
		});

		bundleNamed(NAME).stop();

		assertThat(Await.result(room.closed()).reason()).isEqualTo(Reason.PROVIDER_GONE);
		assertThat(Await.result(another.closed()).reason()).isEqualTo(Reason.PROVIDER_GONE);
		Await.result(told);
		assertThat(heard).hasSize(1);
		assertThat(journal).contains("echo-1.0.0 closed a link", "other-1.0.0 closed a link");
		assertThat(bundles.getServiceReference(TransportRegistry.class)).isNull();
		assertThat(catchThrowableOfType(TransportException.class, () -> stale.create(room.uri())).code()).isEqualTo(Code.NO_PROVIDER);
	}

	@Test
	public void it_comes_back_with_the_types_of_the_providers_that_were_there_before_it() throws Exception {
		start("echo", "1.0.0");
		bundleNamed(NAME).stop();
		start("other", "1.0.0");

		bundleNamed(NAME).start();

		registry();
		Await.until("all are back", () -> shownTypes().containsAll(List.of("echo", "offline", "other", "ws-room")));
		assertThat(served("echo:room")).isEqualTo("echo-1.0.0");
		assertThat(served("other:room")).isEqualTo("other-1.0.0");
	}

	@Test
	public void it_shows_the_types_of_providers_that_come_after_it() throws Exception {
		bundleNamed(NAME).stop();
		bundleNamed(NAME).start();
		registry();
		start("echo", "1.0.0");

		Await.until("it is shown", () -> shownTypes().contains("echo"));
		assertThat(served("echo:room")).isEqualTo("echo-1.0.0");
	}

	@Test
	public void it_shows_the_types_of_a_provider_that_starts_in_reaction_to_it() throws Exception {
		Bundle echo = install("echo", "1.0.0");
		bundleNamed(NAME).stop();
		ServiceListener reaction = event -> {
			if (event.getType() == ServiceEvent.REGISTERED) {
				try {
					echo.start();
				} catch (BundleException e) {
					throw new IllegalStateException(e);
				}
			}
		};
		bundles.addServiceListener(reaction, "(objectClass=" + TransportRegistry.class.getName() + ")");
		try {
			bundleNamed(NAME).start();
		} finally {
			bundles.removeServiceListener(reaction);
		}

		assertThat(echo.getState()).isEqualTo(Bundle.ACTIVE);
		assertThat(shownTypes()).contains("echo");
		assertThat(registry().types()).contains("echo");
	}

	@Test
	public void a_declared_host_survives_its_restart() throws Exception {
		start("echo", "1.0.0");
		start("host", "1.0.0");
		Await.until("the host is there", () -> journal.contains("host activated"));

		bundleNamed(NAME).stop();
		assertThat(journal).contains("host deactivated");
		bundleNamed(NAME).start();

		Await.until("the host is there again", () -> journal.stream().filter("host activated"::equals).count() == 2);
	}

	@Test
	public void an_update_of_it_leaves_no_class_loader_and_no_thread() throws Exception {
		start("echo", "1.0.0");
		Bundle registry = bundleNamed(NAME);
		Leftovers leftovers = new Leftovers();
		for (int i = 0; i < 3; i++) {
			leftovers.watch(registry);
			connect("echo:room");
			registry.update();
			assertThat(served("echo:room")).isEqualTo("echo-1.0.0");
			closeTrackers(); // what this host was given was the old bundle's own
		}

		leftovers.awaitThreadsGone();
		leftovers.awaitLoadersCollected();
	}

	@Test
	public void stopping_it_reports_no_error_although_providers_are_unbound_after_it_is_deactivated() throws Exception {
		start("echo", "1.0.0");
		connect("echo:room");
		List<FrameworkEvent> errors = new CopyOnWriteArrayList<>();
		FrameworkListener listener = event -> {
			if (event.getType() == FrameworkEvent.ERROR) {
				errors.add(event);
			}
		};
		bundles.addFrameworkListener(listener);
		PrintStream out = System.out;
		PrintStream err = System.err;
		ByteArrayOutputStream printed = new ByteArrayOutputStream();
		try (PrintStream both = new PrintStream(printed, true, StandardCharsets.UTF_8)) {
			System.setOut(both); // SCR reports what a component throws there, where there is no log service
			System.setErr(both);

			bundleNamed(NAME).stop();
			bundleNamed(NAME).start();
		} finally {
			System.setOut(out);
			System.setErr(err);
			bundles.removeFrameworkListener(listener);
		}

		assertThat(errors).isEmpty();
		assertThat(printed.toString(StandardCharsets.UTF_8)).doesNotContain("ERROR").doesNotContain("Exception").doesNotContain("\tat ");
	}

	@Test
	public void a_setting_takes_effect_without_ending_a_room() throws Exception {
		start("echo", "1.0.0");
		Transport room = connect("echo:room");
		assertThat(send(room, 5_000)).isNull();

		configure(NAME, Map.of("maxPacketBytes", 4_999));

		Await.until("the setting holds", () -> send(room, 5_000) == Code.TOO_LARGE);
		assertThat(send(room, 4_999)).isNull();
		assertThat(room.state()).isEqualTo(Transport.State.CONNECTED);

		unconfigure(NAME);

		Await.until("the default holds again", () -> send(room, DEFAULT_BYTES) == null);
		assertThat(send(room, DEFAULT_BYTES + 1)).isEqualTo(Code.TOO_LARGE);
		assertThat(room.state()).isEqualTo(Transport.State.CONNECTED);
		assertThat(serving(room)).isEqualTo("echo-1.0.0");
	}

	@Test
	public void for_a_value_out_of_its_range_the_default_is_used_and_no_room_ends() throws Exception {
		start("echo", "1.0.0");
		Transport room = connect("echo:room");
		configure(NAME, Map.of("maxPacketBytes", 4_999));
		Await.until("the setting holds", () -> send(room, 5_000) == Code.TOO_LARGE);

		configure(NAME, Map.of("maxPacketBytes", 0));

		Await.until("the default holds", () -> send(room, DEFAULT_BYTES) == null);
		assertThat(send(room, DEFAULT_BYTES + 1)).isEqualTo(Code.TOO_LARGE);
		assertThat(room.state()).isEqualTo(Transport.State.CONNECTED);
		assertThat(served("echo:next")).isEqualTo("echo-1.0.0");
	}

	/** Returns how sending fails, null if it does not. */
	private static Code send(Transport transport, int bytes) {
		CompletableFuture<Code> code = new CompletableFuture<>();
		transport.send(Packet.wrap(ByteBuffer.allocate(bytes)), Delivery.reliable())
				.whenComplete((sent, failure) -> code.complete(failure == null ? null : ((TransportException) failure).code()));
		try {
			return Await.result(code);
		} catch (Exception e) {
			throw new AssertionError(e);
		}
	}
}
