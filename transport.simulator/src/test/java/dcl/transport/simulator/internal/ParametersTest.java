package dcl.transport.simulator.internal;

import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Connection strings that are understood, and what is said of those that are not. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class ParametersTest {

	private final Fixture fixture = new Fixture();

	@AfterEach
	void close() {
		fixture.close();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			?peers=x|parameter 1, 'peers': a whole number from 0 to 10000 expected
			?peers=-1|parameter 1, 'peers': a whole number from 0 to 10000 expected
			?peers=10001|parameter 1, 'peers': a whole number from 0 to 10000 expected
			?seed=1&seed=2|parameter 2, 'seed': given once expected, it is there before
			?seed=9223372036854775808|parameter 1, 'seed': a whole number from
			?rate=0.009|parameter 1, 'rate': a number from 0.01 to 1000 expected
			?rate=1001|parameter 1, 'rate': a number from 0.01 to 1000 expected
			?rate=NaN|parameter 1, 'rate': a number from
			?pace=0|parameter 1, 'pace': a number from 0.001 to 1000000 expected
			?loss=1.5|parameter 1, 'loss': a number from 0 to 1 expected
			?latency=5y|parameter 1, 'latency': a time such as
			?latency=25h|parameter 1, 'latency': a time such as
			?halfOpen=0|parameter 1, 'halfOpen': a time such as
			?epoch=noon|parameter 1, 'epoch': a time of day such as
			?burst=1s,0|parameter 1, 'burst': a whole number from 1 to 100000 expected
			?kick=soon|parameter 1, 'kick': a time such as
			?peers=3&silence=1s,never|parameter 2, 'silence': a time such as
			?colour=red|parameter 'colour' (1 of the scenario's own): not known; this scenario has [random, speed, distance, position]
			?scenario=chat&speed=1|parameter 'speed' (1 of the scenario's own): not known; this scenario has [area, every, position]
			?position=1|parameter 'position' (1 of the scenario's own): a parcel such as 10,-20 expected
			?position=1,2,3|parameter 'position' (1 of the scenario's own): a parcel such as
			?position=1,200000|parameter 'position' (1 of the scenario's own): a whole number from -100000 to 100000 expected
			?distance=far|parameter 'distance' (1 of the scenario's own): a number from 0 to 1000000 expected
			?scenario=chat&every=0|parameter 'every' (1 of the scenario's own): a time such as
			?=5|parameter 1: a name expected before the equals sign
			?a=%zz|parameter 1: two hexadecimal digits after each percent sign expected
			%z?a=b|what stands before the question mark: two hexadecimal digits
			walk?scenario=chat|parameter 1, 'scenario': left out expected
			?connection=2|parameter 1, 'connection': a recording to be played expected
			two words|what stands before the question mark: one of [chat, churn, crowd, walk], the name of a behaviour, or file:<path> expected
			?scenario=%20|parameter 1, 'scenario': one of [chat, churn, crowd, walk]
			""")
	void what_cannot_be_used_is_refused_with_its_place_and_what_was_expected(String params, String expected) {
		TransportException refusal = fixture.refusal(params);

		assertThat(refusal.code()).isEqualTo(Code.INVALID_PARAMS);
		assertThat(refusal.getMessage()).startsWith(expected);
	}

	@Test
	void there_may_be_sixty_four_parameters_and_no_more() {
		String most = IntStream.range(0, 64).mapToObj(i -> "p" + i + "=1").collect(Collectors.joining("&"));

		assertThat(fixture.refusal("?" + most)).hasMessageContaining("'p0'");
		assertThat(fixture.refusal("?" + most + "&more=1")).hasMessage("parameters: at most 64 expected");
	}

	@ParameterizedTest
	@ValueSource(strings = {"", "?", "walk", "chat?peers=3", "?scenario=churn&peers=3&seed=-9223372036854775808", "peers=3&random=0", "?&&peers=1",
			"?peers=10000&rate=1", "?epoch=now&peers=1", "?peers=1&latency=0&jitter=250us&loss=0&reorder=1&duplicate=1", "crowd?peers=&seed="})
	void what_can_be_used_is(String params) {
		Fixture.Opened room = fixture.openReal(params);

		assertThat(room.context().closed).isNotDone();
		room.link().close();
	}

	@Test
	void the_most_peers_there_may_be_come_and_are_heard() {
		try (Fixture two = new Fixture(times -> times.peers = 2)) {
			assertThat(two.refusal("?peers=3")).hasMessageContaining("from 0 to 2 expected");
			assertThat(two.open("?peers=2").link().peers()).hasSize(2);
			assertThat(two.open("").link().peers()).as("the default keeps to the bound").hasSize(2);
		}
		Fixture.Opened all = fixture.open("?peers=10000&rate=10");
		all.advance(100);
		assertThat(all.link().peers()).hasSize(10_000);
		assertThat(all.received().size()).isBetween(21_500, 22_500); // a version each at first, a position each, and some versions more
	}

	@Test
	void a_name_nobody_registered_may_come_later() {
		fixture.register("mine", room -> {
		});

		TransportException behaviour = fixture.refusal("yours?a=1");
		assertThat(behaviour.code()).isEqualTo(Code.NO_PROVIDER);
		assertThat(behaviour).hasMessage("nobody has registered the behaviour 'yours'; there are [mine], and built in [chat, churn, crowd, walk]");
		TransportException clock = fixture.refusal("?clock=yours");
		assertThat(clock.code()).isEqualTo(Code.NO_PROVIDER);
		assertThat(clock).hasMessage("nobody has registered the clock 'yours'; there are [test]");
	}
}
