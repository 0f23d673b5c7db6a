package dcl.transport.examples.embed;

import java.util.concurrent.TimeUnit;

import dcl.transport.Delivery;
import dcl.transport.Message;
import dcl.transport.Transport;
import dcl.transport.TransportListener;
import dcl.transport.TransportOptions;
import dcl.transport.TransportUri;
import dcl.transport.identity.Wallets;
import dcl.transport.launcher.Comms;
import dcl.transport.rfc4.Rfc4;

/** A plain Java program with the runtime inside: says something in a room, and prints what is said there for some seconds. */
public final class Talk {

	private Talk() {
	}

	/** Takes a connection string, what to say, and for how many seconds to listen. */
	public static void main(String[] arguments) throws Exception {
		try (Comms comms = Comms.start()) {
			Transport room = comms.registry().create(TransportUri.parse(arguments[0]), TransportOptions.of(Wallets.random()));
			room.listen(new TransportListener() {
				@Override
				public void received(Message message) {
					System.out.println(message.from() + " " + Rfc4.kind(message.packet()));
				}
			});
			room.connect().toCompletableFuture().get(30, TimeUnit.SECONDS);
			room.send(Rfc4.encode(Rfc4.chat(arguments[1])), Delivery.reliable()).toCompletableFuture().get(30, TimeUnit.SECONDS);
			System.out.println("said it to " + room.peers().size() + " peers in " + room.uri());
			room.closed().toCompletableFuture().completeOnTimeout(null, Long.parseLong(arguments[2]), TimeUnit.SECONDS).join();
		}
	}
}
