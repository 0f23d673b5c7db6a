package dcl.transport.itest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

import dcl.transport.webrtc.PeerConnection;
import dcl.transport.webrtc.PeerConnectionEvents;
import dcl.transport.webrtc.WebRtc;
import dcl.transport.webrtc.WebRtcException;
import dcl.transport.webrtc.WebRtcUnavailableException;
import org.junit.Assume;
import org.junit.Test;
import org.osgi.framework.Bundle;
import org.osgi.framework.ServiceReference;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * libwebrtc in a framework: there or saying why not, and whoever uses it can be updated. Skipped where it cannot be loaded, unless {@code
 * -Dwebrtc.required=true}.
 */
public class WebRtcIT extends FrameworkTest {

	private static final int UPDATES = 20;
	private static final Path MAPS = Path.of("/proc/self/maps");

	/** The library is unpacked and linked on a machine that may be busy. */
	private static final long LOAD_SECONDS = 40;

	@Test
	public void the_service_is_there_and_loads_the_library_or_says_what_is_missing() throws Exception {
		assertThat(bundleNamed("dcl.transport.webrtc").getState()).isEqualTo(Bundle.ACTIVE);
		try {
			service(WebRtc.class).load().toCompletableFuture().get(LOAD_SECONDS, TimeUnit.SECONDS);
		} catch (ExecutionException e) {
			assertThat(e.getCause()).isInstanceOf(WebRtcUnavailableException.class);
			assertThat(e.getCause().getMessage()).isNotEmpty();
			assertThat(Boolean.getBoolean("webrtc.required")).as(e.getCause().getMessage()).isFalse();
		}
	}

	@Test
	public void twenty_updates_of_a_user_leave_no_class_loader_no_thread_and_one_copy_of_the_library() throws Exception {
		load();
		Bundle user = start("webrtc", "1.0.0");
		Await.until("offered", () -> journal.contains("webrtc offered"));
		user.update(fixture("webrtc", "1.0.1"));
		Await.until("offered", () -> offers() == 2);
		Leftovers leftovers = new Leftovers();
		for (int i = 0; i < UPDATES; i++) {
			leftovers.watch(user);
			long before = offers();
			user.update(fixture("webrtc", "1.1." + i));
			if (i % 2 == 0) { // else it is updated again while it is opening its connection
				Await.until("offered", () -> offers() > before);
			}
		}
		user.stop();

		leftovers.awaitThreadsGone();
		assertThat(leftovers.watched()).isEqualTo(UPDATES);
		leftovers.awaitLoadersCollected();
		if (Files.exists(MAPS)) {
			assertThat(copies()).hasSize(1);
		}
		assertThat(journal).noneMatch(line -> line.startsWith("webrtc failed"));
	}

	@Test
	public void a_changed_setting_ends_connections_and_counts_from_then_on() throws Exception {
		load();
		WebRtc before = service(WebRtc.class);
		PeerConnectionEvents events = (mid, index, candidate) -> {
		};
		PeerConnection open = Await.result(before.open(List.of(), false, events));
		closeTrackers();

		configure("dcl.transport.webrtc", Map.of("maxConnections", 1));
		try {
			Await.until("ended", () -> open.createOffer(false).toCompletableFuture().isCompletedExceptionally());
			WebRtc after = serviceOtherThan(before);
			PeerConnection one = Await.result(after.open(List.of(), false, events));
			assertThat(failureOf(() -> Await.result(after.open(List.of(), false, events)))).isInstanceOf(WebRtcException.class)
					.hasMessageContaining("maxConnections");
			assertThat(failureOf(() -> Await.result(before.open(List.of(), false, events)))).isInstanceOf(WebRtcException.class);
			one.close();
		} finally {
			unconfigure("dcl.transport.webrtc");
		}
	}

	private interface Asking {

		void ask() throws Exception;
	}

	private static Throwable failureOf(Asking asking) throws Exception {
		try {
			asking.ask();
		} catch (ExecutionException e) {
			return e.getCause();
		}
		throw new AssertionError("a failure was expected");
	}

	private WebRtc serviceOtherThan(WebRtc old) {
		WebRtc[] found = new WebRtc[1];
		Await.until("a new service", () -> {
			ServiceReference<WebRtc> reference = bundles.getServiceReference(WebRtc.class);
			found[0] = reference == null ? null : bundles.getService(reference);
			return found[0] != null && found[0] != old;
		});
		return found[0];
	}

	private long offers() {
		return journal.stream().filter("webrtc offered"::equals).count();
	}

	private void load() throws Exception {
		try {
			service(WebRtc.class).load().toCompletableFuture().get(LOAD_SECONDS, TimeUnit.SECONDS);
		} catch (ExecutionException e) {
			if (Boolean.getBoolean("webrtc.required")) {
				throw e;
			}
			Assume.assumeNoException(e.getCause().getMessage(), e.getCause());
		}
	}

	private static List<String> copies() throws IOException {
		return Files.readAllLines(MAPS).stream().filter(line -> line.contains("dcl-webrtc-")).map(line -> line.replaceFirst(".*\\s(?=/)", ""))
				.distinct().toList();
	}
}
