package dcl.transport.itest.livekit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Assumptions;

/**
 * Loses all packets to and from the ports of the server's media, without a word to whoever sends them, while the signalling, which is on loopback, goes
 * on. Done by policies for IPsec, in the network namespace of this JVM: the one way to drop packets that needs no more than {@code ip}.
 */
final class MediaLoss implements AutoCloseable {

	/** Packets to an address of this machine go over loopback, which is excepted by default. */
	private static final Path LOOPBACK = Path.of("/proc/sys/net/ipv4/conf/lo/disable_policy");

	private MediaLoss() {
	}

	/** Begins; skips the calling test where packets cannot be dropped. */
	static MediaLoss begin() throws Exception {
		try {
			Files.writeString(LOOPBACK, "0\n");
		} catch (IOException e) {
			Assumptions.abort("livekit: loss of media not proven: " + e);
		}
		MediaLoss loss = new MediaLoss();
		for (String ports : List.of("proto udp dport 7882", "proto udp sport 7882", "proto tcp dport 7881", "proto tcp sport 7881")) {
			String said = policy("add src 10.199.0.1/32 dst 10.199.0.1/32 " + ports + " dir in action block");
			if (!said.isEmpty()) {
				loss.close();
				Assumptions.abort("livekit: loss of media not proven: ip xfrm: " + said);
			}
		}
		return loss;
	}

	/** Returns what is wrong, or "". */
	private static String policy(String what) throws Exception {
		List<String> command = new ArrayList<>(List.of("ip", "xfrm", "policy"));
		command.addAll(List.of(what.split(" ")));
		Process ip = new ProcessBuilder(command).redirectErrorStream(true).start();
		String said = new String(ip.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
		int status = ip.waitFor();
		return status == 0 ? "" : "status " + status + ", " + said;
	}

	@Override
	public void close() throws Exception {
		String said = policy("deleteall");
		if (!said.isEmpty()) {
			throw new AssertionError("the media stay lost: ip xfrm: " + said);
		}
	}
}
