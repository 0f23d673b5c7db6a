package dcl.transport.livekit.internal;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(30)
class RoomUrlTest {

	@ParameterizedTest
	@CsvSource({
			"wss://example.org?access_token=a.b.c,                wss://example.org/rtc/v1?join_request=eA%3D%3D,              a.b.c",
			"wss://example.org/?access_token=a,                   wss://example.org/rtc/v1?join_request=eA%3D%3D,              a",
			"https://example.org:7880/x/?access_token=a,          wss://example.org:7880/x/rtc/v1?join_request=eA%3D%3D,       a",
			"HTTP://[::1]:7880?a=%20b&access_token=x-_~&c,        ws://[::1]:7880/rtc/v1?a=%20b&c&join_request=eA%3D%3D,       x-_~",
			"ws://h?access_token=a%2Eb%3D,                        ws://h/rtc/v1?join_request=eA%3D%3D,                         a.b=",
			"ws://h?access_token=a+b%2Bc,                         ws://h/rtc/v1?join_request=eA%3D%3D,                         a+b+c",
			"ws://h?xaccess_token=n&access_token=a,               ws://h/rtc/v1?xaccess_token=n&join_request=eA%3D%3D,         a"})
	void port_path_and_other_parameters_are_kept_and_the_token_is_not(String params, String url, String token) {
		RoomUrl parsed = RoomUrl.of(params).orElseThrow();
		assertThat(parsed.signalling("eA==")).hasToString(url);
		assertThat(parsed.token()).isEqualTo(token);
		assertThat(parsed.toString()).doesNotContain(token + "]").doesNotContain("?");
	}

	@ParameterizedTest
	@ValueSource(strings = {"", "example.org?access_token=a", "wss://example.org", "wss://example.org?access_token=", "wss://example.org?x=access_token", "wss://?access_token=a",
			"ftp://example.org?access_token=a", "wss://u:p@example.org?access_token=a", "wss://example.org?access_token=a#f", "wss://example.org:0?access_token=a",
			"wss://example.org:70000?access_token=a", "wss://example.org?access_token=a&access_token=b", "wss://example.org?access_token=a%0D%0AX:%20b",
			"wss://example.org?access_token=%zz", "wss://exa mple.org?access_token=a", "wss://example.org?access_token=%C3%A9"})
	void anything_else_is_vetoed(String params) {
		assertThat(RoomUrl.of(params)).isEmpty();
	}

	@Test
	void a_port_is_the_default_of_the_scheme() {
		assertThat(RoomUrl.of("wss://h?access_token=a").orElseThrow().port()).isEqualTo(443);
		assertThat(RoomUrl.of("ws://h?access_token=a").orElseThrow().port()).isEqualTo(80);
		assertThat(RoomUrl.of("ws://h:7880?access_token=a").orElseThrow().port()).isEqualTo(7880);
	}
}
