package dcl.transport.websocket;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;

/**
 * TLS of one connection, without buffers of its own: it works on those of the loop and keeps only an incomplete record.
 * <p>
 * Used by the loop alone; what {@code SSLEngine} wants computed is handed out with {@link #tasks()} and run elsewhere.
 */
final class Tls {

	/** Room for 64 KiB in records, and for one more record, as {@code wrap} demands before it works. */
	static final int NET_BYTES = 128 << 10;
	private static final byte[] EMPTY = {};

	private final SSLEngine engine;
	private boolean established;
	private boolean told; // that it is established
	private byte[] held = EMPTY; // an incomplete record, or what waits for a task

	private Tls(SSLEngine engine) {
		this.engine = engine;
	}

	/** The client's side: the host name is checked against the certificate, always (RFC 2818, 3.1). */
	static Tls client(SSLContext context, String host, int port) throws SSLException {
		SSLEngine engine = context.createSSLEngine(host, port);
		engine.setUseClientMode(true);
		SSLParameters parameters = modern(engine);
		parameters.setEndpointIdentificationAlgorithm("HTTPS");
		if (!isAddress(host)) {
			try {
				parameters.setServerNames(List.of(new SNIHostName(host.endsWith(".") ? host.substring(0, host.length() - 1) : host)));
			} catch (IllegalArgumentException e) {
				throw new SSLException("expected a host name that fits into a certificate", e);
			}
		}
		engine.setSSLParameters(parameters);
		return new Tls(engine);
	}

	static Tls server(SSLContext context, InetSocketAddress peer) {
		SSLEngine engine = context.createSSLEngine(peer.getAddress().getHostAddress(), peer.getPort());
		engine.setUseClientMode(false);
		engine.setSSLParameters(modern(engine));
		return new Tls(engine);
	}

	private static SSLParameters modern(SSLEngine engine) {
		SSLParameters parameters = engine.getSSLParameters();
		List<String> supported = Arrays.asList(engine.getSupportedProtocols());
		parameters.setCipherSuites(null); // they stay as they are: set, each engine would hold a list of its own
		parameters.setProtocols(List.of("TLSv1.3", "TLSv1.2").stream().filter(supported::contains).toArray(String[]::new));
		return parameters;
	}

	private static boolean isAddress(String host) {
		return host.indexOf(':') >= 0 || host.chars().allMatch(c -> c == '.' || c >= '0' && c <= '9');
	}

	void begin() throws SSLException {
		engine.beginHandshake();
	}

	boolean isEstablished() {
		return established;
	}

	/** Returns true once, after it was established. */
	boolean justEstablished() {
		boolean just = established && !told;
		told |= just;
		return just;
	}

	HandshakeStatus status() {
		return engine.getHandshakeStatus();
	}

	/** Returns what is to be computed off the loop; until it is done nothing else of this class may be called. */
	List<Runnable> tasks() {
		List<Runnable> tasks = new ArrayList<>();
		for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
			tasks.add(task);
		}
		return tasks;
	}

	SSLEngineResult wrap(ByteBuffer app, ByteBuffer net) throws SSLException {
		try {
			return checked(engine.wrap(app, net));
		} catch (RuntimeException e) {
			throw broken(e);
		}
	}

	SSLEngineResult unwrap(ByteBuffer net, ByteBuffer app) throws SSLException {
		try {
			return checked(engine.unwrap(net, app));
		} catch (RuntimeException e) {
			throw broken(e);
		}
	}

	/** JSSE answers some records with another exception: that of JDK 17 with a ClassCastException to a server that is sent a HelloRequest. */
	static SSLException broken(RuntimeException e) {
		return new SSLException("expected records that TLS can read", e);
	}

	private SSLEngineResult checked(SSLEngineResult result) throws SSLException {
		HandshakeStatus status = engine.getHandshakeStatus();
		if (!established && !engine.isInboundDone() && !engine.isOutboundDone() && status == HandshakeStatus.NOT_HANDSHAKING) {
			established = true;
		} else if (established && (status == HandshakeStatus.NEED_TASK || status == HandshakeStatus.NEED_UNWRAP)
				&& "TLSv1.2".equals(engine.getSession().getProtocol()) && !engine.isOutboundDone()) {
			throw new SSLException("expected no renegotiation");
		}
		return result;
	}

	/** Begins a buffer with what was held back. */
	void restore(ByteBuffer net) {
		net.put(held);
		held = EMPTY;
	}

	/** Holds back what cannot be read yet. */
	void hold(ByteBuffer net) {
		if (net.hasRemaining()) {
			held = new byte[net.remaining()];
			net.get(held);
		}
	}

	boolean holds() {
		return held.length > 0;
	}

	/** Prepares close_notify; the session stays resumable. */
	void closeOutbound() {
		engine.closeOutbound();
	}

	boolean isOutboundDone() {
		return engine.isOutboundDone();
	}
}
