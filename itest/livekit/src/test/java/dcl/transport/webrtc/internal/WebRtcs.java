package dcl.transport.webrtc.internal;

import java.lang.reflect.Proxy;

import dcl.transport.webrtc.WebRtc;

/** Makes and ends the WebRTC of a program without a framework, for tests in other packages. */
public final class WebRtcs {

	private WebRtcs() {
	}

	public static WebRtc activate() {
		Object config = Proxy.newProxyInstance(WebRtcs.class.getClassLoader(), new Class<?>[] {WebRtcComponent.Config.class},
				(proxy, method, arguments) -> method.getDefaultValue());
		return new WebRtcComponent((WebRtcComponent.Config) config);
	}

	public static void deactivate(WebRtc webRtc) {
		((WebRtcComponent) webRtc).stop();
	}
}
