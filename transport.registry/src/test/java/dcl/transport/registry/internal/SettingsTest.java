package dcl.transport.registry.internal;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.lang.reflect.RecordComponent;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.Map;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(30)
class SettingsTest {

	@BeforeEach
	void clear() {
		Logs.clear();
	}

	/** A configuration with the defaults of the annotation, but for some values. */
	static Config config(Map<String, Object> values) {
		return (Config) Proxy.newProxyInstance(Config.class.getClassLoader(), new Class<?>[] {Config.class},
				(proxy, method, args) -> values.getOrDefault(method.getName(), method.getDefaultValue()));
	}

	private static Object value(Settings settings, String name) throws ReflectiveOperationException {
		return Settings.class.getDeclaredMethod(name).invoke(settings);
	}

	@Test
	void the_defaults_of_the_configuration_are_those_of_the_code() {
		assertThat(Settings.of(config(Map.of()))).isEqualTo(Settings.DEFAULTS);
		assertThat(Logs.text()).isEmpty();
	}

	@Test
	void every_setting_can_be_configured() throws Exception {
		for (RecordComponent component : Settings.class.getRecordComponents()) {
			Method method = Config.class.getDeclaredMethod(component.getName());
			if (method.getReturnType() == String[].class) {
				continue; // see allowed_networks_are_blocks_of_addresses
			}
			long other = ((Number) method.getDefaultValue()).longValue() + 1;
			Settings changed = Settings.of(config(Map.of(component.getName(), method.getReturnType() == int.class ? (Object) (int) other : (Object) other)));
			assertThat(((Number) value(changed, component.getName())).longValue()).isEqualTo(other);
		}
		assertThat(Config.class.getDeclaredMethods()).hasSameSizeAs(Settings.class.getRecordComponents());
	}

	@ParameterizedTest
	@CsvSource({"connectTimeoutMillis,100,600000", "threads,1,64", "outgoingBytes,1024,1073741824", "outgoingPackets,1,1000000", "incomingPackets,4,1000000",
			"maxPacketBytes,1,16777216", "maxPeers,1,1000000", "maxPauseMillis,10,600000", "stuckMillis,20,600000", "maxRedirects,0,3",
			"unbindGraceMillis,0,10000", "maxWaiters,1,1000000", "maxLinkTasks,1,1000000"})
	void a_value_out_of_range_is_reported_and_the_default_used(String name, long least, long most) throws Exception {
		boolean isInt = Config.class.getDeclaredMethod(name).getReturnType() == int.class;
		Map<Long, Boolean> cases = new HashMap<>(Map.of(least, true, most, true, least - 1, false, most + 1, false));
		cases.put(isInt ? Integer.MIN_VALUE : Long.MIN_VALUE, false);
		for (Map.Entry<Long, Boolean> one : cases.entrySet()) {
			Logs.clear();
			Settings settings = Settings.of(config(Map.of(name, isInt ? (Object) one.getKey().intValue() : (Object) one.getKey())));
			if (one.getValue()) {
				assertThat(((Number) value(settings, name)).longValue()).isEqualTo(one.getKey());
				assertThat(Logs.text()).isEmpty();
			} else {
				assertThat(settings).isEqualTo(Settings.DEFAULTS);
				assertThat(Logs.text()).contains("ERROR", "Setting " + name + " is from " + least + " to " + most + ", not " + one.getKey());
			}
		}
	}

	@Test
	void allowed_networks_are_blocks_of_addresses_and_what_is_none_is_left_out() throws Exception {
		Settings settings = Settings.of(config(Map.of("allowedNetworks", new String[] {"192.168.0.0/16", "nonsense", " fd00::/8 ", "10.0.0.0/33", "1.2.3.4", "localhost/8",
				"10.1.2.3/32", "::/129", "/8", "127.0.0.1/", "999.1.1.1/8"})));
		assertThat(settings.allowedNetworks()).hasSize(3);
		assertThat(Logs.text()).contains("entry 2", "entry 4", "entry 5", "entry 6", "entry 8", "entry 9", "entry 10", "entry 11").doesNotContain("entry 3");
		for (String allowed : new String[] {"192.168.0.0", "192.168.255.255", "fd12::1", "fdff::1", "10.1.2.3", "8.8.8.8"}) {
			assertThat(settings.mayBeReached(InetAddress.getByName(allowed))).as(allowed).isTrue();
		}
		for (String refused : new String[] {"fc00::1", "10.1.2.4", "10.1.2.2", "127.0.0.1", "::1", "169.254.169.254"}) {
			assertThat(settings.mayBeReached(InetAddress.getByName(refused))).as(refused).isFalse();
		}
	}

	@Test
	void a_change_ends_no_room_and_holds_at_once() throws InvocationTargetException {
		try (Rig rig = new Rig()) {
			Rig.Pair pair = rig.pair();
			TestSettings smaller = new TestSettings();
			smaller.maxPacketBytes = 10;
			smaller.threads = 5;
			rig.registry.configure(smaller.make());
			assertThat(Rig.failure(pair.send("x".repeat(11))).getMessage()).contains("at most 10 bytes");
			Rig.await(pair.send("x"));
			Rig.until(() -> Thread.getAllStackTraces().keySet().stream().filter(t -> t.getName().matches("dcl-transport-\\d+")).count() == 5);
			smaller.threads = 1;
			rig.registry.configure(smaller.make());
			Rig.until(() -> Thread.getAllStackTraces().keySet().stream().filter(t -> t.getName().matches("dcl-transport-\\d+")).count() == 1);
			Rig.await(pair.send("y"));
		}
	}
}
