package dcl.transport.testkit;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.atomic.AtomicInteger;

/** A port on which connections are taken, read, and never answered. One thread. */
final class Nowhere implements AutoCloseable {

	private final ServerSocketChannel port = ServerSocketChannel.open();
	private final Selector selector = Selector.open();
	private final Thread thread = new Thread(this::run, "testkit-nowhere");
	private final AtomicInteger open = new AtomicInteger();

	Nowhere() throws IOException {
		port.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
		port.configureBlocking(false);
		port.register(selector, SelectionKey.OP_ACCEPT);
		thread.setDaemon(true);
		thread.start();
	}

	int port() {
		return port.socket().getLocalPort();
	}

	int open() {
		return open.get();
	}

	private void run() {
		ByteBuffer rubbish = ByteBuffer.allocate(4_096);
		try {
			while (selector.isOpen()) {
				selector.select(key -> ready(key, rubbish.clear()));
			}
		} catch (IOException | ClosedSelectorException e) {
			open.set(0); // closed, or this machine is out of something: nothing is answered either way
		}
	}

	private void ready(SelectionKey key, ByteBuffer rubbish) {
		try {
			if (key.isAcceptable()) {
				SocketChannel client = port.accept();
				client.configureBlocking(false);
				client.register(selector, SelectionKey.OP_READ);
				open.incrementAndGet();
			} else if (((SocketChannel) key.channel()).read(rubbish) < 0) {
				end(key);
			}
		} catch (IOException e) {
			end(key);
		}
	}

	private void end(SelectionKey key) {
		try {
			key.channel().close();
			open.decrementAndGet();
		} catch (IOException e) {
			throw new IllegalStateException("a socket does not close", e);
		}
	}

	/** Returns when its thread has ended. */
	@Override
	public void close() {
		try {
			if (selector.isOpen()) {
				for (SelectionKey key : selector.keys()) {
					key.channel().close();
				}
				selector.close();
			}
			thread.join();
		} catch (IOException e) {
			throw new IllegalStateException("a socket does not close", e);
		} catch (InterruptedException e) {
			Thread.currentThread().interrupt();
		}
	}
}
