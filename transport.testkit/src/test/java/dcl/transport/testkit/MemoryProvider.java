package dcl.transport.testkit;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;

import dcl.transport.Identity;
import dcl.transport.PeerId;
import dcl.transport.SigningRequest;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportUri;
import dcl.transport.spi.Link;
import dcl.transport.spi.LinkContext;
import dcl.transport.spi.TransportProvider;

/** A provider that keeps the contract, but for its flaws. Its params are a room's name and a token. */
final class MemoryProvider implements TransportProvider {

	static final String HANGING = "nowhere";

	final MemoryRooms rooms;
	final Set<MemoryLink> links = ConcurrentHashMap.newKeySet();
	private final Set<CompletableFuture<Link>> opening = ConcurrentHashMap.newKeySet();
	private final Set<Flaw> flaws;
	private final CountDownLatch over;
	private final AtomicBoolean used = new AtomicBoolean();

	/** @param over what threads that are left behind wait for */
	MemoryProvider(MemoryRooms rooms, Set<Flaw> flaws, CountDownLatch over) {
		this.rooms = rooms;
		this.flaws = flaws;
		this.over = over;
	}

	boolean has(Flaw flaw) {
		return flaws.contains(flaw);
	}

	@Override
	public boolean accepts(TransportUri uri) {
		boolean ours = uri.params().matches("[a-z0-9]+\\?token=.*");
		if (!ours && has(Flaw.ACCEPTS_BY_THROWING)) {
			throw new IllegalArgumentException("a room and a token expected");
		}
		return ours || has(Flaw.THROWS_FROM_OPEN);
	}

	@Override
	public CompletionStage<Link> open(TransportUri uri, LinkContext context) {
		int end = uri.params().indexOf('?');
		if (end < 0) {
			if (has(Flaw.THROWS_FROM_OPEN)) {
				throw new IllegalArgumentException("a room and a token expected");
			}
			return failed(Code.INVALID_PARAMS, "a room and a token expected");
		}
		if (has(Flaw.LOGS_THE_TOKEN)) {
			System.err.println("opening " + uri.text());
		}
		String room = uri.params().substring(0, end);
		CompletableFuture<Link> result = new CompletableFuture<>();
		opening.add(result);
		result.whenComplete((link, failure) -> opening.remove(result));
		if (room.equals(HANGING)) {
			rooms.wires.incrementAndGet();
			result.whenComplete((link, failure) -> rooms.wires.decrementAndGet());
			if (has(Flaw.BLOCKS_IN_OPEN)) {
				await();
			}
			if (has(Flaw.HOLDS_UP_THE_EXECUTOR)) {
				context.executor().execute(this::await);
				context.executor().execute(this::await);
			}
			if (!has(Flaw.IGNORES_ABANDONED)) {
				context.abandoned().thenRun(() -> result.completeExceptionally(new TransportException(Code.NOT_CONNECTED, "nobody waits any longer")));
			}
			return result;
		}
		if (has(Flaw.LEAVES_A_THREAD)) {
			Thread thread = new Thread(this::await, "left-behind");
			thread.setDaemon(true);
			thread.start();
		}
		Identity identity;
		try {
			identity = context.identity();
		} catch (TransportException e) {
			result.completeExceptionally(has(Flaw.NEEDS_AN_IDENTITY_SILENTLY) ? new NullPointerException("identity") : e);
			return result;
		}
		identity.sign(SigningRequest.roomChallenge(uri, "dcl-challenge")).whenComplete((chain, failure) -> {
			if (failure != null) {
				result.completeExceptionally(failure);
			} else {
				enter(uri, room, context, identity.address(), result);
			}
		});
		return result;
	}

	private void enter(TransportUri uri, String room, LinkContext context, PeerId self, CompletableFuture<Link> result) {
		try {
			rooms.thread.execute(() -> {
				if (rooms.refusing) {
					result.completeExceptionally(new TransportException(has(Flaw.REFUSED_BY_PROTOCOL) ? Code.PROTOCOL : Code.REFUSED, "you are not on the list"));
				} else if (has(Flaw.WORKS_ONCE) && used.getAndSet(true)) {
					result.completeExceptionally(new TransportException(Code.UNREACHABLE, "the one socket is used up"));
				} else {
					MemoryLink link = new MemoryLink(this, room, context, self);
					rooms.enter(room, link);
					links.add(link);
					result.complete(link);
				}
			});
		} catch (RejectedExecutionException e) {
			result.completeExceptionally(has(Flaw.UNREACHABLE_BY_EXCEPTION) ? e
					: new TransportException(Code.UNREACHABLE, has(Flaw.SHOWS_THE_TOKEN) ? "nobody listens at " + uri.params() : "nobody listens"));
		}
	}

	private void await() {
		try {
			over.await();
		} catch (InterruptedException e) {
			Thread.currentThread().interrupt();
		}
	}

	void stop() {
		if (!has(Flaw.LEAVES_WIRES)) {
			links.forEach(MemoryLink::close);
		}
		opening.forEach(each -> each.completeExceptionally(new TransportException(Code.PROVIDER_GONE, "the provider was stopped")));
	}

	private static <T> CompletionStage<T> failed(Code code, String why) {
		return CompletableFuture.failedFuture(new TransportException(code, why));
	}
}
