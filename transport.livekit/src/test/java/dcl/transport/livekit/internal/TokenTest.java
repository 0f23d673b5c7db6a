package dcl.transport.livekit.internal;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(30)
class TokenTest {

	private static final Instant NOW = Instant.ofEpochSecond(1_000_000);

	private static Token token(String claims) {
		return Token.read("e30." + Base64.getUrlEncoder().withoutPadding().encodeToString(claims.getBytes(StandardCharsets.UTF_8)) + ".x");
	}

	@Test
	void a_token_is_good_between_its_times_and_a_minute_on_each_side() {
		Token token = token("{\"video\":{\"exp\":1,\"a\":[{}]},\"nbf\":999000,\"sub\":\"exp\",\"exp\":1000000.9}");
		assertThat(token.expires()).contains(NOW);
		assertThat(token.refusal(NOW)).isEmpty();
		assertThat(token.refusal(NOW.plusSeconds(60))).isEmpty();
		assertThat(token.refusal(NOW.plusSeconds(61))).hasValueSatisfying(why -> assertThat(why).contains("expired 61 s ago").contains("1000061"));
		assertThat(token.refusal(Instant.ofEpochSecond(999_000 - 60))).isEmpty();
		assertThat(token.refusal(Instant.ofEpochSecond(999_000 - 61))).hasValueSatisfying(why -> assertThat(why).contains("not valid for another 61 s"));
	}

	@ParameterizedTest
	@ValueSource(strings = {"", "opaque", "a.b", "a.b.c", "a.%%%.c", "a.e30.c", "a.W10.c", "a.eyJleHAi.c", "a.b.c.d"})
	void what_cannot_be_read_is_for_the_server_to_judge(String text) {
		assertThat(Token.read(text).refusal(NOW)).isEmpty();
	}

	@ParameterizedTest
	@ValueSource(strings = {"{\"exp\":\"1\"}", "{\"exp\":null}", "{\"exp\":-1}", "{\"exp\":1e300}", "{\"exp\":{\"exp\":1}}"})
	void a_time_that_is_none_counts_for_nothing(String claims) {
		assertThat(token(claims).refusal(NOW)).isEmpty();
	}
}
