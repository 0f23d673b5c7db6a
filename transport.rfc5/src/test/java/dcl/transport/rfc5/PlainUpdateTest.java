package dcl.transport.rfc5;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.CodedOutputStream;
import com.sun.management.ThreadMXBean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.provider.Arguments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

/** The hand-written way of an update against the generated parser, which is always right. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class PlainUpdateTest {

	/** Well-formed and not: numbers longer than needed, fields twice or in another order, wrong wire types, ends in the wrong place. */
	private static final List<String> ODD = List.of("1a", "1a00", "1a80", "1a8000", "1a808080808000", "1a80808080808080808000",
			"1a8080808080808080808000", "1aff", "1affffffff07", "1affffffff0f", "1affffffffffffffffff01", "9a0000", "9a800000", "1a020800",
			"1a030880" + "00", "1a0b08ffffffffffffffffff01", "1a0608ffffffff0f", "1a0608ffffffff1f", "1a0708ffffffffff00", "1a0b088080808080808080807f",
			"1a021800", "1a021802", "1a0618" + "8080808010", "1a0618" + "8080808008", "1a0b1880808080808080808001", "1a0b1880808080808080808002",
			"1a021200", "1a03120101", "1a03120201", "1a031280" + "00", "1a0412800101", "1a071200120101" + "1200", "1a0818011201ff0805" + "1200",
			"1a0612010112010208", "1a0608011800" + "0802", "1a020a00", "1a020f00", "1a021000", "1a051000120101", "1a0612" + "ffffffff0f",
			"1a0712" + "ffffffff0f01", "1a020000", "1a0412012300", "1a021c00", "1a041b0801" + "1c", "1a031b081c", "1a0408011b1c", "1a03080118",
			"1a020801" + "1a021801", "1a0208011a", "1a02080100", "1a0208013200", "32001a020801", "1a0208017a00", "1a032200" + "08", "1a042200" + "0801",
			"1b1a0208011c", "1b1a020801", "1a0208011c", "180112010b", "1d00000000", "1900000000000000001a00");

	@Test
	void it_agrees_with_the_generated_parser_on_every_vector_and_every_oddity() throws IOException {
		for (byte[] seed : seeds()) {
			agree(seed);
		}
	}

	@Test
	void it_agrees_with_the_generated_parser_on_two_hundred_thousand_mutations() throws IOException {
		List<byte[]> seeds = seeds();
		Random random = new Random(5);
		int plain = 0;
		int good = 0;
		int bad = 0;
		for (int i = 0; i < 200_000; i++) {
			byte[] mutant = mutate(seeds.get(random.nextInt(seeds.size())), seeds, random);
			boolean accepted = agree(mutant);
			if (Wire.plainUpdate(mutant, 0, mutant.length) != null) {
				plain++;
			} else if (accepted) {
				good++;
			} else {
				bad++;
			}
		}
		assertThat(plain).as("mutants read by hand").isGreaterThan(10_000);
		assertThat(good).as("mutants left to the generated parser").isGreaterThan(5_000);
		assertThat(bad).as("mutants refused").isGreaterThan(20_000);
	}

	@Test
	void it_agrees_with_the_generated_parser_on_a_hundred_thousand_updates_put_together_from_fields() throws IOException {
		Random random = new Random(55);
		int plain = 0;
		for (int i = 0; i < 100_000; i++) {
			byte[] update = put(random);
			agree(update);
			plain += Wire.plainUpdate(update, 0, update.length) != null ? 1 : 0;
		}
		assertThat(plain).as("updates read by hand").isGreaterThan(20_000);
	}

	@Test
	void every_ordinary_update_is_read_by_hand() throws Exception {
		for (int alias : new int[]{0, 1, 300, 70_000, Integer.MAX_VALUE, -1}) {
			for (int size : new int[]{0, 1, 87, 16_000}) {
				WsPacket.PeerUpdate update = WsPacket.PeerUpdate.of(alias, new byte[size], size % 2 == 0);
				byte[] frame = update.encode();
				assertThat(Wire.plainUpdate(frame, 0, frame.length)).isEqualTo(update);
			}
		}
	}

	@Test
	void decoding_an_update_allocates_nothing_but_the_result() throws Exception {
		ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
		byte[] frame = WsPacket.PeerUpdate.of(42, new byte[87], true).encode();
		WsPacket[] kept = new WsPacket[20_000];
		for (int i = 0; i < kept.length; i++) {
			kept[i] = WsPacket.decode(frame);
		}
		Arrays.fill(kept, null);
		long thread = Thread.currentThread().getId();

		long before = threads.getThreadAllocatedBytes(thread);
		for (int i = 0; i < kept.length; i++) {
			kept[i] = WsPacket.decode(frame);
		}
		double each = (threads.getThreadAllocatedBytes(thread) - before) / (double) kept.length;

		// The result itself has a header, two references' worth and three numbers: 32 or 40 bytes.
		assertThat(each).isBetween(24.0, 48.0);
		assertThat(kept).doesNotContainNull();
	}

	private static List<byte[]> seeds() throws IOException {
		List<byte[]> seeds = new ArrayList<>();
		for (Arguments vector : Vectors.packets().toList()) {
			seeds.add(Vectors.bytes((JsonNode) vector.get()[1]));
		}
		for (Arguments vector : Vectors.oddInput().toList()) {
			seeds.add(Vectors.bytes((JsonNode) vector.get()[1]));
		}
		for (String odd : ODD) {
			seeds.add(HexFormat.of().parseHex(odd));
		}
		for (int size : new int[]{0, 1, 3, 20, 60, 87, 118, 119, 120, 126, 127, 128, 200}) {
			// More of the messages that the way by hand is for.
			seeds.add(WsPacket.PeerUpdate.of(size, new byte[size], false).encode());
			seeds.add(WsPacket.PeerUpdate.of(-size, new byte[size], true).encode());
		}
		return seeds;
	}

	private static byte[] mutate(byte[] seed, List<byte[]> seeds, Random random) {
		byte[] mutant = seed.clone();
		for (int n = random.nextInt(4); n >= 0; n--) {
			int at = mutant.length == 0 ? 0 : random.nextInt(mutant.length);
			switch (random.nextInt(6)) {
				case 0 :
					mutant = Arrays.copyOf(mutant, at);
					break;
				case 1 :
					mutant = concat(mutant, seeds.get(random.nextInt(seeds.size())));
					break;
				case 2 :
					mutant = concat(Arrays.copyOf(mutant, at), new byte[]{(byte) random.nextInt(256)}, Arrays.copyOfRange(mutant, at, mutant.length));
					break;
				case 3 :
					if (mutant.length > 0) {
						mutant[at] ^= (byte) (1 << random.nextInt(8));
					}
					break;
				case 4 :
					if (mutant.length > 0) {
						mutant[at] = (byte) random.nextInt(256);
					}
					break;
				default :
					// unchanged, so that a share of the good ones stays good
			}
		}
		return mutant;
	}

	/** Returns an update of fields in any order and number, most of them known, its length mostly right. */
	private static byte[] put(Random random) throws IOException {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		CodedOutputStream inner = CodedOutputStream.newInstance(bytes);
		for (int n = random.nextInt(6); n > 0; n--) {
			switch (random.nextInt(8)) {
				case 0, 1 :
					inner.writeTag(1, 0);
					number(inner, random);
					break;
				case 2, 3, 4 :
					inner.writeByteArray(2, new byte[random.nextInt(200)]);
					break;
				case 5, 6 :
					inner.writeTag(3, 0);
					number(inner, random);
					break;
				default :
					inner.writeTag(random.nextInt(20) + 1, random.nextInt(6));
					number(inner, random);
			}
		}
		inner.flush();
		ByteArrayOutputStream whole = new ByteArrayOutputStream();
		CodedOutputStream outer = CodedOutputStream.newInstance(whole);
		outer.writeTag(random.nextInt(20) == 0 ? 1 + random.nextInt(9) : 3, 2);
		outer.writeUInt32NoTag(bytes.size() + (random.nextInt(20) == 0 ? random.nextInt(5) - 2 : 0));
		outer.writeRawBytes(bytes.toByteArray());
		outer.flush();
		return whole.toByteArray();
	}

	/** Writes a number, now and then with more bytes than it needs. */
	private static void number(CodedOutputStream out, Random random) throws IOException {
		long value = random.nextLong() >>> random.nextInt(64);
		out.writeUInt64NoTag(random.nextInt(3) == 0 ? 0 : value);
		if (random.nextInt(10) == 0) {
			out.write((byte) 0x80);
			out.write((byte) 0x00);
		}
	}

	/** Fails unless both ways give the same message or the same refusal; returns whether it is a message. */
	private static boolean agree(byte[] bytes) {
		WsPacket expected;
		try {
			expected = Wire.parse(bytes, 0, bytes.length);
		} catch (MalformedWsPacketException e) {
			try {
				fail("%s is refused (%s) but decodes to %s", HexFormat.of().formatHex(bytes), e.getMessage(), WsPacket.decode(bytes));
			} catch (MalformedWsPacketException same) {
				assertThat(same.getMessage()).isEqualTo(e.getMessage());
			}
			return false;
		}
		try {
			WsPacket decoded = WsPacket.decode(bytes);
			if (!decoded.equals(expected)) {
				fail("%s is %s but decodes to %s", HexFormat.of().formatHex(bytes), expected, decoded);
			}
		} catch (MalformedWsPacketException e) {
			fail("%s is %s but is refused: %s", HexFormat.of().formatHex(bytes), expected, e.getMessage());
		}
		return true;
	}

	private static byte[] concat(byte[]... parts) {
		ByteArrayOutputStream all = new ByteArrayOutputStream();
		for (byte[] part : parts) {
			all.writeBytes(part);
		}
		return all.toByteArray();
	}
}
