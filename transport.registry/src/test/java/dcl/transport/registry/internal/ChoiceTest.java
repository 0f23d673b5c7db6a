package dcl.transport.registry.internal;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

import dcl.transport.Disconnection.Reason;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportOptions;
import dcl.transport.TransportUri;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static dcl.transport.registry.internal.Rig.await;
import static dcl.transport.registry.internal.Rig.failure;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

@Timeout(30)
class ChoiceTest {

	private Rig rig = new Rig();

	@AfterEach
	void stop() {
		rig.close();
	}

	private TransportException refusal(String uri) {
		return catchThrowableOfType(TransportException.class, () -> rig.host.create(TransportUri.parse(uri)));
	}

	/** Connects and tells who was asked to open. */
	private FakeProvider chosen(String uri, FakeProvider... among) {
		await(rig.create(uri).connect());
		FakeProvider found = null;
		for (FakeProvider provider : among) {
			if (!provider.contexts.isEmpty()) {
				assertThat(found).isNull();
				found = provider;
				provider.contexts.clear();
			}
		}
		return found;
	}

	@Test
	void create_refuses_at_once_and_names_what_is_installed() {
		rig.add(new FakeProvider(), "offline", "ws-room");
		TransportException refused = refusal("livekit:wss://host?access_token=canary");
		assertThat(refused.code()).isEqualTo(Code.NO_PROVIDER);
		assertThat(refused).hasMessage("no provider for 'livekit'; installed: [echo, offline, ws-room]");
	}

	@Test
	void create_says_invalid_params_when_all_who_serve_the_type_veto() {
		FakeProvider other = new FakeProvider();
		rig.add(other, "echo");
		rig.echo.accepting = uri -> false;
		other.accepting = uri -> {
			throw new IllegalStateException("not a nice one: " + uri.text());
		};
		TransportException refused = refusal("echo:canary-secret");
		assertThat(refused.code()).isEqualTo(Code.INVALID_PARAMS);
		assertThat(refused).hasMessageContaining("bundle 1 does not accept them").hasMessageContaining("bundle 2 threw java.lang.IllegalStateException");
		assertThat(refused.getMessage() + Logs.text()).doesNotContain("canary");
	}

	@Test
	void a_slow_accepts_counts_as_no_after_200_ms_even_on_a_registry_thread() {
		FakeProvider other = new FakeProvider();
		rig.add(other, -1, "echo");
		CountDownLatch held = new CountDownLatch(1);
		rig.echo.accepting = uri -> {
			await(held);
			return true;
		};
		long begin = System.nanoTime();
		assertThat(chosen("echo:x", rig.echo, other)).isSameAs(other);
		assertThat(System.nanoTime() - begin).isLessThan(Duration.ofSeconds(2).toNanos());
		CompletableFuture<Transport> inside = new CompletableFuture<>();
		Transport transport = rig.create("echo:x");
		transport.connect().thenRun(() -> inside.complete(rig.create("echo:y")));
		assertThat(await(inside)).isNotNull();
		held.countDown();
	}

	@Test
	void creating_inside_listeners_of_all_threads_at_once_does_not_lock_up() {
		CountDownLatch both = new CountDownLatch(2);
		CompletableFuture<Transport> one = new CompletableFuture<>();
		CompletableFuture<Transport> two = new CompletableFuture<>();
		for (CompletableFuture<Transport> made : List.of(one, two)) {
			Rig.Pair pair = rig.pair();
			pair.listener().doing = event -> {
				both.countDown();
				await(both);
				made.complete(rig.create("echo:z"));
			};
			pair.receive("go");
		}
		await(one);
		await(two);
	}

	@Test
	void an_exact_type_comes_before_any_whatever_the_ranking() {
		FakeProvider any = new FakeProvider();
		rig.add(any, 1_000, "*");
		assertThat(chosen("echo:x", rig.echo, any)).isSameAs(rig.echo);
		assertThat(chosen("acme:x", rig.echo, any)).isSameAs(any);
		rig.echo.accepting = uri -> false;
		assertThat(chosen("echo:x", rig.echo, any)).isSameAs(any);
		rig.registry.remove(rig.echoes.id());
		assertThat(chosen("echo:x", rig.echo, any)).isSameAs(any);
	}

	@Test
	void the_higher_ranking_comes_first_then_the_older() {
		FakeProvider younger = new FakeProvider();
		Candidate second = rig.add(younger, 0, "echo");
		FakeProvider better = new FakeProvider();
		rig.add(better, 5, "echo");
		assertThat(chosen("echo:x", rig.echo, younger, better)).isSameAs(better);
		better.accepting = uri -> false;
		assertThat(chosen("echo:x", rig.echo, younger, better)).isSameAs(rig.echo);
		rig.registry.update(new Candidate(younger, second.types(), 1, second.id(), second.bundle()));
		assertThat(chosen("echo:x", rig.echo, younger, better)).isSameAs(younger);
		rig.registry.update(new Candidate(younger, second.types(), -1, second.id(), second.bundle()));
		assertThat(chosen("echo:x", rig.echo, younger, better)).isSameAs(rig.echo);
	}

	@Test
	void an_update_of_a_provider_that_has_left_does_not_bring_it_back() {
		rig.registry.remove(rig.echoes.id());
		rig.registry.update(rig.echoes);
		assertThat(refusal("echo:x").code()).isEqualTo(Code.NO_PROVIDER);
	}

	@Test
	void a_better_provider_serves_new_transports_and_open_ones_stay() {
		Rig.Pair pair = rig.pair();
		FakeProvider better = new FakeProvider();
		Candidate best = rig.add(better, 5, "echo");
		assertThat(chosen("echo:x", rig.echo, better)).isSameAs(better);
		await(pair.send("x"));
		rig.registry.remove(best.id());
		await(pair.send("y"));
		assertThat(pair.link().sent).hasSize(2);
	}

	@Test
	void there_is_no_failover_at_connect() {
		FakeProvider second = new FakeProvider();
		rig.add(second, "echo");
		rig.echo.opening = (uri, context) -> {
			throw new TransportException(Code.UNREACHABLE, "down");
		};
		assertThat(failure(rig.create("echo:x").connect()).code()).isEqualTo(Code.UNREACHABLE);
		assertThat(second.contexts).isEmpty();
	}

	@Test
	void connect_resolves_anew_among_those_installed_then() {
		Transport transport = rig.create("echo:x");
		rig.registry.remove(rig.echoes.id());
		assertThat(failure(transport.connect()).code()).isEqualTo(Code.NO_PROVIDER);
		assertThat(await(transport.closed()).reason()).isEqualTo(Reason.FAILED);
	}

	@ParameterizedTest
	@CsvSource({
			"fixed-adapter:echo:x,echo:x",
			"fixed-adapter:fixed-adapter:echo:x,echo:x",
			"archipelago:archipelago:wss://host/ws,archipelago:wss://host/ws",
			"fixed-adapter:archipelago:archipelago:wss://host/ws,archipelago:wss://host/ws",
			"archipelago:wss://host/ws,archipelago:wss://host/ws",
			"fixed-adapter:fixed-adapter:fixed-adapter:fixed-adapter:echo:x,echo:x"})
	void wrappers_are_taken_off(String text, String opened) {
		rig.registry.update(new Candidate(rig.echo, Set.of("echo", "archipelago"), 0, rig.echoes.id(), "both"));
		Transport transport = rig.create(text);
		assertThat(transport.uri().text()).as("what it was made from").isEqualTo(text);
		await(transport.connect());
		assertThat(FakeProvider.taken(rig.echo.uris).text()).isEqualTo(opened);
	}

	@ParameterizedTest
	@CsvSource({
			"fixed-adapter:fixed-adapter:fixed-adapter:fixed-adapter:fixed-adapter:echo:canary",
			"fixed-adapter:canary",
			"fixed-adapter:",
			"fixed-adapter:CANARY:canary"})
	void a_wrapper_around_nothing_or_a_fifth_one_is_invalid(String text) {
		TransportException refused = refusal(text);
		assertThat(refused.code()).isEqualTo(Code.INVALID_PARAMS);
		assertThat(refused.getMessage()).doesNotContain("canary");
	}

	@Test
	void the_types_are_those_installed_now_sorted() {
		Candidate more = rig.add(new FakeProvider(), "zebra", "ant", "*");
		assertThat(rig.host.types()).containsExactly("*", "ant", "echo", "zebra");
		rig.registry.remove(more.id());
		assertThat(rig.host.types()).containsExactly("echo");
	}

	// ---- whenAvailable

	private CompletionStage<Void> available(String uri, Duration timeout) {
		return rig.host.whenAvailable(TransportUri.parse(uri), timeout);
	}

	@Test
	void when_available_completes_now_if_there_is_one() {
		await(available("echo:x", Duration.ofSeconds(5)));
		await(available("fixed-adapter:echo:x", Duration.ofSeconds(5)));
	}

	@Test
	void when_available_completes_later_when_one_comes_or_changes_its_mind() {
		CompletionStage<Void> waiting = available("late:x", Duration.ofSeconds(5));
		CompletionStage<Void> other = available("later:x", Duration.ofDays(400_000));
		Candidate candidate = rig.add(new FakeProvider(), "late");
		await(waiting);
		assertThat(other.toCompletableFuture()).isNotDone();
		rig.registry.update(new Candidate(candidate.provider(), Set.of("later"), 0, candidate.id(), "changed"));
		await(other);
		await(rig.create("later:x").connect());
	}

	@Test
	void when_available_fails_with_no_provider_after_the_time_out() {
		TransportException failure = failure(available("none:canary", Duration.ofMillis(30)));
		assertThat(failure.code()).isEqualTo(Code.NO_PROVIDER);
		assertThat(failure).hasMessageStartingWith("no provider for 'none' after PT0.03S").hasMessageContaining("installed: [echo]");
		rig.echo.accepting = uri -> false;
		TransportException vetoed = failure(available("echo:canary", Duration.ofMillis(30)));
		assertThat(vetoed.code()).isEqualTo(Code.NO_PROVIDER);
		assertThat(vetoed.getMessage()).doesNotContain("canary");
	}

	@Test
	void when_available_without_time_asks_about_now_only() {
		rig.echo.accepting = uri -> {
			LockSupport.parkNanos(50_000_000); // slower than no time at all
			return true;
		};
		await(available("echo:x", Duration.ZERO));
		await(available("echo:x", Duration.ofSeconds(-1)));
		assertThat(failure(available("none:x", Duration.ZERO)).code()).isEqualTo(Code.NO_PROVIDER);
	}

	@Test
	void no_more_than_the_bound_wait_for_a_provider() {
		rig.close();
		rig = new Rig(s -> s.maxWaiters = 3);
		for (int i = 0; i < 3; i++) {
			available("none:x", Duration.ofSeconds(60));
		}
		assertThat(failure(available("none:x", Duration.ofSeconds(60))).code()).isEqualTo(Code.CONGESTED);
		rig.add(new FakeProvider(), "none");
		Rig.until(() -> !available("none:x", Duration.ofSeconds(60)).toCompletableFuture().isCompletedExceptionally());
	}

	@Test
	void many_waiters_are_all_told() {
		CompletableFuture<?>[] all = new CompletableFuture<?>[2_000];
		for (int i = 0; i < all.length; i++) {
			all[i] = available("late:x", Duration.ofSeconds(60)).toCompletableFuture();
		}
		rig.add(new FakeProvider(), "late");
		await(CompletableFuture.allOf(all));
	}

	// ---- the registry as a host sees it

	@Test
	void a_host_sees_its_own_transports_only_until_they_are_closed() {
		HostRegistry neighbour = new HostRegistry(rig.registry, "neighbour 1.0.0");
		Transport mine = rig.create("echo:x");
		assertThat(rig.host.open()).containsExactly(mine);
		assertThat(neighbour.open()).isEmpty();
		await(mine.disconnect());
		assertThat(rig.host.open()).isEmpty();
	}

	@Test
	void a_registry_that_is_given_back_closes_what_is_left_and_nothing_of_others() throws Exception {
		HostRegistry neighbour = new HostRegistry(rig.registry, "neighbour 1.0.0");
		Transport theirs = neighbour.create(TransportUri.parse("echo:x"), TransportOptions.none());
		await(theirs.connect());
		Transport fresh = rig.create("echo:x");
		Rig.Pair pair = rig.pair();
		CompletionStage<Void> waiting = available("none:x", Duration.ofSeconds(60));
		CompletionStage<Void> others = neighbour.whenAvailable(TransportUri.parse("none:x"), Duration.ofSeconds(60));
		rig.host.close();
		assertThat(await(fresh.closed()).reason()).isEqualTo(Reason.CLIENT);
		assertThat(await(pair.transport().closed()).reason()).isEqualTo(Reason.CLIENT);
		assertThat(failure(waiting).code()).isEqualTo(Code.NO_PROVIDER);
		assertThat(refusal("echo:x").code()).isEqualTo(Code.NO_PROVIDER);
		assertThat(failure(available("none:x", Duration.ofSeconds(60))).code()).isEqualTo(Code.NO_PROVIDER);
		assertThat(theirs.state()).isEqualTo(Transport.State.CONNECTED);
		assertThat(others.toCompletableFuture()).isNotDone();
	}

	@Test
	void a_registry_that_stops_ends_all_with_provider_gone_and_answers_whoever_waits() {
		Rig.Pair pair = rig.pair();
		Transport fresh = rig.create("echo:x");
		rig.echo.opening = (uri, context) -> new CompletableFuture<>();
		Transport trying = rig.create("echo:x");
		CompletionStage<Void> connecting = trying.connect();
		CompletionStage<Void> waiting = available("none:x", Duration.ofSeconds(60));
		pair.link().closing = CompletableFuture::new; // it never says that it is closed
		AtomicReference<Boolean> closedBefore = new AtomicReference<>();
		pair.link().closeAsked.thenRun(() -> closedBefore.set(true));
		CompletionStage<Void> gone = pair.transport().closed().thenCompose(end -> pair.transport().disconnect());
		long begin = System.nanoTime();
		rig.registry.stopping();
		rig.host.close(); // as the framework does when the service goes
		rig.registry.stop();
		assertThat(System.nanoTime() - begin).isLessThan(Duration.ofMillis(2_500).toNanos());
		assertThat(closedBefore.get()).isTrue();
		assertThat(await(pair.transport().closed()).reason()).isEqualTo(Reason.PROVIDER_GONE);
		assertThat(await(fresh.closed()).reason()).isEqualTo(Reason.PROVIDER_GONE);
		assertThat(failure(connecting).code()).isEqualTo(Code.PROVIDER_GONE);
		assertThat(failure(waiting).code()).isEqualTo(Code.NO_PROVIDER);
		await(gone);
		assertThat(refusal("echo:x").code()).isEqualTo(Code.NO_PROVIDER);
		assertThat(failure(available("echo:x", Duration.ofSeconds(5))).code()).isEqualTo(Code.NO_PROVIDER);
		assertThat(failure(fresh.connect()).code()).isEqualTo(Code.NOT_CONNECTED);
		rig.registry.remove(rig.echoes.id()); // SCR unbinds after deactivate
		rig.registry.stop();
	}

	@Test
	void all_threads_are_gone_when_it_has_stopped() {
		rig.pair();
		rig.close();
		Rig.until(() -> Rig.threads("dcl-transport") == 0);
	}
}
