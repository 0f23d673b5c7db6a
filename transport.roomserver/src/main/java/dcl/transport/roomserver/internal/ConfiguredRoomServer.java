package dcl.transport.roomserver.internal;

import java.io.IOException;
import java.time.Duration;
import java.util.Hashtable;

import dcl.transport.PeerId;
import dcl.transport.roomserver.RoomServer;
import dcl.transport.roomserver.RoomServerListener;
import dcl.transport.roomserver.RoomServerOptions;
import dcl.transport.roomserver.RoomServerOptions.OneSessionPer;
import org.osgi.annotation.bundle.Capability;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The server of a configuration; none without one. It registers the service itself, since a declared one would be there before the port is
 * bound.
 */
@Component(configurationPid = ConfiguredRoomServer.PID, configurationPolicy = ConfigurationPolicy.REQUIRE, immediate = true, service = {})
@Designate(ocd = ConfiguredRoomServer.Config.class)
@Capability(namespace = "osgi.service", attribute = "objectClass:List<String>=\"dcl.transport.roomserver.RoomServer\"",
		uses = RoomServer.class, effective = "active")
public final class ConfiguredRoomServer {

	static final String PID = "dcl.transport.roomserver";
	/** The service property that holds {@link RoomServer#url()}. */
	static final String URL = "url";
	/** The service property that holds {@link RoomServer#loginUrl()}. */
	static final String LOGIN_URL = "loginUrl";

	private static final Logger LOG = LoggerFactory.getLogger(ConfiguredRoomServer.class);

	/** Defaults and ranges are those of {@link RoomServerOptions}. */
	@ObjectClassDefinition(name = "Room server", description = "An embedded ws-room server for previews, demos and tests")
	public @interface Config {

		@AttributeDefinition(name = "Host",
				description = "IP address to listen on, or localhost; 0.0.0.0 lets everybody in who reaches this machine")
		String host() default "127.0.0.1";

		@AttributeDefinition(name = "Port", description = "0 takes a free one (0 to 65535)")
		int port() default 0;

		@AttributeDefinition(name = "Capacity", description = "Users in all rooms together (1 to 100000)")
		int capacity() default 1_000;

		@AttributeDefinition(name = "Room capacity", description = "Users in one room (1 to 10000)")
		int roomCapacity() default 100;

		@AttributeDefinition(name = "Rooms", description = "Rooms at once (1 to 10000)")
		int maxRooms() default 1_000;

		@AttributeDefinition(name = "Pending", description = "Connections that have not logged in (1 to 100000)")
		int maxPending() default 500;

		@AttributeDefinition(name = "Pending per address",
				description = "Connections of one remote address that have not logged in (1 to 100000)")
		int maxPendingPerAddress() default 250;

		@AttributeDefinition(name = "Step time-out",
				description = "Milliseconds for the upgrade, the identification, the signed challenge, each (50 to 60000)")
		long stepTimeoutMillis() default 3_000;

		@AttributeDefinition(name = "Ping interval",
				description = "Milliseconds of silence after which a client is pinged (100 to 3600000)")
		long pingIntervalMillis() default 20_000;

		@AttributeDefinition(name = "Pong time-out", description = "Milliseconds a pinged client may stay silent (100 to 3600000)")
		long pongTimeoutMillis() default 10_000;

		@AttributeDefinition(name = "Message size", description = "Bytes of the largest message a client may send (1024 to 1048576)")
		int maxMessageBytes() default 16_384;

		@AttributeDefinition(name = "Outgoing bytes",
				description = "Bytes queued for each client; one without room for a reliable packet is cut (65536 to 2^30)")
		int outgoingBytes() default 1_048_576;

		@AttributeDefinition(name = "Unreliable bytes",
				description = "Bytes queued for a client above which unreliable packets are dropped (0 to 2^29)")
		int unreliableBytes() default 65_536;

		@AttributeDefinition(name = "Coalesce", description = "Milliseconds packets may wait to be written together; 0 writes at once (0 to 50)")
		long coalesceMillis() default 0;

		@AttributeDefinition(name = "Ignored packets",
				description = "Packets a second of a client that are tolerated and not passed on (1 to 1000000)")
		int ignoredPerSecond() default 100;

		@AttributeDefinition(name = "Verifiers", description = "Threads that verify signatures (1 to 64)")
		int verifiers() default 1;

		@AttributeDefinition(name = "Remembered logins", description = "Signed logins of two minutes remembered, so that none is taken twice (1 to 1000000)")
		int rememberedLogins() default 100_000;

		@AttributeDefinition(name = "One session per", description = "Where an address has one session only: SERVER or ROOM")
		OneSessionPer oneSessionPer() default OneSessionPer.SERVER;
	}

	private final RoomServer server;
	private final ServiceRegistration<RoomServer> registration;

	/** Binds the port and registers the service; whatever is wrong with the configuration ends the activation and is its message. */
	@Activate
	public ConfiguredRoomServer(BundleContext context, Config config) throws IOException {
		server = new LocalRoomServer(options(config), new Log(), context.getBundle().getVersion().toString(), () -> {
		});
		Hashtable<String, Object> properties = new Hashtable<>();
		properties.put(URL, server.url().toString());
		properties.put(LOGIN_URL, server.loginUrl().toString());
		properties.put(Constants.SERVICE_DESCRIPTION, "ws-room server at " + server.url());
		registration = context.registerService(RoomServer.class, server, properties);
		LOG.info("Rooms at {}", server.url());
	}

	@Deactivate
	void stop() {
		registration.unregister();
		server.close();
	}

	/** Returns the options of a configuration. */
	static RoomServerOptions options(Config config) {
		return RoomServerOptions.defaults()
				.withHost(config.host())
				.withPort(config.port())
				.withCapacity(config.capacity())
				.withRoomCapacity(config.roomCapacity())
				.withMaxRooms(config.maxRooms())
				.withMaxPending(config.maxPending())
				.withMaxPendingPerAddress(config.maxPendingPerAddress())
				.withStepTimeout(Duration.ofMillis(config.stepTimeoutMillis()))
				.withPingInterval(Duration.ofMillis(config.pingIntervalMillis()))
				.withPongTimeout(Duration.ofMillis(config.pongTimeoutMillis()))
				.withMaxMessageBytes(config.maxMessageBytes())
				.withOutgoingBytes(config.outgoingBytes())
				.withUnreliableBytes(config.unreliableBytes())
				.withCoalesce(Duration.ofMillis(config.coalesceMillis()))
				.withIgnoredPerSecond(config.ignoredPerSecond())
				.withVerifiers(config.verifiers())
				.withRememberedLogins(config.rememberedLogins())
				.withOneSessionPer(config.oneSessionPer());
	}

	/** Tells the log who comes and goes. */
	private static final class Log implements RoomServerListener {

		@Override
		public void joined(String room, PeerId peer) {
			LOG.debug("{} joined {}", peer, room);
		}

		@Override
		public void left(String room, PeerId peer) {
			LOG.debug("{} left {}", peer, room);
		}
	}
}
