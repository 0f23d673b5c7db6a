package dcl.transport.registry.internal;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

import dcl.transport.AuthChain;
import dcl.transport.Delivery;
import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Identity;
import dcl.transport.PeerId;
import dcl.transport.SigningRequest;
import dcl.transport.Subscription;
import dcl.transport.Transport;
import dcl.transport.Transport.State;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportOptions;
import dcl.transport.spi.Link;
import dcl.transport.spi.LinkContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static dcl.transport.registry.internal.Rig.ALICE;
import static dcl.transport.registry.internal.Rig.BOB;
import static dcl.transport.registry.internal.Rig.await;
import static dcl.transport.registry.internal.Rig.failure;
import static dcl.transport.registry.internal.Rig.packet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

@Timeout(30)
class LifeTest {

	private Rig rig = new Rig();

	@AfterEach
	void stop() {
		rig.close();
	}

	private void rig(long connectTimeoutMillis) {
		rig.close();
		rig = new Rig(s -> s.connectTimeoutMillis = connectTimeoutMillis);
	}

	@Test
	void a_transport_goes_from_new_through_connecting_and_connected_to_closed() {
		CompletableFuture<Link> handshake = new CompletableFuture<>();
		rig.echo.opening = (uri, context) -> handshake;
		Transport transport = rig.create("echo:x");
		assertThat(transport.state()).isEqualTo(State.NEW);
		var connecting = transport.connect();
		assertThat(transport.state()).isEqualTo(State.CONNECTING);
		handshake.complete(rig.echo.link());
		await(connecting);
		assertThat(transport.state()).isEqualTo(State.CONNECTED);
		await(transport.disconnect());
		assertThat(transport.state()).isEqualTo(State.CLOSED);
		assertThat(await(transport.closed())).isEqualTo(new Disconnection(Reason.CLIENT, ""));
	}

	@Test
	void connected_comes_first_then_what_was_reported_meanwhile_in_order_then_disconnected_last() {
		CompletableFuture<Link> handshake = new CompletableFuture<>();
		rig.echo.opening = (uri, context) -> handshake;
		Transport transport = rig.create("echo:x");
		FakeListener listener = new FakeListener();
		transport.listen(listener);
		List<String> order = Collections.synchronizedList(new ArrayList<>());
		transport.connect().thenRun(() -> order.addAll(listener.events));
		LinkContext context = rig.echo.lastContext();
		context.peerJoined(BOB);
		context.received(BOB, packet("one"), Delivery.Reliability.RELIABLE, "");
		context.peerLeft(ALICE);
		context.received(BOB, packet("two"), Delivery.Reliability.LOSSY, "");
		context.closed(new Disconnection(Reason.SERVER, "bye"));
		context.received(BOB, packet("too late"), Delivery.Reliability.RELIABLE, "");
		context.peerJoined(PeerId.of("too late"));
		FakeLink link = rig.echo.link();
		link.peers = () -> Set.of(ALICE);
		handshake.complete(link);
		assertThat(await(transport.closed())).isEqualTo(new Disconnection(Reason.SERVER, "bye"));
		assertThat(listener.events).containsExactly("connected [alice]", "+bob", "bob: one", "-alice", "bob: two", "disconnected SERVER");
		assertThat(order).as("connect() completes before any listener hears of it").isEmpty();
		assertThat(transport.stats().received()).as("reports after closed are ignored").isEqualTo(2);
		await(link.closeAsked);
	}

	@Test
	void closed_is_told_once_however_often_the_link_says_so() {
		Rig.Pair pair = rig.pair();
		CountDownLatch held = new CountDownLatch(1);
		pair.listener().doing = event -> await(held);
		pair.receive("x");
		for (int i = 0; i < 10_000; i++) {
			pair.context().closed(new Disconnection(i == 0 ? Reason.KICKED : Reason.LOST, "" + i));
		}
		held.countDown();
		assertThat(await(pair.transport().closed())).isEqualTo(new Disconnection(Reason.KICKED, "0"));
		assertThat(pair.listener().events).containsExactly("connected []", "alice: x", "disconnected KICKED");
	}

	@Test
	void joins_and_leaves_pair() {
		Rig.Pair pair = rig.pair();
		pair.context().peerLeft(BOB);
		pair.context().peerJoined(BOB);
		pair.context().peerJoined(BOB);
		pair.context().peerLeft(BOB);
		pair.context().peerLeft(BOB);
		pair.context().peerJoined(ALICE);
		pair.context().closed(new Disconnection(Reason.LOST, ""));
		await(pair.transport().closed());
		assertThat(pair.listener().events).containsExactly("connected []", "+bob", "-bob", "+alice", "disconnected LOST");
		assertThat(pair.transport().peers()).isEmpty();
	}

	@Test
	void peers_is_a_snapshot_of_those_known_now() {
		Rig.Pair pair = rig.pair();
		pair.context().peerJoined(BOB);
		assertThat(pair.listener().next()).isEqualTo("+bob");
		Set<PeerId> peers = pair.transport().peers();
		assertThat(peers).containsExactly(BOB);
		pair.context().peerLeft(BOB);
		pair.listener().next();
		assertThat(peers).containsExactly(BOB);
		assertThat(pair.transport().peers()).isEmpty();
	}

	@Test
	void a_transport_connects_once() {
		Rig.Pair pair = rig.pair();
		assertThat(failure(pair.transport().connect()).code()).isEqualTo(Code.NOT_CONNECTED);
		await(pair.transport().disconnect());
		assertThat(failure(pair.transport().connect()).code()).isEqualTo(Code.NOT_CONNECTED);
		Transport other = rig.create("echo:x");
		other.close();
		assertThat(failure(other.connect()).code()).isEqualTo(Code.NOT_CONNECTED);
	}

	@Test
	void a_failed_connect_tells_no_events_and_closed_says_failed() {
		rig.echo.opening = (uri, context) -> {
			throw new TransportException(Code.REFUSED, "not you");
		};
		Transport transport = rig.create("echo:x");
		FakeListener listener = new FakeListener();
		transport.listen(listener);
		TransportException failure = failure(transport.connect());
		assertThat(failure.code()).isEqualTo(Code.REFUSED);
		assertThat(failure).hasMessage("not you");
		assertThat(await(transport.closed())).isEqualTo(new Disconnection(Reason.FAILED, "not you"));
		await(transport.disconnect());
		assertThat(listener.events).isEmpty();
	}

	@Test
	void a_failure_keeps_code_words_and_time_to_wait_and_the_cause_becomes_words() {
		rig.echo.opening = (uri, context) -> {
			throw new TransportException(Code.BUSY, "full", Duration.ofSeconds(7));
		};
		TransportException busy = failure(rig.create("echo:x").connect());
		assertThat(busy.code()).isEqualTo(Code.BUSY);
		assertThat(busy.retryAfter()).contains(Duration.ofSeconds(7));
		rig.echo.opening = (uri, context) -> {
			throw new TransportException(Code.TLS, "no", new IllegalStateException("expired"));
		};
		TransportException tls = failure(rig.create("echo:x").connect());
		assertThat(tls).hasMessage("no (java.lang.IllegalStateException: expired)").hasNoCause();
	}

	@Test
	void closing_while_new_says_client() {
		Transport transport = rig.create("echo:x");
		await(transport.disconnect());
		assertThat(await(transport.closed()).reason()).isEqualTo(Reason.CLIENT);
		assertThat(rig.echo.contexts).isEmpty();
	}

	@Test
	void closing_while_resolving_fails_connect_and_opens_nothing() {
		CountDownLatch asked = new CountDownLatch(1);
		CountDownLatch held = new CountDownLatch(1);
		Transport transport = rig.create("echo:x");
		rig.echo.accepting = uri -> {
			asked.countDown();
			await(held);
			return true;
		};
		var connecting = transport.connect();
		await(asked);
		transport.close();
		assertThat(failure(connecting).code()).isEqualTo(Code.NOT_CONNECTED);
		assertThat(await(transport.closed()).reason()).isEqualTo(Reason.CLIENT);
		held.countDown();
		assertThat(rig.echo.contexts).isEmpty();
	}

	@Test
	void closing_while_opening_fails_connect_tells_the_provider_and_closes_the_link_that_comes_late_on_the_spot() {
		CompletableFuture<Link> handshake = new CompletableFuture<>();
		rig.echo.opening = (uri, context) -> handshake;
		Transport transport = rig.create("echo:x");
		FakeListener listener = new FakeListener();
		transport.listen(listener);
		var connecting = transport.connect();
		LinkContext context = rig.echo.lastContext();
		await(transport.disconnect());
		assertThat(failure(connecting).code()).isEqualTo(Code.NOT_CONNECTED);
		assertThat(await(transport.closed()).reason()).isEqualTo(Reason.CLIENT);
		await(context.abandoned());
		FakeLink late = rig.echo.link();
		handshake.complete(late);
		await(late.closeAsked);
		assertThat(late.breaches).isEmpty();
		assertThat(listener.events).isEmpty();
	}

	@Test
	void closing_while_connected_completes_when_the_wire_is_closed() {
		Rig.Pair pair = rig.pair();
		CompletableFuture<Void> gone = new CompletableFuture<>();
		pair.link().closing = () -> gone;
		var disconnecting = pair.transport().disconnect();
		assertThat(pair.transport().disconnect() == disconnecting).as("idempotent").isTrue();
		await(pair.transport().closed());
		assertThat(disconnecting.toCompletableFuture()).isNotDone();
		gone.complete(null);
		await(disconnecting);
		assertThat(pair.listener().events).containsExactly("connected []", "disconnected CLIENT");
	}

	@Test
	void a_link_that_never_says_it_is_closed_is_waited_for_a_moment_only() {
		Rig.Pair pair = rig.pair();
		pair.link().closing = CompletableFuture::new;
		await(pair.transport().disconnect());
	}

	@Test
	void closing_inside_a_listener_and_inside_a_stage_works() {
		Transport transport = rig.create("echo:x");
		FakeListener listener = new FakeListener();
		listener.doing = event -> transport.close();
		transport.listen(listener);
		await(transport.connect());
		await(transport.closed());
		assertThat(listener.events).containsExactly("connected []", "disconnected CLIENT");
		Transport other = rig.create("echo:x");
		FakeListener hears = new FakeListener();
		other.listen(hears);
		other.connect().thenRun(other::close);
		await(other.closed());
		assertThat(hears.events).containsExactly("connected []", "disconnected CLIENT");
	}

	@Test
	void a_thousand_closes_at_once_are_one() {
		Rig.Pair pair = rig.pair();
		List<CompletableFuture<Void>> all = new ArrayList<>();
		for (int i = 0; i < 1_000; i++) {
			all.add(CompletableFuture.supplyAsync(pair.transport()::disconnect).thenCompose(stage -> stage));
		}
		await(CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)));
		assertThat(pair.listener().events).containsExactly("connected []", "disconnected CLIENT");
		assertThat(pair.link().closes).hasValue(1);
	}

	@Test
	void send_before_connected_and_after_closed_fails_with_not_connected() {
		Transport transport = rig.create("echo:x");
		assertThat(failure(transport.send(packet("x"), Delivery.reliable())).code()).isEqualTo(Code.NOT_CONNECTED);
		assertThat(failure(transport.send(packet("x"), Delivery.lossy())).code()).isEqualTo(Code.NOT_CONNECTED);
		await(transport.connect());
		await(transport.disconnect());
		assertThat(failure(transport.send(packet("x"), Delivery.reliable())).code()).isEqualTo(Code.NOT_CONNECTED);
		assertThat(transport.stats().accepted()).isZero();
	}

	@Test
	void connect_fails_with_timeout_and_a_link_that_comes_later_is_closed() {
		rig(100);
		CompletableFuture<Link> handshake = new CompletableFuture<>();
		rig.echo.opening = (uri, context) -> handshake;
		Transport transport = rig.create("echo:x");
		assertThat(failure(transport.connect()).code()).isEqualTo(Code.TIMEOUT);
		assertThat(await(transport.closed()).reason()).isEqualTo(Reason.FAILED);
		await(rig.echo.lastContext().abandoned());
		FakeLink late = rig.echo.link();
		handshake.complete(late);
		await(late.closeAsked);
	}

	@Test
	void the_clock_stands_still_while_an_identity_signs() {
		rig(400);
		CompletableFuture<AuthChain> signature = new CompletableFuture<>();
		rig.identity.set(new FakeIdentity(signature));
		rig.echo.opening = (uri, context) -> context.identity().sign(SigningRequest.roomChallenge(uri, "dcl-x")).thenApply(chain -> rig.echo.link());
		Transport patient = rig.create("echo:x");
		var connecting = patient.connect();
		LinkContext context = rig.echo.lastContext();
		// The registry's own clock says when the time of a connect would have been over.
		CountDownLatch over = new CountDownLatch(1);
		context.executor().schedule(over::countDown, 900, TimeUnit.MILLISECONDS);
		await(over);
		assertThat(connecting.toCompletableFuture()).isNotDone();
		signature.complete(FakeIdentity.CHAIN);
		await(connecting);
	}

	@Test
	void the_clock_goes_on_after_signing() {
		rig(300);
		rig.identity.set(new FakeIdentity(CompletableFuture.completedFuture(FakeIdentity.CHAIN)));
		rig.echo.opening = (uri, context) -> context.identity().sign(SigningRequest.roomChallenge(uri, "dcl-x")).thenCompose(chain -> new CompletableFuture<>());
		assertThat(failure(rig.create("echo:x").connect()).code()).isEqualTo(Code.TIMEOUT);
	}

	@Test
	void the_identity_of_the_options_comes_before_the_service_and_without_either_there_is_none() {
		AtomicReference<PeerId> seen = new AtomicReference<>();
		rig.echo.opening = (uri, context) -> {
			seen.set(context.identity().address());
			return CompletableFuture.completedFuture(rig.echo.link());
		};
		assertThat(failure(rig.create("echo:x").connect()).code()).isEqualTo(Code.NO_IDENTITY);
		rig.identity.set(new FakeIdentity(null));
		await(rig.create("echo:x").connect());
		assertThat(seen.get()).isEqualTo(FakeIdentity.ADDRESS);
		await(rig.create("echo:x", TransportOptions.of(new FakeIdentity(null) {
			@Override
			public PeerId address() {
				return BOB;
			}
		})).connect());
		assertThat(seen.get()).isEqualTo(BOB);
	}

	@Test
	void an_identity_that_throws_answers_null_or_says_no_fails_the_signature_in_our_words() {
		AtomicReference<TransportException> seen = new AtomicReference<>();
		rig.echo.opening = (uri, context) -> context.identity().sign(SigningRequest.roomChallenge(uri, "dcl-x")).handle((chain, failure) -> {
			seen.set((TransportException) Failures.unwrap(failure));
			return rig.echo.link();
		});
		rig.identity.set(new FakeIdentity(null) {
			@Override
			public CompletionStage<AuthChain> sign(SigningRequest request) {
				throw new IllegalStateException("broken");
			}
		});
		await(rig.create("echo:x").connect());
		assertThat(seen.get().code()).isEqualTo(Code.INTERNAL);
		assertThat(seen.get()).hasMessageContaining("the identity failed");
		rig.identity.set(new FakeIdentity(null));
		await(rig.create("echo:x").connect());
		assertThat(seen.get().code()).isEqualTo(Code.INTERNAL);
		rig.identity.set(new FakeIdentity(CompletableFuture.failedFuture(new TransportException(Code.REFUSED, "the owner declined"))));
		await(rig.create("echo:x").connect());
		assertThat(seen.get().code()).isEqualTo(Code.REFUSED);
	}

	@Test
	void a_listener_added_later_hears_from_then_on_and_a_removed_one_no_more() {
		Rig.Pair pair = rig.pair();
		FakeListener late = new FakeListener();
		Subscription subscription = pair.transport().listen(late);
		pair.receive("one");
		assertThat(late.next()).isEqualTo("alice: one");
		subscription.close();
		subscription.close();
		pair.receive("two");
		pair.listener().next();
		assertThat(pair.listener().next()).isEqualTo("alice: two");
		assertThat(late.events).containsExactly("alice: one");
	}

	@Test
	void a_listener_that_takes_away_another_is_the_last_to_hear() {
		Rig.Pair pair = rig.pair();
		FakeListener second = new FakeListener();
		Subscription subscription = pair.transport().listen(second);
		pair.listener().doing = event -> subscription.close();
		pair.receive("one");
		pair.receive("two");
		pair.listener().next();
		assertThat(pair.listener().next()).isEqualTo("alice: two");
		assertThat(second.events).isEmpty();
	}

	@Test
	void stages_handed_out_cannot_be_completed_by_a_host() {
		CompletableFuture<Link> handshake = new CompletableFuture<>();
		rig.echo.opening = (uri, context) -> handshake;
		Transport transport = rig.create("echo:x");
		var connecting = transport.connect();
		assertThat(connecting.toCompletableFuture().complete(null)).isTrue(); // a copy
		assertThatThrownBy(() -> ((CompletableFuture<Void>) connecting).complete(null)).isInstanceOf(UnsupportedOperationException.class);
		assertThatThrownBy(() -> ((CompletableFuture<Void>) connecting).cancel(true)).isInstanceOf(UnsupportedOperationException.class);
		assertThat(((CompletableFuture<Void>) connecting).isDone()).isFalse();
		transport.close();
		assertThat(failure(connecting).code()).isEqualTo(Code.NOT_CONNECTED);
	}

	@Test
	void no_listener_and_no_stage_runs_on_the_callers_thread() {
		AtomicReference<String> stage = new AtomicReference<>();
		AtomicReference<String> event = new AtomicReference<>();
		CompletableFuture<Link> handshake = new CompletableFuture<>();
		rig.echo.opening = (uri, context) -> handshake;
		Transport transport = rig.create("echo:x");
		FakeListener listener = new FakeListener();
		listener.doing = e -> event.set(Thread.currentThread().getName());
		transport.listen(listener);
		var seen = transport.connect().thenRun(() -> stage.set(Thread.currentThread().getName()));
		handshake.complete(rig.echo.link());
		await(seen);
		listener.next();
		await(transport.disconnect());
		assertThat(stage.get()).matches("dcl-transport-\\d+");
		assertThat(event.get()).matches("dcl-transport-\\d+");
	}

	/** A host's wallet. */
	static class FakeIdentity implements Identity {

		static final PeerId ADDRESS = PeerId.of("0x00000000000000000000000000000000000000aa");
		static final AuthChain CHAIN = AuthChain.of(List.of(new AuthChain.AuthLink("SIGNER", ADDRESS.value(), ""),
				new AuthChain.AuthLink("ECDSA_SIGNED_ENTITY", "dcl-x", "0x01")));

		private final CompletableFuture<AuthChain> signature;

		FakeIdentity(CompletableFuture<AuthChain> signature) {
			this.signature = signature;
		}

		@Override
		public PeerId address() {
			return ADDRESS;
		}

		@Override
		public boolean isGuest() {
			return true;
		}

		@Override
		public CompletionStage<AuthChain> sign(SigningRequest request) {
			return signature;
		}
	}
}
