package dcl.transport;

import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.params.provider.Arguments.arguments;

@Timeout(30)
class TransportUriTest {

	/** Strings seen in the wild and strings made to leak, with the form fit for logs. CANARY stands for what must not show. */
	static Stream<Arguments> accepted() {
		return Stream.of(
				arguments("ws-room:ws-room-service.example.org/rooms/123-room-id", "ws-room:…"),
				arguments("ws-room:mini-comms.example.org/rooms/test-room", "ws-room:…"),
				arguments("ws-room:ws://127.0.0.1:8001/mini-comms/room-1", "ws-room:ws://127.0.0.1:8001/…"),
				arguments("ws-room:wss://comms.example.com/rooms/CANARY", "ws-room:wss://comms.example.com/…"),
				arguments("ws-room:WSS://Comms.Example.com/rooms/CANARY", "ws-room:WSS://Comms.Example.com/…"),
				arguments("ws-room:wss://comms.example.com", "ws-room:wss://comms.example.com"),
				arguments("ws-room:wss://comms.example.com/", "ws-room:wss://comms.example.com/…"),
				arguments("ws-room:wss://comms.example.com:443", "ws-room:wss://comms.example.com:443"),
				arguments("ws-room:wss://comms.example.com./CANARY", "ws-room:wss://comms.example.com./…"),
				arguments("ws-room://host/CANARY", "ws-room:…"),
				arguments("ws-room:wss:host/CANARY", "ws-room:…"),
				arguments("ws-room:", "ws-room:"),
				arguments("livekit:wss://comms.example.com?access_token=eyJCANARY.eyJ.sig", "livekit:wss://comms.example.com/…"),
				arguments("livekit:wss://comms.example.com/?access_token=CANARY&auto_subscribe=1", "livekit:wss://comms.example.com/…"),
				arguments("livekit:wss://comms.example.com#CANARY", "livekit:wss://comms.example.com/…"),
				arguments("livekit:wss://comms.example.com/path#?access_token=CANARY", "livekit:wss://comms.example.com/…"),
				arguments("livekit:comms.example.com?access_token=CANARY", "livekit:…"),
				arguments("livekit:access_token=CANARY", "livekit:…"),
				arguments("livekit:wss://user:CANARY@comms.example.com/x", "livekit:wss://comms.example.com/…"),
				arguments("livekit:wss://CANARY@comms.example.com", "livekit:wss://comms.example.com/…"),
				arguments("livekit:wss://user:CANARY@comms.example.com:7880?x", "livekit:wss://comms.example.com:7880/…"),
				arguments("livekit:wss://a@CANARY@host/", "livekit:…"),
				arguments("livekit:wss://CANARY@host?x=1@host2/CANARY", "livekit:wss://host/…"),
				arguments("livekit:wss://host\\@CANARY/x", "livekit:…"),
				arguments("livekit:wss://host\\CANARY/x", "livekit:…"),
				arguments("livekit:wss://ho st/CANARY", "livekit:…"),
				arguments("livekit:wss://ho\nst/CANARY", "livekit:…"),
				arguments("livekit:wss://host\n", "livekit:wss://host/…"),
				arguments("livekit:wss://host\u0000.evil/CANARY", "livekit:…"),
				arguments("livekit:wss://host%2fCANARY", "livekit:…"),
				arguments("livekit:wss%3A%2F%2Fhost%3Faccess_token%3DCANARY", "livekit:…"),
				arguments("livekit:wss://host/%63%61?access_token=%43ANARY", "livekit:wss://host/…"),
				arguments("livekit:wss://h\u00f6st/CANARY", "livekit:…"),
				arguments("livekit:wss://host\u202e/CANARY", "livekit:…"),
				arguments("livekit:wss://[::1]:7880/CANARY", "livekit:wss://[::1]:7880/…"),
				arguments("livekit:wss://[2001:db8::1]?access_token=CANARY", "livekit:wss://[2001:db8::1]/…"),
				arguments("livekit:wss://[::ffff:127.0.0.1]/CANARY", "livekit:wss://[::ffff:127.0.0.1]/…"),
				arguments("livekit:wss://[fe80::1%25CANARY]/", "livekit:…"),
				arguments("livekit:wss://[CANARY]/", "livekit:…"),
				arguments("livekit:wss://[::1]CANARY/", "livekit:…"),
				arguments("livekit:wss://host:CANARY/", "livekit:…"),
				arguments("livekit:wss://host:123456/", "livekit:…"),
				arguments("livekit:wss://host:/CANARY", "livekit:…"),
				arguments("livekit:wss://:8080/CANARY", "livekit:…"),
				arguments("livekit:wss:///CANARY", "livekit:…"),
				arguments("livekit:wss://", "livekit:…"),
				arguments("livekit:://CANARY", "livekit:…"),
				arguments("livekit:CANARYCANARYCANARY://host", "livekit:…"),
				arguments("livekit:wss://" + "CANARY".repeat(11) + ".b.c/", "livekit:…"),
				arguments("livekit:wss://" + "a.".repeat(16) + "CANARY/", "livekit:…"),
				arguments("livekit:wss://..CANARY/", "livekit:…"),
				arguments("signed-login:https://my-server/authenticate-comms", "signed-login:https://my-server/…"),
				arguments("signed-login:https://worlds.example.org/get-comms-adapter/world-prd-menduz.dcl.eth", "signed-login:https://worlds.example.org/…"),
				arguments("signed-login:https://comms.example.com/auth&param=CANARY", "signed-login:https://comms.example.com/…"),
				arguments("signed-login:https://comms.example.com&CANARY=1", "signed-login:…"),
				arguments("fixed-adapter:signed-login:https://worlds.example.org/worlds/CANARY/comms", "fixed-adapter:…"),
				arguments("fixed-adapter:offline:offline", "fixed-adapter:…"),
				arguments("offline:offline", "offline:…"),
				arguments("archipelago:archipelago:wss://archipelago.example.org/ws", "archipelago:…"),
				arguments("archipelago:wss://archipelago.example.org/ws", "archipelago:wss://archipelago.example.org/…"),
				arguments("simulator:?random=1&speed=2&position=1,2", "simulator:…"),
				arguments("lighthouse:https://peer.example.org/comms", "lighthouse:https://peer.example.org/…"),
				arguments("p2p:I1.CANARY", "p2p:…"),
				arguments("ws:test-adapter.com", "ws:…"),
				arguments("acme:acme+tcp://host/CANARY", "acme:acme+tcp://host/…"),
				arguments("a1:CANARY", "a1:…"),
				arguments("acme--x-:CANARY", "acme--x-:…"));
	}

	@ParameterizedTest
	@MethodSource("accepted")
	void a_connection_string_is_split_at_the_first_colon_and_shown_without_secrets(String text, String shown) {
		TransportUri uri = TransportUri.parse(text);
		assertThat(uri).hasToString(shown);
		assertThat(uri.text()).isEqualTo(text);
		assertThat(uri.type() + ":" + uri.params()).isEqualTo(text);
		assertThat(uri.type()).doesNotContain(":");
		assertThat(uri).isEqualTo(TransportUri.parse(text)).hasSameHashCodeAs(TransportUri.parse(text));
		assertThat(uri.toString()).doesNotContain("CANARY");
	}

	@ParameterizedTest
	@ValueSource(strings = {"", "offline", "CANARYtoken", ":CANARY", "LIVEKIT:CANARY", "Ws-Room:CANARY", "wsRoom:CANARY", "a:CANARY", "1a:CANARY", "-a:CANARY",
			"ws room:CANARY", " ws-room:CANARY", "ws_room:CANARY", "ws.room:CANARY", "ws-room\n:CANARY", "ws\u2010room:CANARY", "\u0455imulator:CANARY",
			"\u0131a:CANARY", "wss//host:CANARY", "a\u00e9:CANARY", "{\"a\":\"CANARY\"}", "%77s-room:CANARY"})
	void anything_else_is_refused_without_quoting_the_params(String text) {
		Throwable refused = catchThrowable(() -> TransportUri.parse(text));
		assertThat(refused).isInstanceOf(IllegalArgumentException.class);
		assertThat(refused.getMessage()).doesNotContain("CANARY").doesNotContain("\n").hasSizeLessThan(250);
	}

	@Test
	void the_bound_is_8_kib() {
		String longest = "livekit:" + "x".repeat(TransportUri.MAX_LENGTH - 8);
		assertThat(TransportUri.MAX_LENGTH).isEqualTo(8_192);
		assertThat(TransportUri.parse(longest).params()).hasSize(8_184);
		assertThatThrownBy(() -> TransportUri.parse(longest + "x")).isInstanceOf(IllegalArgumentException.class)
				.hasMessage("a connection string has at most 8192 characters, this one has 8193");
		assertThatThrownBy(() -> TransportUri.parse("x".repeat(10_000_000))).isInstanceOf(IllegalArgumentException.class);
		assertThatThrownBy(() -> TransportUri.parse(null)).isInstanceOf(NullPointerException.class);
	}

	@Test
	void the_longest_and_most_awkward_ones_are_shown_quickly() {
		for (String params : new String[] {"wss://" + "a.".repeat(4_000), "wss://" + "@".repeat(8_000), "wss://" + "a@".repeat(4_000) + "/", "a".repeat(8_000) + "://",
				"wss://" + "a-".repeat(4_000) + "!", "wss://[" + ":".repeat(8_000)}) {
			TransportUri uri = TransportUri.parse("livekit:" + params);
			long begin = System.nanoTime();
			assertThat(uri.toString()).isEqualTo("livekit:…");
			assertThat(System.nanoTime() - begin).isLessThan(500_000_000L);
		}
	}
}
