package dcl.transport.bench;

import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * What connections cost in which nothing happens, between two steps, so that what a first one brings along does not count:
 * {@code engine|netty|stock ws|wss PORT FIRST MORE STORE}.
 */
final class PortIdle {

	private static final int OPENING = 20;
	/** Longer than the engine keeps a thread for TLS that has nothing to do. */
	private static final long IDLE_MILLIS = 12_000;

	private PortIdle() {
	}

	public static void main(String[] arguments) throws Exception {
		boolean tls = arguments[1].equals("wss");
		URI url = new URI(arguments[1] + "://127.0.0.1:" + arguments[2] + "/rooms/bench");
		int first = Integer.parseInt(arguments[3]);
		int more = Integer.parseInt(arguments[4]);
		try (Client client = Client.of(arguments[0], tls ? Client.trusting(Path.of(arguments[5])) : null)) {
			List<Client.Socket> open = new ArrayList<>();
			open(client, url, first, open);
			long rss = settled();
			int threads = Meter.threads();
			open(client, url, more, open);
			long rssAfter = settled();
			new Line("idle").with("client", arguments[0]).with("connections", open.size()).with("threadsAdded", Meter.threads() - threads)
					.with("threads", Meter.threads()).with("rssBytesPerConnection", (rssAfter - rss) / more).print();
		}
		System.exit(0);
	}

	private static void open(Client client, URI url, int count, List<Client.Socket> open) throws Exception {
		Deque<CompletableFuture<Client.Socket>> opening = new ArrayDeque<>();
		for (int i = 0; i < count; i++) {
			opening.add(client.open(url, message -> {
				throw new IllegalStateException("nothing was to come");
			}));
			if (opening.size() == OPENING) {
				open.add(opening.remove().get(Client.PATIENCE.toSeconds(), TimeUnit.SECONDS));
			}
		}
		while (!opening.isEmpty()) {
			open.add(opening.remove().get(Client.PATIENCE.toSeconds(), TimeUnit.SECONDS));
		}
	}

	private static long settled() throws Exception {
		TimeUnit.MILLISECONDS.sleep(IDLE_MILLIS);
		for (int i = 0; i < 3; i++) {
			System.gc();
		}
		return Meter.rssBytes();
	}
}
