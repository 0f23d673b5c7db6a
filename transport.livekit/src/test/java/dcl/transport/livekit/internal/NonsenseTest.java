package dcl.transport.livekit.internal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;

import com.google.protobuf.ByteString;
import dcl.transport.Delivery.Reliability;
import dcl.transport.PeerId;
import dcl.transport.livekit.internal.proto.DataPacket;
import dcl.transport.livekit.internal.proto.UserPacket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/** What others write must not throw, however broken. Seeded, so that a failure can be seen again; {@code -Dnonsense.times} makes it longer. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class NonsenseTest {

	private static final int TIMES = Integer.getInteger("nonsense.times", 20_000);

	private static byte[] broken(byte[] whole, Random random) {
		byte[] bytes = whole.clone();
		for (int i = random.nextInt(4); i >= 0; i--) {
			bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
		}
		return random.nextInt(4) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes;
	}

	@Test
	void no_message_of_a_data_channel_stops_the_next_one() throws Exception {
		try (FakeContext context = new FakeContext()) {
			Participants participants = new Participants(new Participants.Changes() {

				@Override
				public void joined(PeerId peer) {
				}

				@Override
				public void left(PeerId peer) {
				}

				@Override
				public void invalid(String why) {
				}
			});
			DataPath data = new DataPath(context, participants, (peer, identity, sid) -> assertThat(sid).isNotEmpty(), Settings.of(new Fixture.Config()));
			byte[] whole = DataPacket.newBuilder().setKind(1).setParticipantIdentity("0x" + "A".repeat(40)).setParticipantSid("PA_x").setSequence(7)
					.addDestinationIdentities("us").setUser(UserPacket.newBuilder().setPayload(ByteString.copyFromUtf8("payload")).setTopic("topic"))
					.build().toByteArray();
			Random random = new Random(1);
			for (int i = 0; i < TIMES; i++) {
				data.message(ByteBuffer.wrap(broken(whole, random)).asReadOnlyBuffer(), random.nextBoolean() ? Reliability.RELIABLE : Reliability.LOSSY);
			}
			context.events.clear();
			data.message(ByteBuffer.wrap(Fixture.from("alice", "", 0, "still here")), Reliability.RELIABLE);
			assertThat(context.next()).isEqualTo("RELIABLE still here from alice");
			assertThat(context.invalid).hasPositiveValue();
		}
	}

	@Test
	void no_candidate_and_no_token_is_more_than_unreadable() {
		byte[] candidate = new Candidate("candidate:1 1 udp 2122260223 10.0.0.1 5000 typ host", "0", 0).write().getBytes(StandardCharsets.UTF_8);
		byte[] token = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3OTUzMzAxMDYsIm5iZiI6MTc5NTMyOTgwMSwidmlkZW8iOnsicm9vbSI6InIifX0.x".getBytes(StandardCharsets.US_ASCII);
		Random random = new Random(2);
		int unreadable = 0;
		for (int i = 0; i < TIMES; i++) {
			try {
				assertThat(Candidate.read(new String(broken(candidate, random), StandardCharsets.ISO_8859_1)).index()).isNotNegative();
			} catch (IOException expected) {
				unreadable++;
			}
			assertThat(Token.read(new String(broken(token, random), StandardCharsets.ISO_8859_1))).isNotNull();
		}
		assertThat(unreadable).isPositive();
	}
}
