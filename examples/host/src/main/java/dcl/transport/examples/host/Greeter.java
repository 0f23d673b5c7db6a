package dcl.transport.examples.host;

import dcl.transport.Delivery;
import dcl.transport.PeerId;
import dcl.transport.Session;
import dcl.transport.SessionListener;
import dcl.transport.SessionPolicy;
import dcl.transport.TransportException;
import dcl.transport.TransportOptions;
import dcl.transport.TransportRegistry;
import dcl.transport.TransportUri;
import dcl.transport.identity.Wallets;
import dcl.transport.rfc4.Rfc4;
import dcl.transport.spi.RequireTransport;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/** A host: there while acme's transport is; keeps a session in the room {@code greeter.uri} and says hello to whoever comes. */
@Component(service = {})
@RequireTransport("acme")
public final class Greeter implements SessionListener {

	private final Session room;

	@Activate
	public Greeter(BundleContext bundles, @Reference(target = "(transport.types=acme)") TransportRegistry registry) throws TransportException {
		room = registry.session(TransportUri.parse(bundles.getProperty("greeter.uri")), TransportOptions.of(Wallets.random()), SessionPolicy.defaults());
		room.listen(this);
		room.connect();
	}

	@Override
	public void peerJoined(PeerId peer) {
		room.send(Rfc4.encode(Rfc4.chat("hello " + peer)), Delivery.reliable());
	}

	@Deactivate
	void leave() {
		room.close();
	}
}
