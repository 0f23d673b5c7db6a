package dcl.transport.registry.internal;

import org.osgi.framework.Bundle;
import org.osgi.framework.FrameworkUtil;

/** Names of bundles, for messages. */
final class Bundles {

	private Bundles() {
	}

	/** Returns name and version of the bundle an object's class comes from, or says that it comes from none. */
	static String nameOf(Object object) {
		return nameOf(FrameworkUtil.getBundle(object.getClass()));
	}

	static String nameOf(Bundle bundle) {
		return bundle == null ? "no bundle" : bundle.getSymbolicName() + " " + bundle.getVersion();
	}
}
