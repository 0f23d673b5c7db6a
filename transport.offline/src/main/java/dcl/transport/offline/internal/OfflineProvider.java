package dcl.transport.offline.internal;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

import dcl.transport.Delivery;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.TransportUri;
import dcl.transport.spi.Link;
import dcl.transport.spi.LinkContext;
import dcl.transport.spi.TransportProvider;
import dcl.transport.spi.TransportType;
import org.osgi.service.component.annotations.Component;

/** The {@code offline} transport (ADR-180): connects at once, meets nobody, swallows what it is sent. Its params mean nothing. */
@Component
@TransportType("offline")
public final class OfflineProvider implements TransportProvider {

	private static final CompletionStage<Void> DONE = CompletableFuture.completedFuture(null);

	@Override
	public CompletionStage<Link> open(TransportUri uri, LinkContext context) {
		return CompletableFuture.completedFuture(new OfflineLink());
	}

	private static final class OfflineLink implements Link {

		@Override
		public Set<PeerId> peers() {
			return Set.of();
		}

		@Override
		public CompletionStage<Void> send(Packet packet, Delivery delivery) {
			return DONE;
		}

		@Override
		public CompletionStage<Void> close() {
			return DONE;
		}
	}
}
