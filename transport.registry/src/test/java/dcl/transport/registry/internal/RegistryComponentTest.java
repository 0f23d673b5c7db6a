package dcl.transport.registry.internal;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Dictionary;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

import dcl.transport.Delivery;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Identity;
import dcl.transport.PeerId;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportRegistry;
import dcl.transport.TransportUri;
import dcl.transport.spi.TransportProvider;
import dcl.transport.status.TransportStatus;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceFactory;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;

import static dcl.transport.registry.internal.Rig.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/** The component against a framework of ours, which does what the real ones were seen to do. */
@Timeout(30)
class RegistryComponentTest {

	private final RegistryComponent component = new RegistryComponent(SettingsTest.config(Map.of("unbindGraceMillis", 300L)));
	private final Framework framework = new Framework();
	private boolean stopped;

	@AfterEach
	void stop() {
		if (!stopped) {
			component.stop();
		}
	}

	/** One service registry with one service. */
	private final class Framework {

		private final List<List<String>> shown = new CopyOnWriteArrayList<>();
		private final AtomicBoolean unregistered = new AtomicBoolean();
		private final AtomicBoolean statusUnregistered = new AtomicBoolean();
		private volatile ServiceFactory<TransportRegistry> factory;
		private volatile TransportRegistry given;
		private volatile Runnable whileRegistering = () -> {
		};
		private volatile Runnable whileSetting = () -> {
		};

		@SuppressWarnings("unchecked")
		BundleContext context() {
			return proxy(BundleContext.class, (name, args) -> {
				assertThat(name).isEqualTo("registerService");
				if (args[0].equals(TransportStatus.class)) {
					return proxy(ServiceRegistration.class, (unregister, none) -> {
						statusUnregistered.set(true);
						return null;
					});
				}
				assertThat(args[0]).isEqualTo(TransportRegistry.class);
				factory = (ServiceFactory<TransportRegistry>) args[1];
				show((Dictionary<String, ?>) args[2]);
				whileRegistering.run();
				return registration();
			});
		}

		@SuppressWarnings("unchecked")
		private ServiceRegistration<TransportRegistry> registration() {
			return proxy(ServiceRegistration.class, (name, args) -> {
				if (unregistered.get()) {
					throw new IllegalStateException("unregistered");
				}
				if (name.equals("unregister")) {
					if (given != null) {
						factory.ungetService(null, null, given);
					}
					unregistered.set(true);
				} else {
					assertThat(name).isEqualTo("setProperties");
					whileSetting.run();
					show((Dictionary<String, ?>) args[0]);
				}
				return null;
			});
		}

		private void show(Dictionary<String, ?> properties) {
			shown.add(Arrays.asList((String[]) properties.get(TransportRegistry.TYPES)));
		}

		private List<String> shown() {
			return shown.get(shown.size() - 1);
		}

		TransportRegistry take() {
			given = factory.getService(null, null);
			return given;
		}
	}

	/** Answers a call. */
	private interface Answer {

		Object to(String method, Object[] args);
	}

	@SuppressWarnings("unchecked")
	private static <T> T proxy(Class<?> type, Answer answer) {
		return (T) Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, args) -> switch (method.getName()) {
			case "equals" -> proxy == args[0];
			case "hashCode" -> System.identityHashCode(proxy);
			case "toString" -> "fake";
			default -> answer.to(method.getName(), args);
		});
	}

	/** A reference whose properties may change, compared as the framework compares them. */
	private static <T> ServiceReference<T> reference(long id, Map<String, Object> properties) {
		properties.put(Constants.SERVICE_ID, id);
		return proxy(ServiceReference.class, (name, args) -> switch (name) {
			case "getProperty" -> properties.get((String) args[0]);
			case "getBundle" -> null;
			case "compareTo" -> {
				ServiceReference<?> other = (ServiceReference<?>) args[0];
				int mine = (Integer) properties.getOrDefault(Constants.SERVICE_RANKING, 0);
				Object theirs = other.getProperty(Constants.SERVICE_RANKING);
				int byRanking = Integer.compare(mine, theirs == null ? 0 : (Integer) theirs);
				yield byRanking != 0 ? byRanking : -Long.compare(id, (Long) other.getProperty(Constants.SERVICE_ID));
			}
			default -> throw new AssertionError(name);
		});
	}

	private static ServiceReference<TransportProvider> provider(long id, Object types) {
		return reference(id, new ConcurrentHashMap<>(Map.of(TransportProvider.TYPE, types)));
	}

	@Test
	void the_types_follow_the_providers() {
		component.start(framework.context());
		assertThat(framework.shown()).isEmpty();
		ServiceReference<TransportProvider> echo = provider(1, "echo");
		component.bindProvider(new FakeProvider(), echo);
		assertThat(framework.shown()).containsExactly("echo");
		component.bindProvider(new FakeProvider(), provider(2, new String[] {"zebra", "ant"}));
		assertThat(framework.shown()).containsExactly("ant", "echo", "zebra");
		component.bindProvider(new FakeProvider(), provider(3, List.of("more")));
		assertThat(framework.shown()).containsExactly("ant", "echo", "more", "zebra");
		component.unbindProvider(echo);
		assertThat(framework.shown()).containsExactly("ant", "more", "zebra");
	}

	@Test
	void a_service_without_types_or_with_odd_ones_serves_nothing() {
		component.start(framework.context());
		component.bindProvider(new FakeProvider(), reference(1, new ConcurrentHashMap<>()));
		component.bindProvider(new FakeProvider(), provider(2, 42));
		component.bindProvider(new FakeProvider(), provider(3, new Object[] {1, "echo"}));
		assertThat(framework.shown()).containsExactly("echo");
	}

	@Test
	void a_provider_that_binds_before_the_service_is_there_shows() {
		component.bindProvider(new FakeProvider(), provider(1, "early"));
		component.start(framework.context());
		assertThat(framework.shown()).containsExactly("early");
	}

	@Test
	void a_provider_that_binds_while_the_service_is_being_registered_shows() {
		framework.whileRegistering = () -> component.bindProvider(new FakeProvider(), provider(1, "echo"));
		component.start(framework.context());
		assertThat(framework.shown()).containsExactly("echo");
	}

	@Test
	void two_binds_that_publish_in_swapped_order_leave_the_right_types() throws Exception {
		component.start(framework.context());
		CountDownLatch first = new CountDownLatch(1);
		CountDownLatch second = new CountDownLatch(1);
		AtomicBoolean once = new AtomicBoolean();
		framework.whileSetting = () -> {
			if (once.compareAndSet(false, true)) {
				first.countDown();
				await(second);
			}
		};
		Thread slow = new Thread(() -> component.bindProvider(new FakeProvider(), provider(1, "slow")));
		slow.start();
		await(first);
		component.bindProvider(new FakeProvider(), provider(2, "quick"));
		second.countDown();
		slow.join();
		assertThat(framework.shown()).containsExactly("quick", "slow");
	}

	@Test
	void unbinding_after_deactivate_does_nothing() throws Exception {
		FakeProvider echo = new FakeProvider();
		ServiceReference<TransportProvider> reference = provider(1, "echo");
		component.start(framework.context());
		component.bindProvider(echo, reference);
		TransportRegistry host = framework.take();
		Transport transport = host.create(TransportUri.parse("echo:x"));
		await(transport.connect());
		component.stop();
		stopped = true;
		int shown = framework.shown.size();
		component.unbindProvider(reference);
		component.updatedProvider(echo, reference);
		assertThat(framework.shown).hasSize(shown);
		assertThat(await(transport.closed()).reason()).as("not as if the host had closed it").isEqualTo(Reason.PROVIDER_GONE);
		assertThat(echo.lastLink().closes).hasValue(1);
		assertThat(framework.unregistered).isTrue();
	}

	@Test
	void binding_while_it_stops_is_harmless() {
		component.start(framework.context());
		framework.whileSetting = () -> {
			framework.whileSetting = () -> {
			};
			component.stop();
			stopped = true;
			throw new IllegalStateException("unregistered");
		};
		component.bindProvider(new FakeProvider(), provider(1, "echo"));
		assertThat(framework.unregistered).isTrue();
	}

	@Test
	void every_host_bundle_has_a_registry_of_its_own_which_closes_what_is_left() throws Exception {
		component.start(framework.context());
		component.bindProvider(new FakeProvider(), provider(1, "echo"));
		TransportRegistry one = framework.take();
		TransportRegistry two = framework.factory.getService(null, null);
		assertThat(one).isNotSameAs(two);
		Transport left = one.create(TransportUri.parse("echo:x"));
		Transport other = two.create(TransportUri.parse("echo:x"));
		await(left.connect());
		await(other.connect());
		framework.factory.ungetService(null, null, one);
		framework.given = null;
		assertThat(await(left.closed()).reason()).isEqualTo(Reason.CLIENT);
		assertThat(other.state()).isEqualTo(Transport.State.CONNECTED);
	}

	@Test
	void a_ranking_that_changes_takes_effect_without_ending_a_room() throws Exception {
		component.start(framework.context());
		FakeProvider older = new FakeProvider();
		FakeProvider younger = new FakeProvider();
		component.bindProvider(older, provider(1, "echo"));
		Map<String, Object> properties = new ConcurrentHashMap<>(Map.of(TransportProvider.TYPE, "echo"));
		ServiceReference<TransportProvider> reference = reference(2, properties);
		component.bindProvider(younger, reference);
		TransportRegistry host = framework.take();
		Transport open = host.create(TransportUri.parse("echo:x"));
		await(open.connect());
		properties.put(Constants.SERVICE_RANKING, 7);
		component.updatedProvider(younger, reference);
		await(host.create(TransportUri.parse("echo:y")).connect());
		assertThat(older.contexts).hasSize(1);
		assertThat(younger.contexts).hasSize(1);
		assertThat(open.state()).isEqualTo(Transport.State.CONNECTED);
	}

	@Test
	void the_identity_is_the_best_ranked_one_of_the_moment() throws Exception {
		component.start(framework.context());
		AtomicReference<Object> seen = new AtomicReference<>();
		FakeProvider echo = new FakeProvider();
		echo.opening = (uri, context) -> {
			try {
				seen.set(context.identity().address().value());
			} catch (TransportException e) {
				seen.set(e.code());
			}
			return CompletableFuture.completedFuture(echo.link());
		};
		component.bindProvider(echo, provider(1, "echo"));
		TransportRegistry host = framework.take();
		Map<String, Object> ranked = new ConcurrentHashMap<>(Map.of(Constants.SERVICE_RANKING, 1));
		ServiceReference<Identity> high = reference(11, ranked);
		ServiceReference<Identity> low = reference(12, new ConcurrentHashMap<>());
		List<String> answers = new ArrayList<>();
		for (Runnable change : List.<Runnable>of(() -> {
		}, () -> component.bindIdentity(named("low"), low), () -> component.bindIdentity(named("high"), high),
				() -> ranked.put(Constants.SERVICE_RANKING, -1), () -> component.unbindIdentity(low), () -> component.unbindIdentity(high))) {
			change.run();
			await(host.create(TransportUri.parse("echo:x")).connect());
			answers.add(seen.get().toString());
		}
		assertThat(answers).containsExactly("NO_IDENTITY", "low", "high", "low", "high", "NO_IDENTITY");
	}

	private static Identity named(String name) {
		return new LifeTest.FakeIdentity(null) {
			@Override
			public PeerId address() {
				return PeerId.of(name);
			}
		};
	}

	@Test
	void a_changed_configuration_ends_no_room() throws Exception {
		component.start(framework.context());
		component.bindProvider(new FakeProvider(), provider(1, "echo"));
		TransportRegistry host = framework.take();
		Transport open = host.create(TransportUri.parse("echo:x"));
		await(open.connect());
		component.configure(SettingsTest.config(Map.of("maxPacketBytes", 3)));
		assertThat(open.state()).isEqualTo(Transport.State.CONNECTED);
		assertThat(Rig.failure(open.send(Rig.packet("1234"), Delivery.lossy())).code()).isEqualTo(TransportException.Code.TOO_LARGE);
		assertThat(catchThrowableOfType(TransportException.class, () -> host.create(TransportUri.parse("none:x"))).code())
				.isEqualTo(TransportException.Code.NO_PROVIDER);
	}
}
