package dcl.transport.itest.livekit;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.management.OperatingSystemMXBean;
import dcl.transport.Delivery;
import dcl.transport.Packet;
import dcl.transport.itest.chaos.History.Stamp;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Figures of ours and of @livekit/rtc-node on the same server, one after the other: printed, and written to {@code target/livekit/figures.txt}. Not for CI, where
 * neighbours decide. The receiver is the same both times: rtc-node in a process of its own.
 */
@ExtendWith(Rig.class)
@EnabledIfSystemProperty(named = "livekit.figures", matches = "true", disabledReason = "figures are taken on purpose: -Dlivekit.figures=true")
@Timeout(300)
class FiguresIT {

	private static final int BYTES = 1_024;
	private static final int RELIABLE = 20_000;
	private static final int LOSSY = 20_000;
	private static final int WARM = 5_000;
	private static final int JOINS = 21;
	private static final int ROOMS = 20;
	private static final int LOSSY_PER_SECOND = 2_000;

	@AutoClose
	Client receiver;
	@AutoClose
	Client sender;

	private final List<String> lines = new ArrayList<>();

	@BeforeEach
	void start() throws Exception {
		receiver = Client.start(Client.Kind.NODE);
		sender = Client.start(Client.Kind.NODE);
	}

	private void say(String format, Object... arguments) throws IOException {
		lines.add(String.format(Locale.ROOT, format, arguments));
		Files.write(Foreign.logs().resolve("figures.txt"), lines);
		System.out.println(lines.get(lines.size() - 1));
	}

	private static long processorNanos() {
		return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
	}

	@Test
	void figures() throws Exception {
		say("%s, %s, load %.1f", System.getProperty("java.vm.version"), Runtime.getRuntime().availableProcessors() + " cores",
				ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
		memory(); // before there is anything of closed rooms, whose pages are given back later
		joins();
		throughput();
		sizes();
		assertThat(lines).hasSizeGreaterThan(7);
	}

	private void joins() throws Exception {
		List<Double> ours = new ArrayList<>();
		List<Double> theirs = new ArrayList<>();
		for (int i = 0; i < JOINS; i++) {
			String room = Rig.unique("join");
			long begin = System.nanoTime();
			try (Us us = Us.enter(room)) {
				ours.add((System.nanoTime() - begin) / 1e6);
				assertThat(us.next()).isEqualTo("connected []");
			}
			try (Guest guest = sender.guest(Rig.unique("join"))) {
				String alone = Rig.unique("join");
				guest.tell(Client.command("connect").put("url", LiveKitServer.URL).put("token", Token.of(alone, guest.identity()).text()));
				theirs.add(guest.next("connected").path("millis").asDouble());
			}
		}
		ours.sort(null);
		theirs.sort(null);
		say("join, p50 of %d: ours %.0f ms, rtc-node %.0f ms", JOINS, ours.get(JOINS / 2), theirs.get(JOINS / 2));
	}

	private void throughput() throws Exception {
		String room = Rig.unique("flow");
		try (Guest ear = receiver.guest(Rig.unique("ear")); Guest mouth = sender.guest(Rig.unique("mouth")); Us us = Us.enter(room)) {
			ear.enter(room);
			mouth.enter(room);
			ours(us, ear, WARM, true, 0, "warm-up");
			theirs(mouth, ear, WARM, true, 0, "warm-up");
			for (int turn = 1; turn <= 3; turn++) {
				ours(us, ear, RELIABLE, true, 0, "reliable 1 KiB, turn " + turn);
				theirs(mouth, ear, RELIABLE, true, 0, "reliable 1 KiB, turn " + turn);
			}
			ours(us, ear, LOSSY, false, LOSSY_PER_SECOND, "lossy 1 KiB at " + LOSSY_PER_SECOND + "/s");
			theirs(mouth, ear, LOSSY, false, LOSSY_PER_SECOND, "lossy 1 KiB at " + LOSSY_PER_SECOND + "/s");
			ours(us, ear, LOSSY, false, 0, "lossy 1 KiB, as fast as it is taken");
			theirs(mouth, ear, LOSSY, false, 0, "lossy 1 KiB, as fast as it is taken");
		}
	}

	private void ours(Us us, Guest ear, int count, boolean reliable, int perSecond, String what) throws Exception {
		ear.count(count);
		Packet packet = Packet.copyOf(new Stamp("ours", 1, 1, reliable).encode(BYTES));
		Delivery delivery = reliable ? Delivery.reliable() : Delivery.lossy();
		long processor = processorNanos();
		long begin = System.nanoTime();
		CompletionStage<Void> last = null;
		for (int i = 0; i < count; i++) {
			if (perSecond > 0) {
				long due = begin + i * 1_000_000_000L / perSecond;
				while (System.nanoTime() < due) {
					LockSupport.parkNanos(due - System.nanoTime());
				}
			}
			last = us.transport().send(packet, delivery);
			if (reliable && i % 500 == 499) {
				Us.done(last); // within the bounds of the outgoing queue
			}
		}
		if (reliable) {
			Us.done(last);
		}
		double sentSeconds = (System.nanoTime() - begin) / 1e9;
		report("ours", what, count, ear, reliable, sentSeconds, processor, FiguresIT::processorNanos, us);
	}

	private void theirs(Guest mouth, Guest ear, int count, boolean reliable, int perSecond, String what) throws Exception {
		ear.count(count);
		long processor = sender.processorNanos();
		mouth.burst(count, BYTES, reliable, perSecond);
		JsonNode burst = mouth.next("burst", 120);
		report("rtc-node", what, count, ear, reliable, burst.path("millis").asDouble() / 1_000, processor, sender::processorNanos, null);
	}

	private void report(String who, String what, int count, Guest ear, boolean reliable, double sentSeconds, long processorBefore,
			LongSupplier processor, Us us) throws Exception {
		if (!reliable) { // what has not come when a reliable one behind it has, was dropped
			ear.tell(Client.command("counted"));
		}
		JsonNode counted = ear.next("counted", 120);
		double micros = (processor.getAsLong() - processorBefore) / 1e3 / count;
		if (what.equals("warm-up")) {
			return;
		}
		int arrived = counted.path("count").asInt();
		say("%s: %s: %d of %d arrived, %.0f/s at the receiver, handed over in %.2f s, %.1f us of processor per message sent", what, who, arrived, count,
				arrived * 1_000.0 / Math.max(1, counted.path("millis").asDouble()), sentSeconds, micros);
	}

	private void memory() throws Exception {
		List<AutoCloseable> open = new ArrayList<>();
		try {
			open.add(Us.enter(Rig.unique("first")));
			System.gc();
			long before = ownMemory();
			for (int i = 0; i < ROOMS; i++) {
				open.add(Us.enter(Rig.unique("many")));
			}
			System.gc();
			say("memory per room, %d more: ours %.1f MB resident of this JVM", ROOMS, (ownMemory() - before) / 1e6 / ROOMS);
			Guest first = sender.guest(Rig.unique("first"));
			first.enter(Rig.unique("first"));
			open.add(first);
			long theirs = sender.memory();
			for (int i = 0; i < ROOMS; i++) {
				Guest guest = sender.guest(Rig.unique("many"));
				guest.enter(Rig.unique("many"));
				open.add(guest);
			}
			say("memory per room, %d more: rtc-node %.1f MB resident of its process", ROOMS, (sender.memory() - theirs) / 1e6 / ROOMS);
		} finally {
			for (AutoCloseable each : open) {
				each.close();
			}
		}
	}

	private static long ownMemory() throws IOException {
		return Long.parseLong(Files.readString(Path.of("/proc/self/statm")).split(" ")[1]) * 4096;
	}

	private void sizes() throws Exception {
		try (Stream<Path> bundles = Files.list(Foreign.FOLDER.resolve("../../launcher/target/bundles/export/app"))) {
			for (Path bundle : bundles.filter(each -> each.getFileName().toString().matches("dcl\\.transport\\.(livekit|webrtc).*")).sorted().toList()) {
				say("size: %s %,d bytes", bundle.getFileName(), Files.size(bundle));
			}
		}
	}
}
