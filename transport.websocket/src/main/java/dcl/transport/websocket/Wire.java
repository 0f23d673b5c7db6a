package dcl.transport.websocket;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.List;

import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The socket of one connection, plain or in TLS. Used by the loop alone, on the buffers of the loop; what a socket does not take is kept here.
 */
final class Wire {

	/** Whose bytes these are. */
	interface Owner {

		/** Bytes came, TLS removed; all of them have to be taken. */
		void received(ByteBuffer in) throws IOException;

		/** TLS is agreed. */
		void secured() throws IOException;

		/** The peer sent all it will, or said so in TLS. */
		void endOfStream();

		/** The socket took bytes; {@code all} if nothing is kept here. */
		void written(int count, boolean all);

		/** Whether nothing more is to be read, since the connection ended. */
		boolean isEnded();

		/** TLS has computed something: there may be more to write, and interest to change. */
		void again() throws IOException;

		void failed(Throwable cause);
	}

	private static final Logger LOG = LoggerFactory.getLogger(Wire.class);
	private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

	private final Owner owner;
	private final Loop loop;
	private final WebSockets engine;
	private final SocketChannel channel;
	private final SelectionKey key;
	private Tls tls;
	private boolean busy; // TLS computes elsewhere
	private ByteBuffer residue;

	Wire(Owner owner, Loop loop, WebSockets engine, SocketChannel channel, SelectionKey key) {
		this.owner = owner;
		this.loop = loop;
		this.engine = engine;
		this.channel = channel;
		this.key = key;
	}

	/** Begins to agree on TLS; {@link Owner#secured} tells when it is done. */
	void secure(Tls with) throws IOException {
		tls = with;
		tls.begin();
		readTls(false);
	}

	SocketChannel channel() {
		return channel;
	}

	/** Whether nothing can be written for now: the socket is full, or TLS is not ready. */
	boolean isBlocked() {
		return residue != null || busy || tls != null && !tls.isEstablished();
	}

	boolean hasResidue() {
		return residue != null;
	}

	// ---- reading

	void read() throws IOException {
		if (tls != null) {
			readTls(true);
			return;
		}
		ByteBuffer in = loop.in.clear();
		int count = channel.read(in);
		if (count < 0) {
			owner.endOfStream();
		} else if (count > 0) {
			owner.received(in.flip());
		}
	}

	/** Lets TLS go on as far as it can, with new bytes from the socket if asked to. */
	private void readTls(boolean fromSocket) throws IOException {
		if (busy) {
			return;
		}
		Loop.TlsBuffers buffers = loop.tls();
		ByteBuffer net = buffers.netIn.clear();
		tls.restore(net);
		boolean end = fromSocket && net.hasRemaining() && channel.read(net) < 0;
		net.flip();
		while (!owner.isEnded() && step(net, buffers.appIn)) {
			if (tls.justEstablished()) {
				owner.secured();
			}
		}
		if (end && !busy && !owner.isEnded()) {
			owner.endOfStream();
		}
	}

	/** Does the one thing TLS wants next; returns whether there is another. */
	private boolean step(ByteBuffer net, ByteBuffer app) throws IOException {
		HandshakeStatus status = tls.status();
		if (status == HandshakeStatus.NEED_TASK) {
			tls.hold(net);
			compute();
			return false;
		}
		if (status == HandshakeStatus.NEED_WRAP) {
			if (residue != null) {
				tls.hold(net); // goes on when the socket has taken the rest
				return false;
			}
			wrapAndWrite(NOTHING);
			return true;
		}
		if (!net.hasRemaining()) {
			return false;
		}
		SSLEngineResult result = tls.unwrap(net, app.clear());
		if (tls.justEstablished()) {
			owner.secured();
		}
		if (result.bytesProduced() > 0) {
			owner.received(app.flip());
		}
		switch (result.getStatus()) {
			case OK -> {
				return true;
			}
			case BUFFER_UNDERFLOW -> tls.hold(net);
			case CLOSED -> {
				if (!owner.isEnded()) {
					owner.endOfStream();
				}
			}
			default -> throw new IllegalStateException("expected " + app.capacity() + " bytes to hold one record");
		}
		return false;
	}

	private void compute() {
		List<Runnable> tasks = tls.tasks();
		busy = true;
		engine.compute(() -> {
			Throwable failure = null;
			try {
				tasks.forEach(Runnable::run);
			} catch (Throwable e) {
				failure = e;
			}
			Throwable result = failure;
			loop.execute(() -> computed(result));
		});
	}

	private void computed(Throwable failure) {
		busy = false;
		if (owner.isEnded()) {
			return;
		}
		try {
			if (failure != null) {
				throw failure instanceof RuntimeException e ? Tls.broken(e) : failure;
			}
			readTls(false);
			owner.again();
		} catch (Throwable e) {
			owner.failed(e);
		}
	}

	// ---- writing

	/** Writes what was kept; returns whether the socket took any of it. */
	boolean drain() throws IOException {
		if (residue == null) {
			return false;
		}
		int count = channel.write(residue);
		if (!residue.hasRemaining()) {
			residue = null;
		}
		owner.written(count, residue == null);
		if (residue == null && tls != null && !busy && (tls.holds() || tls.status() == HandshakeStatus.NEED_WRAP)) {
			readTls(false); // it waited for room to answer
		}
		return count > 0;
	}

	/** Returns the empty buffer to put up to 64 KiB into, for {@link #write}. */
	ByteBuffer buffer() {
		return (tls == null ? loop.out : loop.tls().appOut).clear();
	}

	/** Writes a buffer, and keeps what the socket does not take; returns whether it took any. */
	boolean write(ByteBuffer app) throws IOException {
		return tls == null ? writeNet(app) : wrapAndWrite(app);
	}

	/** Puts plain bytes and whatever TLS has to say into records. */
	private boolean wrapAndWrite(ByteBuffer app) throws IOException {
		ByteBuffer net = loop.tls().netOut.clear();
		boolean stuck = false;
		do {
			SSLEngineResult result = tls.wrap(app, net);
			if (result.getStatus() == SSLEngineResult.Status.BUFFER_OVERFLOW) {
				throw new IllegalStateException("expected " + Tls.NET_BYTES + " bytes to hold the records of 64 KiB");
			}
			stuck = result.bytesConsumed() == 0 && result.bytesProduced() == 0;
		} while (!stuck && (app.hasRemaining() || tls.status() == HandshakeStatus.NEED_WRAP));
		if (app.hasRemaining() || stuck && tls.status() == HandshakeStatus.NEED_WRAP) {
			throw new SSLException("expected TLS to take what is sent; it is closed or busy");
		}
		return writeNet(net.flip());
	}

	private boolean writeNet(ByteBuffer net) throws IOException {
		int count = channel.write(net);
		if (net.hasRemaining()) {
			byte[] rest = new byte[net.remaining()];
			net.get(rest);
			residue = ByteBuffer.wrap(rest);
		}
		owner.written(count, residue == null);
		return count > 0;
	}

	/** Says goodbye in TLS and TCP; returns whether that is done, or has to be tried again after a {@link #drain}. */
	boolean finish() throws IOException {
		if (tls != null && tls.isEstablished() && !tls.isOutboundDone()) {
			tls.closeOutbound();
			wrapAndWrite(NOTHING);
		}
		if (residue != null) {
			return false;
		}
		channel.shutdownOutput();
		return true;
	}

	/** Tells the peer what is wrong with its TLS, if that can be done at once. */
	void alert() {
		try {
			if (residue == null && tls != null && !busy) {
				ByteBuffer net = loop.tls().netOut.clear();
				tls.wrap(NOTHING, net);
				channel.write(net.flip());
			}
		} catch (IOException e) {
			LOG.debug("No alert was sent: {}", e.toString());
		}
	}

	void interest(boolean read, boolean write) {
		int interest = busy ? 0 : (read ? SelectionKey.OP_READ : 0) | (write ? SelectionKey.OP_WRITE : 0);
		if (key.interestOps() != interest) {
			key.interestOps(interest);
		}
	}

	void close() {
		key.cancel();
		residue = null;
		try {
			channel.close();
		} catch (IOException e) {
			LOG.debug("A socket did not close: {}", e.toString());
		}
	}
}
