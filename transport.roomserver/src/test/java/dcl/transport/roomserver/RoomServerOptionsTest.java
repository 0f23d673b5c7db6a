package dcl.transport.roomserver;

import java.time.Duration;
import java.util.function.IntConsumer;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

@Timeout(30)
class RoomServerOptionsTest {

	final RoomServerOptions options = RoomServerOptions.defaults();

	@Test
	void each_setting_has_its_range() {
		range(value -> options.withPort(value), 0, 65_535);
		range(value -> options.withCapacity(value), 1, 100_000);
		range(value -> options.withRoomCapacity(value), 1, 10_000);
		range(value -> options.withMaxRooms(value), 1, 10_000);
		range(value -> options.withMaxPending(value), 1, 100_000);
		range(value -> options.withMaxPendingPerAddress(value), 1, 100_000);
		range(value -> options.withStepTimeout(Duration.ofMillis(value)), 50, 60_000);
		range(value -> options.withPingInterval(Duration.ofMillis(value)), 100, 3_600_000);
		range(value -> options.withPongTimeout(Duration.ofMillis(value)), 100, 3_600_000);
		range(value -> options.withMaxMessageBytes(value), 1_024, 1_048_576);
		range(value -> options.withOutgoingBytes(value), 65_536, 1 << 30);
		range(value -> options.withUnreliableBytes(value), 0, 1 << 29);
		range(value -> options.withCoalesce(Duration.ofMillis(value)), 0, 50);
		range(value -> options.withIgnoredPerSecond(value), 1, 1_000_000);
		range(value -> options.withVerifiers(value), 1, 64);
		range(value -> options.withRememberedLogins(value), 1, 1_000_000);
	}

	@ParameterizedTest
	@ValueSource(strings = {"127.0.0.1", "0.0.0.0", "192.168.255.1", "localhost", "::", "::1", "fe80::1%eth0", "::ffff:10.0.0.1"})
	void a_host_is_an_address(String host) {
		assertThat(options.withHost(host).host()).isEqualTo(host);
	}

	@ParameterizedTest
	@ValueSource(strings = {"", "example.org", "256.0.0.1", "1.2.3", "1.2.3.4.", "1.2.3.4.5", "127.0.0.1 ", "[::1]", "a:b.example"})
	void a_name_that_would_have_to_be_looked_up_is_no_host(String host) {
		assertThatIllegalArgumentException().isThrownBy(() -> options.withHost(host)).withMessageContaining("'" + host + "'");
	}

	@Test
	void a_change_is_a_copy() {
		RoomServerOptions changed = options.withPort(1).withCapacity(2).withVerifiers(3).withStepTimeout(Duration.ofSeconds(4));

		assertThat(options.port()).isZero();
		assertThat(changed.port()).isEqualTo(1);
		assertThat(changed.capacity()).isEqualTo(2);
		assertThat(changed.verifiers()).isEqualTo(3);
		assertThat(changed.stepTimeout()).isEqualTo(Duration.ofSeconds(4));
	}

	private static void range(IntConsumer setting, int least, int most) {
		setting.accept(least);
		setting.accept(most);
		assertThatIllegalArgumentException().isThrownBy(() -> setting.accept(least - 1)).withMessageContaining("not ");
		assertThatIllegalArgumentException().isThrownBy(() -> setting.accept(most + 1)).withMessageContaining("not ");
	}
}
