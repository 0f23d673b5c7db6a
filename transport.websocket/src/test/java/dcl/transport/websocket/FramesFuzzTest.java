package dcl.transport.websocket;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

import com.code_intelligence.jazzer.junit.FuzzTest;
import org.junit.jupiter.api.Timeout;

import static dcl.transport.websocket.Rig.require;

/**
 * Any bytes as frames, in any pieces, to either role, while its owner sends, pauses and closes. Compared with {@link Reference}: what
 * it says is delivered, and how it says it ends. {@code mvn verify} runs the inputs stored in {@code FramesFuzzTestInputs}; {@code
 * ./fuzz} looks for new ones.
 */
@Timeout(120)
class FramesFuzzTest {

	/** Sizes of pieces and of messages. */
	private static final int[] SIZES = {0, 1, 2, 3, 5, 8, 13, 34, 64, 125, 126, 300, 700, 1_000, 4_096, 16_384};
	private static final int[] MILLIS = {1, 5, 50, 100, 200, 201, 400, 999, 1_000, 1_001, 2_000, 2_200, 5_000, 8_200, 10_200, 15_000};
	private static final byte[] OWN_PING = {0, 'd', 'c', 'l'};

	private record Sent(Reference.Event event, boolean lossy) {
	}

	/** The bytes of the peer come first; then up to 63 steps of a byte each, their count, and the setting. */
	@FuzzTest
	void frames(byte[] data) throws Exception {
		if (data.length < 2) {
			return;
		}
		int setting = data[data.length - 1];
		int steps = Math.min(data[data.length - 2] & 0x3F, data.length - 2);
		byte[] plan = Arrays.copyOfRange(data, data.length - 2 - steps, data.length - 2);
		byte[] wire = Arrays.copyOf(data, data.length - 2 - steps);
		WebSocketLimits limits = (setting & 2) != 0 ? Rig.LARGE : Rig.SMALL;
		boolean bounded = (setting & 8) != 0;
		if (bounded) {
			limits = limits.toBuilder().controlFramesPerSecond(5).build();
		}
		WebSocketLimits chosen = limits;
		Rig.run((setting & 1) != 0, limits, (setting & 4) != 0, (setting & 16) != 0 ? 5 : 0, rig -> new Run(rig, wire, plan, setting, chosen,
				bounded).play());
	}

	private static final class Run {

		final Rig rig;
		final byte[] wire;
		final byte[] plan;
		final int setting;
		final boolean bounded;
		final Reference expected;
		final List<Sent> sent = new ArrayList<>();
		int at;
		int closeCode; // asked for, or 0
		boolean aborted;
		long droppedAtOnce;
		long passed; // ms
		boolean auto = true; // callbacks run as they come

		Run(Rig rig, byte[] wire, byte[] plan, int setting, WebSocketLimits limits, boolean bounded) {
			this.rig = rig;
			this.wire = wire;
			this.plan = plan;
			this.setting = setting;
			this.bounded = bounded;
			expected = Reference.read(wire, !rig.client, limits);
		}

		void play() throws Exception {
			rig.open();
			rig.hand.pass(Loop.TICK_MILLIS, rig.line); // the same phase of the clock for each run
			for (byte step : plan) {
				step(step & 0x0F, step >> 4 & 0x0F);
				rig.hand.idle(rig.line);
				if (auto) {
					rig.hand.settle(rig.line);
				}
				rig.check();
				partial();
			}
			int piece = (setting & 128) != 0 ? 1 : wire.length;
			while (at < wire.length) {
				arrive(piece);
				rig.hand.idle(rig.line);
			}
			rig.line.room = Long.MAX_VALUE;
			rig.connection.resumeReading();
			rig.hand.settle(rig.line);
			rig.check();
			settled();
			rig.end((setting & 32) != 0);
			ended();
		}

		private void arrive(int count) {
			int to = Math.min(wire.length, at + count);
			rig.say(wire, at, to);
			at = to;
		}

		private void step(int what, int how) throws Exception {
			switch (what) {
				case 0, 1, 2, 3, 4 -> arrive(how == 0 ? wire.length : SIZES[how]);
				case 5 -> arrive(SIZES[how]);
				case 6, 7 -> send(2, SIZES[how], what == 7);
				case 8 -> send(how % 2 == 0 ? 9 : 1, SIZES[Math.min(how, 9)], false);
				case 9 -> rig.line.room = how == 15 ? Long.MAX_VALUE : how == 0 ? 0 : Math.min(rig.line.room, 1 << 20) + how * 37L;
				case 10 -> rig.hand.call(how == 15 ? Integer.MAX_VALUE : how);
				case 11 -> {
					if (how % 2 == 0) {
						rig.connection.pauseReading();
					} else {
						rig.connection.resumeReading();
					}
				}
				case 12 -> {
					passed += MILLIS[how];
					rig.hand.pass(MILLIS[how], rig.line);
				}
				case 13 -> {
					if (how >= 12 && closeCode == 0 && !aborted) {
						closeCode = how == 15 ? 4999 : 1000 + how - 12;
						rig.connection.close(closeCode, "x".repeat(how * 10));
					}
				}
				case 14 -> {
					if (how == 15) {
						aborted = true;
						rig.connection.abort();
					}
				}
				default -> auto = how % 2 == 0;
			}
		}

		private void send(int opcode, int size, boolean lossy) {
			byte[] payload = new byte[size];
			Arrays.fill(payload, (byte) ('A' + sent.size() % 50));
			SendResult result = opcode == 9 ? rig.connection.ping(payload)
					: opcode == 1 ? rig.connection.send(new String(payload, java.nio.charset.StandardCharsets.US_ASCII), lossy ? SendMode.LOSSY
							: SendMode.RELIABLE)
					: rig.connection.send(payload, lossy ? SendMode.LOSSY : SendMode.RELIABLE);
			if (result == SendResult.ACCEPTED) {
				sent.add(new Sent(new Reference.Event(opcode, payload), lossy));
			}
			droppedAtOnce += result == SendResult.DROPPED ? 1 : 0;
			require(result != SendResult.DROPPED || lossy, "a reliable message was dropped");
			require(result != SendResult.FULL || !lossy, "a lossy message was refused");
		}

		/** Whether nothing but the peer can have ended it, nor has it waited longer for a full socket than a close frame may. */
		private boolean undisturbed() {
			return closeCode == 0 && !aborted && passed < 2_000 && !bounded;
		}

		/** At any time: what was delivered is the begin of what may be, and what was written the begin of something valid. */
		private void partial() {
			require(Reference.startsWith(expected.messages(), rig.told.messages), "delivered " + rig.told.messages + ", expected " + expected);
		}

		/** When all of the peer's bytes are here, and everything has come to rest. */
		private void settled() {
			partial();
			Reference written = written();
			if (undisturbed()) {
				require(Reference.same(expected.messages(), rig.told.messages), "delivered " + rig.told.messages + ", expected " + expected);
				List<Reference.Event> pongs = expected.events.stream().filter(e -> e.opcode() == 10 && !Arrays.equals(e.payload(), OWN_PING)).toList();
				require(Reference.same(pongs, rig.told.pongs), "pongs " + rig.told.pongs + ", expected " + pongs);
				if (expected.end == Reference.End.MORE) {
					require(rig.told.ending == null, "it ended: " + rig.told.ending);
					List<Reference.Event> pings = expected.events.stream().filter(e -> e.opcode() == 9).toList();
					List<Reference.Event> answers = written.events.stream().filter(e -> e.opcode() == 10).toList();
					require(pings.isEmpty() == answers.isEmpty() && (pings.isEmpty()
							|| Arrays.equals(pings.get(pings.size() - 1).payload(), answers.get(answers.size() - 1).payload())),
									"the newest ping was not answered");
					long gaveWay = rig.connection.droppedMessages() - droppedAtOnce;
					require(own(written).size() + gaveWay == sent.size(), own(written).size() + " written and " + gaveWay + " dropped of " + sent.size());
					require(rig.connection.queuedBytes() == 0, "something is still queued");
				} else {
					require(rig.told.ending != null, "it did not end");
					require(written.end == Reference.End.CLOSE && written.code == (expected.code == 1005 ? 1000 : expected.code), "closed with "
							+ written.code);
				}
			}
		}

		private static List<Reference.Event> own(Reference written) {
			return written.events.stream().filter(e -> e.opcode() != 10 && !(e.opcode() == 9 && Arrays.equals(e.payload(), OWN_PING))).toList();
		}

		/** Reads what was written, and checks that it is what a peer of the other role accepts, in order, and nothing else. */
		private Reference written() {
			byte[] out = rig.line.out.toByteArray();
			Reference written = Reference.read(out, rig.client, WebSocketLimits.defaults());
			require(written.end != Reference.End.BROKEN, "wrote a frame that must be refused with " + written.code);
			require(written.end != Reference.End.CLOSE || written.whole == out.length, "wrote something after the close frame");
			BitSet next = new BitSet(); // where it may stand: empty messages look alike, and which of them gave way does not show
			next.set(0);
			for (Reference.Event event : own(written)) {
				BitSet after = new BitSet();
				for (int from = next.nextSetBit(0); from >= 0; from = next.nextSetBit(from + 1)) {
					boolean passable = true;
					for (int i = from; i < sent.size() && passable; i++) {
						if (Reference.same(List.of(sent.get(i).event), List.of(event))) {
							after.set(i + 1);
						}
						passable = sent.get(i).lossy;
					}
				}
				require(!after.isEmpty(), "wrote " + event + ", which was not sent then");
				next = after;
			}
			List<Reference.Event> pings = expected.events.stream().filter(e -> e.opcode() == 9).toList();
			int ping = 0;
			for (Reference.Event event : written.events) {
				if (event.opcode() == 10) {
					while (ping < pings.size() && !Arrays.equals(pings.get(ping).payload(), event.payload())) {
						ping++;
					}
					require(ping < pings.size(), "answered a ping that did not come");
					ping++;
				}
			}
			return written;
		}

		private void ended() {
			partial();
			Reference written = written();
			WebSocketEnding ending = rig.told.ending;
			if (undisturbed()) {
				switch (expected.end) {
					case MORE -> require(ending.kind() == WebSocketEnding.Kind.LOST && ending.code() == 1006, "expected a loss, got " + ending);
					case CLOSE -> require(ending.kind() == WebSocketEnding.Kind.CLOSED_BY_PEER && ending.code() == expected.code
							&& ending.reason().equals(Text.line(expected.reason)), "expected the peer's close, got " + ending);
					default -> require(ending.code() == expected.code
							&& ending.kind() == (expected.code == 1009 ? WebSocketEnding.Kind.TOO_BIG : WebSocketEnding.Kind.PROTOCOL),
									"expected a refusal, got " + ending);
				}
				return;
			}
			switch (ending.kind()) {
				case CLOSED_BY_US -> require(aborted && ending.code() == 1006 || ending.code() == closeCode && closeCode != 0, "nobody closed: "
						+ ending);
				case CLOSED_BY_PEER -> require(expected.end == Reference.End.CLOSE && expected.code == ending.code(), "the peer did not close: "
						+ ending);
				case PROTOCOL, TOO_BIG -> require(expected.end == Reference.End.BROKEN && expected.code == ending.code() || bounded
						&& ending.code() == 1008,
						"the peer broke nothing: " + ending);
				case HALF_OPEN, WRITE_STALL -> require(passed >= 5_000, "not that much time has passed: " + ending);
				case LOST -> { }
				default -> throw new AssertionError("an end that cannot be: " + ending);
			}
			if (written.end == Reference.End.CLOSE) {
				require(written.code == closeCode || written.code == (expected.code == 1005 ? 1000 : expected.code) || bounded && written.code == 1008,
						"closed with " + written.code);
			}
		}
	}
}
