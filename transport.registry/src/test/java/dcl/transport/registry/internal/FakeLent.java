package dcl.transport.registry.internal;

import java.net.ProxySelector;
import java.time.Clock;
import java.util.Optional;

import javax.net.ssl.SSLContext;

/** What a test lends; nothing at first. */
final class FakeLent implements Lent {

	volatile SSLContext sslContext;
	volatile ProxySelector proxySelector;
	volatile Clock clock;

	@Override
	public Optional<SSLContext> sslContext() {
		return Optional.ofNullable(sslContext);
	}

	@Override
	public Optional<ProxySelector> proxySelector() {
		return Optional.ofNullable(proxySelector);
	}

	@Override
	public Clock clock() {
		return clock != null ? clock : Clock.systemUTC();
	}
}
