package dcl.transport.signedlogin.internal;

import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

import dcl.transport.AuthChain;
import dcl.transport.AuthChain.AuthLink;
import dcl.transport.Identity;
import dcl.transport.SigningRequest;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportUri;
import dcl.transport.spi.Link;
import dcl.transport.spi.LinkContext;
import dcl.transport.spi.Route;
import dcl.transport.websocket.HttpExchange;
import dcl.transport.websocket.HttpExchangeException;
import dcl.transport.websocket.WebSocketEnding;
import dcl.transport.websocket.WebSocketRequest;
import dcl.transport.websocket.WebSocketStep;
import dcl.transport.websocket.WebSockets;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One signed login (ADR-44): looks up the host, signs, asks at the addresses that were found and at no others, and opens what the server
 * answers. Nothing in it waits.
 */
final class Login {

	private static final Logger LOG = LoggerFactory.getLogger(Login.class);
	/** Logins in one millisecond take time stamps so far ahead at most; more, and the system clock was set back. */
	private static final long MOST_AHEAD_MILLIS = 1_000;

	private final WebSockets engine;
	private final Settings settings;
	private final AtomicLong lastMillis;
	private final TransportUri uri;
	private final LoginUrl url;
	private final LinkContext context;

	/**
	 * Prepares a login.
	 *
	 * @param lastMillis the last time stamp that was signed, shared by all logins: no two requests are alike, for servers that take each
	 *                   once. Not kept up where the system clock was set back by more than a second
	 */
	Login(WebSockets engine, Settings settings, AtomicLong lastMillis, TransportUri uri, LoginUrl url, LinkContext context) {
		this.engine = engine;
		this.settings = settings;
		this.lastMillis = lastMillis;
		this.uri = uri;
		this.url = url;
		this.context = context;
	}

	/** Returns the link that the server's answer leads to. */
	CompletionStage<Link> open() {
		Identity identity;
		String metadata;
		List<String> secrets;
		try {
			identity = context.identity();
			Metadata members = settings.metadata().with(context.options().values());
			metadata = members.json(url, identity.isGuest());
			secrets = members.secrets();
		} catch (TransportException e) {
			return CompletableFuture.failedFuture(e);
		} catch (Metadata.Unusable e) {
			return CompletableFuture.failedFuture(new TransportException(Code.INVALID_PARAMS, e.getMessage()));
		}
		return context.route(url.uri())
				.thenCompose(route -> mayBeAsked(route) ? sign(identity, metadata)
						.thenCompose(signed -> ask(route, signed, secrets)) : tooPlain())
				.thenCompose(context::open);
	}

	private boolean mayBeAsked(Route route) {
		return !url.isPlain() || route.proxy().isEmpty() && route.addresses().stream().allMatch(InetAddress::isLoopbackAddress)
				|| settings.plainHosts().contains(url.host().toLowerCase(Locale.ROOT));
	}

	private static <T> CompletionStage<T> tooPlain() {
		return CompletableFuture.failedFuture(new TransportException(Code.INVALID_PARAMS,
				"a signed login goes over https; plain http is for this machine alone, and for the setting plainHosts"));
	}

	private record Signed(Instant at, String metadata, AuthChain chain) {
	}

	/** Returns what the server gets to see and nobody else should, were it to repeat it. */
	private static List<String> secrets(Signed signed, List<String> ofMetadata) {
		return Stream.concat(ofMetadata.stream(), signed.chain.links().stream().map(AuthLink::signature))
				.filter(secret -> !secret.isEmpty()).toList();
	}

	private CompletionStage<Signed> sign(Identity identity, String metadata) {
		context.step("sign", "");
		long millis = lastMillis.accumulateAndGet(context.clock().millis(),
				(last, now) -> last > now + MOST_AHEAD_MILLIS ? now : Math.max(last + 1, now));
		Instant at = Instant.ofEpochMilli(millis);
		return identity.sign(SigningRequest.signedFetch(uri, "POST", url.path(), at, metadata))
				.thenApply(chain -> new Signed(at, metadata, chain));
	}

	private CompletionStage<TransportUri> ask(Route route, Signed signed, List<String> secrets) {
		if (context.abandoned().toCompletableFuture().isDone()) {
			return CompletableFuture.failedFuture(new TransportException(Code.NOT_CONNECTED, "nobody waits for this login any more"));
		}
		WebSocketRequest bare = WebSocketRequest.http(url.uri());
		WebSocketRequest trusting = context.sslContext().map(bare::sslContext).orElse(bare);
		WebSocketRequest request = route.proxy().map(proxy -> trusting.through(proxy, route.host()))
				.orElseGet(() -> trusting.addresses(route.addresses())).header("Accept", "application/json");
		List<AuthLink> links = signed.chain.links();
		for (int i = 0; i < links.size(); i++) {
			request = request.header("x-identity-auth-chain-" + i, links.get(i).toJson());
		}
		request = request.header("x-identity-timestamp", Long.toString(signed.at.toEpochMilli()))
				.header("x-identity-metadata", signed.metadata);
		HttpExchange exchange;
		try {
			exchange = engine.post(request, settings.maxAnswerBytes(), this::tell);
		} catch (IllegalStateException e) { // the engine is closed
			return CompletableFuture.failedFuture(new TransportException(Code.PROVIDER_GONE, "the signed-login provider was stopped"));
		} catch (UncheckedIOException e) { // there are no more file descriptors
			return CompletableFuture.failedFuture(new TransportException(Code.INTERNAL, "no socket could be opened: " + e.getMessage()));
		}
		context.abandoned().thenRun(exchange::abort);
		AtomicBoolean late = new AtomicBoolean();
		Future<?> timer = timer(() -> {
			late.set(true);
			exchange.abort();
		});
		return exchange.reply().handle((reply, failure) -> {
			timer.cancel(false);
			if (failure != null) {
				throw new CompletionException(failure(failure, late.get()));
			}
			try {
				TransportUri next = Answer.next(reply, secrets(signed, secrets));
				LOG.debug("{}: leads to {}", uri, next);
				return next;
			} catch (TransportException e) {
				throw new CompletionException(e);
			}
		});
	}

	private Future<?> timer(Runnable task) {
		try {
			return context.executor().schedule(task, settings.timeout().toMillis(), TimeUnit.MILLISECONDS);
		} catch (RejectedExecutionException e) {
			LOG.debug("{}: no timer; each step has its own limit", uri);
			return CompletableFuture.completedFuture(null);
		}
	}

	private void tell(WebSocketStep step) {
		switch (step) {
			case TCP -> context.step("tcp", "");
			case PROXY -> context.step("proxy", "");
			case TLS -> context.step("tls", url.host());
			case REQUEST -> context.step("request", "");
			default -> {
				// what the engine may come to tell beside these is no step of a login
			}
		}
	}

	private TransportException failure(Throwable failure, boolean late) {
		Throwable bare = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
		if (!(bare instanceof HttpExchangeException known)) {
			return new TransportException(Code.INTERNAL, "the login failed: " + bare.getClass().getName());
		}
		WebSocketEnding ending = known.ending();
		String detail = ending.detail() + ", asking the login server";
		return switch (ending.kind()) {
			case UNREACHABLE, DNS, LOST -> new TransportException(Code.UNREACHABLE, detail);
			case TLS -> new TransportException(Code.TLS, detail);
			case REFUSED -> new TransportException(Code.REFUSED, detail); // by a proxy; a server's no is a reply
			case TIMEOUT -> new TransportException(Code.TIMEOUT, detail);
			case PROTOCOL, TOO_BIG -> new TransportException(Code.PROTOCOL, detail);
			case ENGINE_CLOSED -> new TransportException(Code.PROVIDER_GONE, detail);
			case CLOSED_BY_US -> late ? new TransportException(Code.TIMEOUT, "the login server did not answer within "
					+ settings.timeout().toMillis() + " ms")
					: new TransportException(Code.NOT_CONNECTED, "nobody waits for this login any more");
			default -> new TransportException(Code.INTERNAL, detail);
		};
	}
}
