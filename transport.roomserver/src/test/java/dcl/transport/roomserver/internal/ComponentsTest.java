package dcl.transport.roomserver.internal;

import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.net.BindException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Dictionary;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import dcl.transport.identity.Wallets;
import dcl.transport.rfc5.WsPacket;
import dcl.transport.roomserver.RoomServer;
import dcl.transport.roomserver.RoomServerOptions;
import dcl.transport.roomserver.RoomServerOptions.OneSessionPer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.framework.Version;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/** The thin adapters to the framework. */
@Timeout(60)
class ComponentsTest {

	private final List<Object> registered = new ArrayList<>();
	private final Map<String, Object> configuration = new HashMap<>();

	@Test
	void what_a_bundle_opened_ends_with_it() throws Exception {
		RoomServersComponent component = new RoomServersComponent(context());
		RoomServer kept = component.open(RoomServerOptions.defaults());
		RoomServer given = component.open(RoomServerOptions.defaults());
		given.close();
		Client client = Client.join(kept.url().resolve("plaza"), Wallets.random());
		client.take(WsPacket.Welcome.class);

		component.stop();

		assertThat(client.awaitClose().code()).isEqualTo(1001);
		assertThatIllegalStateException().isThrownBy(() -> component.open(RoomServerOptions.defaults()));
		component.stop();
	}

	@Test
	void a_configuration_opens_a_server_and_registers_it() throws Exception {
		ConfiguredRoomServer component = new ConfiguredRoomServer(context(), config());
		RoomServer server = (RoomServer) registered.get(0);
		assertThat(((Dictionary<?, ?>) registered.get(1)).get("url")).isEqualTo(server.url().toString());
		assertThat(((Dictionary<?, ?>) registered.get(1)).get("loginUrl")).isEqualTo(server.loginUrl().toString());
		Client client = Client.join(server.url().resolve("plaza"), Wallets.random());
		client.take(WsPacket.Welcome.class);

		component.stop();

		assertThat(registered).isEmpty();
		assertThat(client.awaitClose().code()).isEqualTo(1001);
	}

	@Test
	void a_configuration_that_cannot_be_fails_with_its_reason() throws Exception {
		configuration.put("capacity", 0);
		assertThatIllegalArgumentException().isThrownBy(() -> new ConfiguredRoomServer(context(), config())).withMessageContaining("capacity");
		configuration.clear();
		try (RoomServer other = Server.open()) {
			configuration.put("port", other.address().getPort());
			assertThatExceptionOfType(BindException.class).isThrownBy(() -> new ConfiguredRoomServer(context(), config()));
		}
		assertThat(registered).isEmpty();
	}

	@Test
	void a_configuration_has_the_defaults_of_the_options_and_sets_each() throws Exception {
		assertThat(ConfiguredRoomServer.options(config())).usingRecursiveComparison().isEqualTo(RoomServerOptions.defaults());
		for (Method setting : ConfiguredRoomServer.Config.class.getDeclaredMethods()) {
			Object value = setting.getDefaultValue();
			configuration.put(setting.getName(), value instanceof Integer number ? (Object) (number + 1)
					: value instanceof Long number ? (Object) (number + 1) : value instanceof OneSessionPer ? OneSessionPer.ROOM : "::1");
		}
		RoomServerOptions changed = ConfiguredRoomServer.options(config());
		for (Method setting : ConfiguredRoomServer.Config.class.getDeclaredMethods()) {
			Object value = RoomServerOptions.class.getMethod(setting.getName().replace("Millis", "")).invoke(changed);
			Object wanted = configuration.get(setting.getName());
			assertThat(value).as(setting.getName()).isEqualTo(wanted instanceof Long millis ? Duration.ofMillis(millis) : wanted);
		}
	}

	private ConfiguredRoomServer.Config config() {
		return proxy(ConfiguredRoomServer.Config.class,
				(self, method, arguments) -> configuration.getOrDefault(method.getName(), method.getDefaultValue()));
	}

	private BundleContext context() {
		Bundle bundle = proxy(Bundle.class, (self, method, arguments) -> method.getName().equals("getVersion") ? new Version(1, 2, 3) : null);
		ServiceRegistration<?> registration = proxy(ServiceRegistration.class, (self, method, arguments) -> {
			if (method.getName().equals("unregister")) {
				registered.clear();
			}
			return null;
		});
		return proxy(BundleContext.class, (self, method, arguments) -> {
			if (method.getName().equals("getBundle")) {
				return bundle;
			}
			if (method.getName().equals("registerService")) {
				registered.add(arguments[1]);
				registered.add(arguments[2]);
				return registration;
			}
			throw new IOException("not expected: " + method);
		});
	}

	private static <T> T proxy(Class<T> type, InvocationHandler handler) {
		return type.cast(Proxy.newProxyInstance(ComponentsTest.class.getClassLoader(), new Class<?>[] {type}, handler));
	}
}
