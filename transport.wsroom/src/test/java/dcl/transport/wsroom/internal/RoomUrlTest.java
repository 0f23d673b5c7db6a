package dcl.transport.wsroom.internal;

import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(value = 10, unit = TimeUnit.SECONDS)
class RoomUrlTest {

	@ParameterizedTest
	@CsvSource({
			"ws-room-service.decentraland.org/rooms/123-room-id, wss://ws-room-service.decentraland.org/rooms/123-room-id",
			"ws://127.0.0.1:8001/mini-comms/room-1, ws://127.0.0.1:8001/mini-comms/room-1",
			"wss://sdk-test-scenes.decentraland.zone/mini-comms/room-1, wss://sdk-test-scenes.decentraland.zone/mini-comms/room-1",
			"WSS://host/x, wss://host/x",
			"Ws://host/x, ws://host/x",
			"https://host/x?y=z, wss://host/x?y=z",
			"HTTP://host, ws://host",
			"//host/x, wss://host/x",
			"localhost:5000/rooms/a, wss://localhost:5000/rooms/a",
			"ws://[::1]:9/rooms/a, ws://[::1]:9/rooms/a",
			"host, wss://host"})
	void a_missing_scheme_is_wss_and_an_odd_one_is_read_kindly(String params, String url) {
		assertThat(RoomUrl.of(params)).hasValueSatisfying(found -> assertThat(found).hasToString(url));
	}

	@ParameterizedTest
	@ValueSource(strings = {"", " ", "/rooms/x", "ftp://host/x", "wss://", "wss:///rooms/x", "ws://user:secret@host/x", "ws://host/x#y", "ws://host:0/x",
			"ws://host:65536/x", "ws://host:x/", "a b", "ws://ho st/", "wss:host/x", "ws://host/%zz", "ws://-/\u0000", "javascript://x", "?a=b", "#"})
	void what_is_no_url_of_a_room_is_vetoed(String params) {
		assertThat(RoomUrl.of(params)).isEmpty();
	}
}
