package dcl.transport.itest.faults;

import java.util.Arrays;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.Map;

import dcl.transport.launcher.Comms;
import dcl.transport.roomserver.RoomServer;
import dcl.transport.roomserver.RoomServerListener;
import dcl.transport.roomserver.RoomServerOptions;
import dcl.transport.roomserver.internal.LocalRoomServer;
import dcl.transport.spi.TransportProvider;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;

/** The runtime as a program embeds it, with settings, and a server to go with it. */
final class Rooms {

	private static final String WS_ROOM = "dcl.transport.wsroom";

	private Rooms() {
	}

	/** Starts a runtime whose ws-room has these settings, in milliseconds. */
	static Comms runtime(Map<String, Long> settings) throws Exception {
		Comms comms = Comms.start();
		try {
			BundleContext context = comms.context();
			ServiceReference<?> reference = context.getAllServiceReferences("org.osgi.service.cm.ConfigurationAdmin", null)[0];
			Object admin = context.getService(reference); // of a class that only the framework has
			Class<?> type = reference.getBundle().loadClass("org.osgi.service.cm.ConfigurationAdmin");
			Object configuration = type.getMethod("getConfiguration", String.class, String.class).invoke(admin, WS_ROOM, null);
			Dictionary<String, Object> values = new Hashtable<>(settings);
			reference.getBundle().loadClass("org.osgi.service.cm.Configuration").getMethod("update", Dictionary.class).invoke(configuration, values);
			Await.until("the provider with its settings", () -> {
				ServiceReference<?>[] providers = context.getAllServiceReferences(TransportProvider.class.getName(), "(transport.type=ws-room)");
				return comms.registry().types().contains("ws-room") && providers != null
						&& Arrays.stream(providers).allMatch(each -> settings.entrySet().stream().allMatch(one -> one.getValue()
								.equals(each.getProperty(one.getKey()))));
			});
			return comms;
		} catch (Exception | AssertionError e) {
			comms.close();
			throw e;
		}
	}

	static RoomServer server(RoomServerOptions options, RoomServerListener listener) throws Exception {
		return new LocalRoomServer(options, listener, "test", () -> {
		});
	}
}
