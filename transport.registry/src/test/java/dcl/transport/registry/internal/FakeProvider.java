package dcl.transport.registry.internal;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

import dcl.transport.TransportUri;
import dcl.transport.spi.Link;
import dcl.transport.spi.LinkContext;
import dcl.transport.spi.TransportProvider;

/** A provider that opens {@link FakeLink}s, or does what else it is told. */
class FakeProvider implements TransportProvider {

	/** What the provider does when asked to open. */
	interface Opening {

		CompletionStage<Link> open(TransportUri uri, LinkContext context) throws Exception;
	}

	final BlockingQueue<LinkContext> contexts = new LinkedBlockingQueue<>();
	final BlockingQueue<TransportUri> uris = new LinkedBlockingQueue<>();
	final BlockingQueue<FakeLink> links = new LinkedBlockingQueue<>();
	volatile Predicate<TransportUri> accepting = uri -> true;
	volatile Opening opening = (uri, context) -> CompletableFuture.completedFuture(link());

	/** Makes a link and keeps it for {@link #lastLink()}. */
	FakeLink link() {
		FakeLink link = new FakeLink();
		links.add(link);
		return link;
	}

	/** Waits for the oldest link not taken yet. */
	FakeLink lastLink() {
		return taken(links);
	}

	/** Waits for the oldest context not taken yet. */
	LinkContext lastContext() {
		return taken(contexts);
	}

	static <T> T taken(BlockingQueue<T> queue) {
		try {
			T next = queue.poll(5, TimeUnit.SECONDS);
			if (next == null) {
				throw new AssertionError("nothing came within 5 s");
			}
			return next;
		} catch (InterruptedException e) {
			throw new AssertionError(e);
		}
	}

	@Override
	public boolean accepts(TransportUri uri) {
		return accepting.test(uri);
	}

	@Override
	public CompletionStage<Link> open(TransportUri uri, LinkContext context) {
		contexts.add(context);
		uris.add(uri);
		try {
			return opening.open(uri, context);
		} catch (RuntimeException e) {
			throw e;
		} catch (Exception e) {
			return CompletableFuture.failedFuture(e);
		}
	}
}
