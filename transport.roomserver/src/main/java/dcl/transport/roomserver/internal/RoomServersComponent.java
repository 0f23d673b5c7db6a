package dcl.transport.roomserver.internal;

import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

import dcl.transport.roomserver.RoomServer;
import dcl.transport.roomserver.RoomServerListener;
import dcl.transport.roomserver.RoomServerOptions;
import dcl.transport.roomserver.RoomServers;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.ServiceScope;

/** The factory, one for each bundle that uses it, so that what a bundle opened ends with it. */
@Component(scope = ServiceScope.BUNDLE)
public final class RoomServersComponent implements RoomServers {

	private final String version;
	private final Set<RoomServer> open = new HashSet<>(); // guarded by itself
	private boolean stopped; // guarded by open

	/** Called by the framework. */
	@Activate
	public RoomServersComponent(BundleContext context) {
		version = context.getBundle().getVersion().toString();
	}

	@Override
	public RoomServer open(RoomServerOptions options, RoomServerListener listener) throws IOException {
		RoomServer[] opened = new RoomServer[1];
		RoomServer server = new LocalRoomServer(options, Objects.requireNonNull(listener), version, () -> forget(opened));
		synchronized (open) {
			opened[0] = server;
			if (!stopped) {
				open.add(server);
				return server;
			}
		}
		server.close();
		throw new IllegalStateException("the bundle is stopping");
	}

	private void forget(RoomServer[] closed) {
		synchronized (open) {
			open.remove(closed[0]);
		}
	}

	@Deactivate
	void stop() {
		List<RoomServer> rest;
		synchronized (open) {
			stopped = true;
			rest = List.copyOf(open);
		}
		rest.forEach(RoomServer::close); // on the way each is forgotten
	}
}
