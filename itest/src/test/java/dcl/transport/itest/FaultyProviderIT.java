package dcl.transport.itest;

import java.util.Map;
import java.util.concurrent.CompletionStage;

import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportUri;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;
import org.osgi.framework.Bundle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/** A provider that throws or hangs hurts only itself. */
public class FaultyProviderIT extends FrameworkTest {

	private static final String PID = "dcl.transport.registry";

	private Bundle faulty;
	private Transport neighbour;
	private Flow flow;

	@Before
	public void openARoomElsewhere() throws Exception {
		faulty = start("faulty", "1.0.0");
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

	@Test
	public void one_that_throws_fails_with_a_typed_error_and_without_its_own_class() throws Exception {
		for (String how : new String[] {"throws", "fails"}) {
			TransportException failure = Await.failure(create("faulty:" + how).connect());

			assertThat(failure.code()).isEqualTo(Code.INTERNAL);
			assertThat(failure).hasMessageContaining("dcl.transport.itest.faulty 1.0.0");
			for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
				assertThat(cause.getClass().getName()).doesNotContain("VendorException");
			}
		}
		theNeighbourNoticedNothing();
	}

	@Test
	public void one_that_vetoes_by_throwing_or_by_not_answering_is_passed_over() throws Exception {
		assertThat(catchThrowableOfType(TransportException.class, () -> create("faulty:veto-throws")).code()).isEqualTo(Code.INVALID_PARAMS);
		assertThat(catchThrowableOfType(TransportException.class, () -> registry().create(TransportUri.parse("faulty:veto-hangs"))).code())
				.isEqualTo(Code.TIMEOUT);
		theNeighbourNoticedNothing();
	}

	@Test
	public void more_that_hang_than_there_are_threads_do_not_stop_the_others() throws Exception {
		configure(PID, Map.of("stuckMillis", 100L));
		Transport[] hanging = new Transport[4];
		for (int i = 0; i < hanging.length; i++) {
			hanging[i] = create("faulty:hangs");
			hanging[i].connect();
		}
		Await.until("all four are held up", () -> journal.stream().filter("faulty opens hangs"::equals).count() == hanging.length);

		flow.awaitMore();
		assertThat(served("other:next")).isEqualTo("other-1.0.0");
		theNeighbourNoticedNothing();
	}

	@Test
	public void one_that_never_connects_runs_into_the_time_out() throws Exception {
		configure(PID, Map.of("connectTimeoutMillis", 150L));
		Await.until("the setting is taken over", () -> {
			try {
				Transport never = create("faulty:never");
				CompletionStage<Void> connected = never.connect();
				boolean failed = catchThrowableOfType(java.util.concurrent.TimeoutException.class,
						() -> connected.toCompletableFuture().handle((done, failure) -> null).get(1, java.util.concurrent.TimeUnit.SECONDS)) == null;
				never.close();
				return failed && Await.failure(connected).code() == Code.TIMEOUT;
			} catch (Exception e) {
				throw new AssertionError(e);
			}
		});
		theNeighbourNoticedNothing();
	}

	@Test
	public void one_that_hangs_is_let_go_of_when_its_bundle_is_stopped() throws Exception {
		Transport hanging = create("faulty:hangs");
		CompletionStage<Void> connected = hanging.connect();
		Await.until("it is held up", () -> journal.contains("faulty opens hangs"));

		faulty.stop();

		assertThat(Await.failure(connected).code()).isEqualTo(Code.PROVIDER_GONE);
		theNeighbourNoticedNothing();
	}

	private void theNeighbourNoticedNothing() throws InterruptedException {
		flow.awaitMore();
		flow.end();
		assertThat(neighbour.state()).isEqualTo(Transport.State.CONNECTED);
	}
}
