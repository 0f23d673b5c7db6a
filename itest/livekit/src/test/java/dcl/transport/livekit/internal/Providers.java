package dcl.transport.livekit.internal;

import java.lang.reflect.Proxy;
import java.util.Map;

import dcl.transport.spi.TransportProvider;
import dcl.transport.webrtc.WebRtc;

/** Makes and ends providers as declarative services do, for tests in other packages. */
public final class Providers {

	private Providers() {
	}

	/** Returns a provider with the defaults of its configuration, but for what is given. */
	public static TransportProvider activate(WebRtc webRtc, Map<String, Object> settings) {
		Object config = Proxy.newProxyInstance(Providers.class.getClassLoader(), new Class<?>[] {LiveKitProvider.Config.class},
				(proxy, method, arguments) -> settings.getOrDefault(method.getName(), method.getDefaultValue()));
		return new LiveKitProvider((LiveKitProvider.Config) config, webRtc);
	}

	public static void deactivate(TransportProvider provider) {
		((LiveKitProvider) provider).stop();
	}
}
