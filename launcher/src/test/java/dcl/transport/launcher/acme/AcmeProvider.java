package dcl.transport.launcher.acme;

import java.util.Hashtable;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportUri;
import dcl.transport.spi.Link;
import dcl.transport.spi.LinkContext;
import dcl.transport.spi.TransportProvider;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;

/** What a vendor drops into a host: a provider of the type {@code acme}, which lets nobody in. */
public final class AcmeProvider implements BundleActivator, TransportProvider {

	@Override
	public void start(BundleContext context) {
		context.registerService(TransportProvider.class, this, new Hashtable<>(Map.of(TYPE, "acme")));
	}

	@Override
	public void stop(BundleContext context) {
		// the framework takes the service away
	}

	@Override
	public CompletionStage<Link> open(TransportUri uri, LinkContext context) {
		return CompletableFuture.failedFuture(new TransportException(Code.REFUSED, "nobody is let in"));
	}
}
