package dcl.transport.itest.embedded;

import java.util.Set;
import java.util.concurrent.CompletableFuture;

import dcl.transport.PeerId;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportListener;
import dcl.transport.TransportOptions;
import dcl.transport.TransportRegistry;
import dcl.transport.TransportUri;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** The type livekit where libwebrtc is not: installed, without the fragment that has the library. */
@Timeout(240)
class UnavailableIT {

	private static final String NATIVES = "dcl.transport.webrtc.natives.";

	@Test
	void a_livekit_room_without_libwebrtc_is_unsupported_names_the_fragment_and_leaves_the_others_alone() throws Exception {
		try (OwnFramework framework = new OwnFramework(name -> !name.startsWith(NATIVES), "dcl.transport.api")) {
			TransportRegistry registry = framework.service(TransportRegistry.class);
			Await.until("both types are there", () -> registry.types().containsAll(Set.of("livekit", "offline")));

			for (int attempt = 0; attempt < 2; attempt++) { // the second as well, though the library was asked for before
				Transport room = registry.create(TransportUri.parse("livekit:wss://rooms.invalid?access_token=canary-7f3a"), TransportOptions.none());
				assertThatThrownBy(() -> Await.result(room.connect().toCompletableFuture())).cause()
						.isInstanceOfSatisfying(TransportException.class, failure -> {
							assertThat(failure.code()).isEqualTo(Code.UNSUPPORTED);
							assertThat(failure.getMessage()).contains("the bundle " + NATIVES, "is not installed").doesNotContain("canary");
						});
			}

			CompletableFuture<Set<PeerId>> connected = new CompletableFuture<>();
			Transport offline = registry.create(TransportUri.parse("offline:offline"), TransportOptions.none());
			offline.listen(new TransportListener() {
				@Override
				public void connected(Set<PeerId> peers) {
					connected.complete(peers);
				}
			});
			Await.result(offline.connect().toCompletableFuture());
			assertThat(Await.result(connected)).isEmpty();
		}
	}
}
