package dcl.transport.cli.internal;

import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.nio.file.FileStore;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import dcl.transport.identity.KeyFileException;
import dcl.transport.identity.Wallets;
import dcl.transport.webrtc.WebRtc;
import dcl.transport.webrtc.WebRtcUnavailableException;

/** What {@code doctor} looks at: each by trying, each with what to do about it. Nothing leaves the machine. */
final class Checks {

	/** A finding; {@code fix} is empty if and only if it is {@code OK}. */
	record Finding(String check, Status status, String detail, String fix) {
	}

	enum Status { OK, WARNING, FAILED }

	/**
	 * When the formats and defaults of this version were fixed ({@code project.build.outputTimestamp}): no clock that is right says less.
	 */
	private static final Instant BUILT = Instant.parse("2026-01-01T00:00:00Z");
	/** Beyond, tokens and certificates would all have expired. */
	private static final Instant FAR = Instant.parse("2060-01-01T00:00:00Z");
	private static final int JAVA = 17;
	/** For bundles and the unpacked libwebrtc, with room to spare. */
	private static final long TEMPORARY_BYTES = 128L << 20;
	private static final long LOAD_SECONDS = 60;
	private static final String WEBRTC_TYPE = "livekit";

	private Checks() {
	}

	static Finding java(Runtime.Version version, String vendor, String home, long heapBytes) {
		String detail = version + ", " + vendor + ", " + home + ", heap up to " + (heapBytes >> 20) + " MiB";
		return version.feature() >= JAVA ? ok("java", detail) : failed("java", detail, "Use Java " + JAVA + " or newer.");
	}

	static Finding types(List<Installed.Candidate> installed) {
		TreeSet<String> types = new TreeSet<>();
		installed.forEach(candidate -> types.addAll(candidate.types()));
		return types.isEmpty() ? failed("types", "no provider is installed", "Add a bundle that brings one, such as dcl.transport.wsroom.")
				: ok("types", String.join(", ", types));
	}

	static Finding clock(Instant now) {
		boolean early = now.isBefore(BUILT);
		if (early || now.isAfter(FAR)) {
			return failed("clock", now + (early ? ", which was before this version was made" : ""),
					"Set the clock: signatures, tokens and certificates go by it.");
		}
		return ok("clock", now + " UTC");
	}

	static Finding temporary(Path folder) {
		try {
			Path file = Files.createTempFile(folder, "comms-", ".tmp");
			Files.delete(file);
			FileStore store = Files.getFileStore(folder);
			long free = store.getUsableSpace();
			String detail = folder + ", " + (free >> 20) + " MiB free";
			return free >= TEMPORARY_BYTES ? ok("temporary", detail) : failed("temporary", detail,
					"Make room there: " + (TEMPORARY_BYTES >> 20) + " MiB, or name another folder: -Djava.io.tmpdir=<folder>.");
		} catch (IOException e) {
			return failed("temporary", folder + ": " + e, "Make it writable, or name another folder: -Djava.io.tmpdir=<folder>.");
		}
	}

	static Finding loopback() {
		try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
			return ok("loopback", "can listen at " + socket.getInetAddress().getHostAddress());
		} catch (IOException e) {
			return failed("loopback", String.valueOf(e.getMessage()),
					"Bring the loopback interface up: ip link set lo up. comms demo and comms room need it.");
		}
	}

	static Finding network() {
		try {
			List<String> up = Collections.list(NetworkInterface.getNetworkInterfaces()).stream().filter(Checks::leadsOut)
					.map(NetworkInterface::getName).sorted().toList();
			return up.isEmpty() ? new Finding("network", Status.WARNING, "no address but loopback",
					"Connect this machine; WebRTC, and with it the type " + WEBRTC_TYPE + ", does not use loopback at all.")
					: ok("network", String.join(", ", up));
		} catch (IOException e) {
			return failed("network", e.getMessage(), "See why the interfaces cannot be listed: ip addr.");
		}
	}

	private static boolean leadsOut(NetworkInterface candidate) {
		try {
			return candidate.isUp() && !candidate.isLoopback() && candidate.getInetAddresses().hasMoreElements();
		} catch (IOException e) {
			return false; // it went meanwhile
		}
	}

	/** Whether a key can be kept from others here, and the key in a file read. */
	static Finding keys(Optional<Path> keyFile) {
		if (keyFile.isPresent()) {
			try {
				return ok("keys", keyFile.get() + ": " + Wallets.fromKeyFile(keyFile.get()).address());
			} catch (KeyFileException e) {
				return failed("keys", e.getMessage(),
						"A key file holds one private key in hexadecimal digits and is for its owner alone: chmod 600 " + keyFile.get());
			}
		}
		return FileSystems.getDefault().supportedFileAttributeViews().contains("posix")
				? ok("keys", "files can be kept from others (POSIX modes)")
				: new Finding("keys", Status.WARNING, "this file system has no POSIX modes, so who may read a key file is not checked",
						"Keep key files in a folder that only you may open.");
	}

	static Finding webRtc(Optional<WebRtc> service, List<Installed.Candidate> installed) throws InterruptedException {
		boolean needed = installed.stream().anyMatch(candidate -> candidate.types().contains(WEBRTC_TYPE));
		if (service.isEmpty()) {
			String fix = "Install the bundle dcl.transport.webrtc and the one of its natives for this platform.";
			return needed ? failed("libwebrtc", "no WebRTC service", fix)
					: new Finding("libwebrtc", Status.WARNING, "no WebRTC service, which the type " + WEBRTC_TYPE + " would need", fix);
		}
		return loaded(service.get().load());
	}

	private static Finding loaded(CompletionStage<Void> load) throws InterruptedException {
		try {
			load.toCompletableFuture().get(LOAD_SECONDS, TimeUnit.SECONDS);
			return ok("libwebrtc", "loaded, " + System.getProperty("os.name") + " on " + System.getProperty("os.arch"));
		} catch (ExecutionException e) {
			if (e.getCause() instanceof WebRtcUnavailableException missing) {
				return failed("libwebrtc", missing.getMessage(),
						missing.fix().isEmpty() ? "Without it there is all but the type " + WEBRTC_TYPE + "." : missing.fix());
			}
			return failed("libwebrtc", String.valueOf(e.getCause().getMessage()), "Start the bundle dcl.transport.webrtc.");
		} catch (TimeoutException e) {
			return failed("libwebrtc", "not loaded after " + LOAD_SECONDS + " s",
					"See whether the machine is out of memory, or the temporary folder very slow.");
		}
	}

	private static Finding ok(String check, String detail) {
		return new Finding(check, Status.OK, detail, "");
	}

	private static Finding failed(String check, String detail, String fix) {
		return new Finding(check, Status.FAILED, detail, fix);
	}
}
