package dcl.transport.registry.internal;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import dcl.transport.Delivery;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.SigningRequest;
import dcl.transport.TransportException;
import dcl.transport.TransportUri;
import dcl.transport.spi.Link;
import dcl.transport.spi.LinkContext;
import dcl.transport.spi.TransportProvider;

/** A provider with classes of its own, as a bundle has. */
public class LeakyProvider implements TransportProvider {

	/** Where the link reports failures of its own make from. */
	private final AtomicInteger calls = new AtomicInteger();

	/** An exception only this provider has. */
	public static class OwnException extends RuntimeException {

		private static final long serialVersionUID = 1L;
	}

	@Override
	public boolean accepts(TransportUri uri) {
		if (uri.params().equals("veto")) {
			throw new OwnException();
		}
		return true;
	}

	@Override
	public CompletionStage<Link> open(TransportUri uri, LinkContext context) {
		context.executor().scheduleAtFixedRate(calls::incrementAndGet, 1, 1, TimeUnit.HOURS);
		context.executor().schedule(calls::incrementAndGet, 1, TimeUnit.HOURS);
		context.executor().execute(() -> {
			throw new OwnException();
		});
		context.abandoned().thenRun(calls::incrementAndGet);
		context.addresses("127.0.0.1").thenRun(calls::incrementAndGet);
		context.invalid("nonsense");
		switch (uri.params()) {
			case "fail":
				return CompletableFuture.failedFuture(new OwnException());
			case "never":
				return new CompletableFuture<>();
			case "sign":
				try {
					return context.identity().sign(SigningRequest.roomChallenge(uri, "dcl-x")).thenApply(chain -> null);
				} catch (TransportException e) {
					return CompletableFuture.failedFuture(e);
				}
			case "redirect":
				return context.open(TransportUri.parse("echo:x")).thenApply(link -> link);
			default:
				return CompletableFuture.completedFuture(new LeakyLink());
		}
	}

	private static final class LeakyLink implements Link {

		@Override
		public Set<PeerId> peers() {
			return Set.of();
		}

		@Override
		public CompletionStage<Void> send(Packet packet, Delivery delivery) {
			return packet.size() == 0 ? CompletableFuture.failedFuture(new OwnException()) : new CompletableFuture<>();
		}

		@Override
		public CompletionStage<Void> close() {
			throw new OwnException();
		}
	}
}
