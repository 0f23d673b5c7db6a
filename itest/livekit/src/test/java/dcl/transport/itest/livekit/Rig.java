package dcl.transport.itest.livekit;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

import dcl.transport.TransportUri;
import dcl.transport.launcher.Comms;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;

/**
 * What the classes of a run share: the server, the official clients and our runtime, each started when it is first needed and ended with the run. Skips or fails
 * the calling class where something is missing. For one test thread.
 */
final class Rig implements BeforeAllCallback {

	private static final AtomicInteger NAMES = new AtomicInteger();

	private static Parts parts;

	private static final class Parts implements AutoCloseable {

		private final Map<Client.Kind, Client> clients = new EnumMap<>(Client.Kind.class);
		private LiveKitServer server;
		private Comms comms;

		@Override
		public void close() throws Exception {
			parts = null;
			if (comms != null) {
				comms.close();
			}
			for (Client client : clients.values()) {
				client.close();
			}
			if (server != null) {
				server.close();
			}
		}
	}

	@Override
	public void beforeAll(ExtensionContext context) throws Exception {
		Foreign.need();
		parts = context.getRoot().getStore(Namespace.create(Rig.class)).getOrComputeIfAbsent(Parts.class, type -> new Parts(), Parts.class);
		server();
	}

	/** Returns the server, which runs: started anew if a test has ended it. */
	static LiveKitServer server() throws Exception {
		if (parts.server == null) {
			parts.server = LiveKitServer.start();
		} else if (!parts.server.isRunning()) {
			parts.server.begin();
		}
		return parts.server;
	}

	/** Returns our runtime, as a Java program has it. */
	static Comms comms() {
		if (parts.comms == null) {
			parts.comms = Comms.start();
			TransportUri any = TransportUri.parse("livekit:" + LiveKitServer.URL + "?access_token=x");
			parts.comms.registry().whenAvailable(any, Duration.ofSeconds(Foreign.LIMIT_SECONDS)).toCompletableFuture().join();
		}
		return parts.comms;
	}

	static Client client(Client.Kind kind) throws Exception {
		Client client = parts.clients.get(kind);
		if (client == null) {
			client = Client.start(kind);
			parts.clients.put(kind, client);
		}
		return client;
	}

	/** Returns a guest with an identity of its own. */
	static Guest guest(Client.Kind kind) throws Exception {
		return client(kind).guest(unique("guest"));
	}

	/** Returns a name nobody had before, of a room or a participant. */
	static String unique(String name) {
		return name + "-" + NAMES.incrementAndGet();
	}

	/** Returns an address nobody had before, which is what participants of Decentraland are called. */
	static String address() {
		return "0x%040x".formatted(NAMES.incrementAndGet());
	}
}
