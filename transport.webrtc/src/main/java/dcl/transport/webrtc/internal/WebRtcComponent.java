package dcl.transport.webrtc.internal;

import java.util.List;
import java.util.concurrent.CompletionStage;

import dcl.transport.webrtc.IceServer;
import dcl.transport.webrtc.PeerConnection;
import dcl.transport.webrtc.PeerConnectionEvents;
import dcl.transport.webrtc.WebRtc;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/**
 * The service; there also where libwebrtc is not. Not delayed, since it would go with the last of those that use it, and with it the
 * library.
 */
@Component(immediate = true, configurationPid = "dcl.transport.webrtc")
@Designate(ocd = WebRtcComponent.Config.class)
public final class WebRtcComponent implements WebRtc {

	/** Configuration. A change makes the service anew, which ends its connections. */
	@ObjectClassDefinition(name = "WebRTC", description = "Bounds of peer connections")
	public @interface Config {

		@AttributeDefinition(name = "Connections", description = "Peer connections open at once (1 to 10000)")
		int maxConnections() default 500;

		@AttributeDefinition(name = "Waiting messages", description = "Messages of one connection that wait to be taken (1 to 1000000)")
		int maxWaitingMessages() default 4_096;

		@AttributeDefinition(name = "Waiting bytes", description = "Bytes of one connection's messages that wait to be taken (1 to 2^30)")
		long maxWaitingBytes() default 4_194_304;
	}

	private final Rtc rtc;

	/** Makes the service; no thread is started and nothing is loaded before it is used. */
	@Activate
	public WebRtcComponent(Config config) {
		rtc = new Rtc(new Settings(config.maxConnections(), config.maxWaitingMessages(), config.maxWaitingBytes()));
	}

	@Deactivate
	void stop() {
		rtc.close();
	}

	@Override
	public CompletionStage<Void> load() {
		return rtc.load();
	}

	@Override
	public CompletionStage<PeerConnection> open(List<IceServer> servers, boolean relayOnly, PeerConnectionEvents events) {
		return rtc.open(servers, relayOnly, events);
	}
}
