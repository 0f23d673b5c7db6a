package dcl.transport.registry.internal;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** Configuration of the registry. Changing a value ends no room; it holds for what begins afterwards, and for queues at once. */
@ObjectClassDefinition(name = "Transport registry", description = "Limits and times of every transport")
public @interface Config {

	@AttributeDefinition(name = "Connect time-out", description = "Milliseconds for resolving, connecting and shaking hands, without signing (100 to 600000)")
	long connectTimeoutMillis() default 30_000;

	@AttributeDefinition(name = "Threads", description = "Threads that call listeners and providers (1 to 64)")
	int threads() default 2;

	@AttributeDefinition(name = "Outgoing bytes", description = "Bytes queued for sending, each transport (1024 to 2^30)")
	long outgoingBytes() default 1_048_576;

	@AttributeDefinition(name = "Outgoing packets", description = "Packets queued for sending, each transport (1 to 1000000)")
	int outgoingPackets() default 1_000;

	@AttributeDefinition(name = "Incoming packets", description = "Packets queued for the listeners, each transport (4 to 1000000)")
	int incomingPackets() default 1_000;

	@AttributeDefinition(name = "Packet size", description = "Bytes of the largest packet sent, where the wire does not carry less (1 to 2^24)")
	int maxPacketBytes() default 64_000;

	@AttributeDefinition(name = "Peers", description = "Peers known at once, each transport; more end it (1 to 1000000)")
	int maxPeers() default 10_000;

	@AttributeDefinition(name = "Longest pause", description = "Milliseconds a wire may be held up by slow listeners, in a row (10 to 600000)")
	long maxPauseMillis() default 5_000;

	@AttributeDefinition(name = "Stuck", description = "Milliseconds after which a call into a provider or a listener counts as stuck (20 to 600000)")
	long stuckMillis() default 2_000;

	@AttributeDefinition(name = "Redirects", description = "Connection strings one transport may be sent on to, one after the other (0 to 3)")
	int maxRedirects() default 1;

	@AttributeDefinition(name = "Allowed networks", description = "Address blocks beside the public internet, such as 192.168.0.0/16, that a connection string "
			+ "out of a remote document may lead to")
	String[] allowedNetworks() default {};

	@AttributeDefinition(name = "Unbind grace", description = "Milliseconds all links of a leaving provider have to say goodbye (0 to 10000)")
	long unbindGraceMillis() default 1_000;

	@AttributeDefinition(name = "Waiters", description = "Callers that may wait for a provider at once (1 to 1000000)")
	int maxWaiters() default 10_000;

	@AttributeDefinition(name = "Tasks of a link", description = "Tasks one link may have waiting in the shared executor (1 to 1000000)")
	int maxLinkTasks() default 1_000;
}
