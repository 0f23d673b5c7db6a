package dcl.transport.registry.internal;

import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import dcl.transport.AuthChain;
import dcl.transport.Delivery;
import dcl.transport.Disconnection.Reason;
import dcl.transport.SigningRequest;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportUri;
import dcl.transport.spi.Link;
import dcl.transport.spi.TransportProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static dcl.transport.registry.internal.Rig.await;
import static dcl.transport.registry.internal.Rig.failure;
import static dcl.transport.registry.internal.Rig.packet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

@Timeout(60)
class RemovalTest {

	private final Rig rig = new Rig(s -> s.unbindGraceMillis = 300);
	private final FakeProvider leaving = new FakeProvider();
	private final Candidate goner = rig.add(leaving, "leaving");

	@AfterEach
	void stop() {
		rig.close();
	}

	private Rig.Pair leavingPair() {
		Transport transport = rig.create("leaving:x");
		FakeListener listener = new FakeListener();
		transport.listen(listener);
		await(transport.connect());
		listener.next();
		return new Rig.Pair(transport, listener, leaving.lastLink(), leaving.lastContext());
	}

	@Test
	void links_are_closed_before_remove_returns_and_the_others_are_untouched() {
		List<Rig.Pair> mine = new ArrayList<>();
		for (int i = 0; i < 20; i++) {
			mine.add(leavingPair());
		}
		Rig.Pair theirs = rig.pair();
		rig.registry.remove(goner.id());
		mine.forEach(pair -> assertThat(pair.link().closeAsked).isDone());
		for (Rig.Pair pair : mine) {
			assertThat(await(pair.transport().closed()).reason()).isEqualTo(Reason.PROVIDER_GONE);
			assertThat(pair.listener().events).containsExactly("connected []", "disconnected PROVIDER_GONE");
			assertThat(pair.link().breaches).isEmpty();
		}
		await(theirs.send("x"));
		assertThat(theirs.transport().state()).isEqualTo(Transport.State.CONNECTED);
		assertThat(catchThrowable(() -> rig.host.create(TransportUri.parse("leaving:x")))).isInstanceOf(TransportException.class);
	}

	@Test
	void connecting_ones_fail_with_provider_gone() {
		CompletableFuture<Link> handshake = new CompletableFuture<>();
		leaving.opening = (uri, context) -> handshake;
		Transport transport = rig.create("leaving:x");
		CompletionStage<Void> connecting = transport.connect();
		var context = leaving.lastContext();
		rig.registry.remove(goner.id());
		assertThat(failure(connecting).code()).isEqualTo(Code.PROVIDER_GONE);
		assertThat(await(transport.closed()).reason()).isEqualTo(Reason.PROVIDER_GONE);
		await(context.abandoned());
		FakeLink late = leaving.link();
		handshake.complete(late);
		await(late.closeAsked);
	}

	@Test
	void the_wait_for_links_to_close_is_bounded_by_the_grace_for_all_together() {
		for (int i = 0; i < 10; i++) {
			leavingPair().link().closing = CompletableFuture::new;
		}
		long begin = System.nanoTime();
		rig.registry.remove(goner.id());
		assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin)).isBetween(250L, 1_000L);
	}

	@Test
	void a_link_that_is_closing_already_is_waited_for() {
		Rig.Pair pair = leavingPair();
		CompletableFuture<Void> closed = new CompletableFuture<>();
		pair.link().closing = () -> closed;
		pair.transport().close();
		await(pair.transport().closed());
		await(pair.link().closeAsked);
		CountDownLatch removed = new CountDownLatch(1);
		Thread unbinding = new Thread(() -> {
			rig.registry.remove(goner.id());
			removed.countDown();
		});
		unbinding.start();
		Rig.until(() -> unbinding.getState() == Thread.State.TIMED_WAITING);
		assertThat(removed.getCount()).isEqualTo(1);
		closed.complete(null);
		await(removed);
	}

	@Test
	void a_listener_that_holds_up_the_conversation_does_not_keep_the_link_open() {
		Rig.Pair pair = leavingPair();
		CountDownLatch held = new CountDownLatch(1);
		pair.listener().doing = event -> await(held);
		pair.receive("x");
		pair.listener().next();
		rig.registry.remove(goner.id());
		assertThat(pair.link().closeAsked).isDone();
		held.countDown();
		assertThat(await(pair.transport().closed()).reason()).isEqualTo(Reason.PROVIDER_GONE);
	}

	@Test
	void removing_inside_a_listener_of_one_of_its_transports_works() {
		Rig.Pair pair = leavingPair();
		pair.listener().doing = event -> {
			if (event.startsWith("alice")) {
				rig.registry.remove(goner.id());
			}
		};
		pair.receive("go");
		assertThat(await(pair.transport().closed()).reason()).isEqualTo(Reason.PROVIDER_GONE);
		await(pair.link().closeAsked);
	}

	@Test
	void one_that_is_draining_ends_as_its_host_asked() {
		Rig.Pair pair = leavingPair();
		pair.link().sending = packet -> new CompletableFuture<>();
		pair.send("x");
		FakeProvider.taken(pair.link().sent);
		pair.transport().close();
		rig.registry.remove(goner.id());
		assertThat(await(pair.transport().closed()).reason()).isEqualTo(Reason.CLIENT);
	}

	@Test
	void a_provider_that_leaves_while_links_arrive_leaves_none_open() {
		for (int round = 0; round < 100; round++) {
			Candidate again = rig.add(leaving, "leaving");
			List<CompletableFuture<Link>> handshakes = new ArrayList<>();
			CountDownLatch opened = new CountDownLatch(4);
			leaving.opening = (uri, context) -> {
				CompletableFuture<Link> handshake = new CompletableFuture<>();
				synchronized (handshakes) {
					handshakes.add(handshake);
				}
				opened.countDown();
				return handshake;
			};
			rig.registry.remove(goner.id());
			List<Transport> transports = new ArrayList<>();
			for (int i = 0; i < 4; i++) {
				Transport transport = rig.create("leaving:x");
				transport.connect();
				transports.add(transport);
			}
			await(opened);
			List<FakeLink> links = new ArrayList<>();
			for (int i = 0; i < 4; i++) {
				links.add(new FakeLink());
			}
			CompletableFuture<Void> arriving = CompletableFuture.runAsync(() -> {
				for (int i = 0; i < 4; i++) {
					handshakes.get(i).complete(links.get(i));
				}
			});
			rig.registry.remove(again.id());
			await(arriving);
			for (int i = 0; i < 4; i++) {
				await(links.get(i).closeAsked);
				assertThat(await(transports.get(i).closed()).reason()).isEqualTo(Reason.PROVIDER_GONE);
				assertThat(links.get(i).breaches).isEmpty();
			}
		}
	}

	@Test
	void a_host_that_follows_the_recipe_gets_the_new_version() {
		Rig.Pair pair = leavingPair();
		FakeProvider newer = new FakeProvider();
		CompletableFuture<Transport> again = new CompletableFuture<>();
		pair.transport().closed().thenAccept(end -> {
			if (end.reason().isRetryable()) {
				rig.host.whenAvailable(pair.transport().uri(), Duration.ofSeconds(5)).thenRun(() -> again.complete(rig.create("leaving:x")));
			}
		});
		rig.registry.remove(goner.id());
		rig.add(newer, "leaving");
		await(await(again).connect());
		assertThat(newer.contexts).hasSize(1);
	}

	// ---- nothing of a provider is kept

	/** Loads the provider's classes anew, and nothing else. */
	private static final class BundleLoader extends URLClassLoader {

		BundleLoader(URL classes) {
			super(new URL[] {classes}, RemovalTest.class.getClassLoader());
		}

		@Override
		protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
			if (!name.startsWith(LeakyProvider.class.getName())) {
				return super.loadClass(name, resolve);
			}
			synchronized (getClassLoadingLock(name)) {
				Class<?> found = findLoadedClass(name);
				return found != null ? found : findClass(name);
			}
		}
	}

	/** What a host still has of its transports. */
	private final List<Object> kept = new ArrayList<>();
	private final List<CompletableFuture<AuthChain>> dialogs = new ArrayList<>();

	private WeakReference<ClassLoader> installUseAndRemove(String params) throws Exception {
		try (BundleLoader bundle = new BundleLoader(RemovalTest.class.getProtectionDomain().getCodeSource().getLocation())) {
			Class<?> type = bundle.loadClass(LeakyProvider.class.getName());
			assertThat(type).isNotSameAs(LeakyProvider.class);
			TransportProvider provider = (TransportProvider) type.getConstructor().newInstance();
			Candidate candidate = rig.add(provider, "leaky");
			kept.add(catchThrowable(() -> rig.host.create(TransportUri.parse("leaky:veto"))));
			Transport transport = rig.create("leaky:" + params);
			transport.listen(new FakeListener());
			kept.add(transport);
			CompletionStage<Void> connecting = transport.connect();
			kept.add(connecting);
			switch (params) {
				case "connect", "redirect" -> {
					await(connecting);
					CompletionStage<Void> sent = transport.send(packet(""), Delivery.reliable());
					kept.add(sent);
					kept.add(transport.send(packet("on the wire"), Delivery.reliable()));
					kept.add(transport.send(packet("queued"), Delivery.reliable()));
					await(sent.handle((nothing, failure) -> null));
				}
				case "fail" -> failure(connecting);
				case "sign" -> Rig.until(() -> !dialogs.isEmpty());
				default -> Rig.until(() -> Logs.text().contains("nonsense"));
			}
			rig.registry.remove(candidate.id());
			return new WeakReference<>(bundle);
		}
	}

	@Test
	void nothing_of_a_removed_provider_is_reachable_from_what_a_host_keeps() throws Exception {
		rig.identity.set(new LifeTest.FakeIdentity(null) {
			@Override
			public CompletionStage<AuthChain> sign(SigningRequest request) {
				CompletableFuture<AuthChain> dialog = new CompletableFuture<>();
				dialogs.add(dialog); // open for as long as somebody thinks
				return dialog;
			}
		});
		Map<String, WeakReference<ClassLoader>> bundles = new HashMap<>();
		for (String params : List.of("connect", "fail", "never", "sign", "redirect")) {
			bundles.put(params, installUseAndRemove(params));
		}
		Rig.until(() -> {
			System.gc();
			bundles.values().removeIf(bundle -> bundle.get() == null);
			return bundles.isEmpty();
		}, bundles::toString);
		assertThat(kept.stream().filter(Transport.class::isInstance).map(t -> ((Transport) t).state()).filter(Transport.State.CONNECTED::equals))
				.as("the one whose login has left").hasSize(1);
	}
}
