package com.acme.transport;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** A small acme server for tests and demos: rooms, one thread for each connection. */
public final class AcmeServer implements AutoCloseable {

	private final ServerSocket port;
	private final Set<Client> clients = ConcurrentHashMap.newKeySet();
	private final Set<Thread> threads = ConcurrentHashMap.newKeySet();
	private final Consumer<String> log;
	private volatile boolean refusing;

	/** Opens a server on a free port of the loopback interface. */
	AcmeServer() throws IOException {
		this(0, event -> { });
	}

	private AcmeServer(int number, Consumer<String> log) throws IOException {
		this.log = log;
		port = new ServerSocket(number, 50, InetAddress.getLoopbackAddress());
		start(this::accept, "acme-server");
	}

	private void start(Runnable work, String name) {
		Thread thread = new Thread(() -> {
			work.run();
			threads.remove(Thread.currentThread());
		}, name);
		thread.setDaemon(true);
		threads.add(thread);
		thread.start();
	}

	InetSocketAddress address() {
		return new InetSocketAddress(port.getInetAddress(), port.getLocalPort());
	}

	private void accept() {
		while (!port.isClosed()) {
			try {
				Client client = new Client(port.accept());
				start(client, "acme-client");
			} catch (IOException e) {
				return; // closed
			}
		}
	}

	/** One connection. */
	private final class Client implements Runnable {

		final Socket socket;
		final OutputStream out;
		volatile String room = "";
		volatile String name = "";

		Client(Socket socket) throws IOException {
			this.socket = socket;
			socket.setTcpNoDelay(true);
			out = socket.getOutputStream();
		}

		/** To a client that has gone nothing is sent; its own thread will see that. */
		void send(ByteBuffer frame) {
			try {
				synchronized (out) {
					out.write(frame.array(), 0, frame.limit());
				}
			} catch (IOException e) {
				shut();
			}
		}

		void shut() {
			try {
				socket.close();
			} catch (IOException e) {
				throw new IllegalStateException(e);
			}
		}

		@Override
		public void run() {
			try {
				DataInputStream in = new DataInputStream(socket.getInputStream());
				for (Frame next = read(in); handle(next); next = read(in)) {
					// until it says goodbye
				}
			} catch (IOException | Frame.Malformed e) {
				log.accept(name + " broke off");
			} finally {
				shut();
				if (clients.remove(this)) {
					log.accept(name + " left " + room);
					others().forEach(other -> other.send(new Frame.Writer(Frame.LEFT).text(name).end()));
				}
			}
		}

		private Frame read(DataInputStream in) throws IOException, Frame.Malformed {
			byte[] head = new byte[Frame.HEAD_BYTES];
			in.readFully(head);
			int length = ByteBuffer.wrap(head).getInt();
			if (length < 0 || length > Frame.MAX_BYTES) {
				throw new Frame.Malformed("too long");
			}
			byte[] whole = new byte[Frame.HEAD_BYTES + length];
			System.arraycopy(head, 0, whole, 0, head.length);
			in.readFully(whole, head.length, length);
			return Frame.next(ByteBuffer.wrap(whole));
		}

		private List<Client> others() {
			return clients.stream().filter(other -> other != this && other.room.equals(room)).toList();
		}

		private boolean handle(Frame frame) throws Frame.Malformed {
			switch (frame.kind()) {
				case Frame.HELLO -> {
					room = frame.text();
					frame.text(); // any token will do
					name = frame.text();
					if (refusing) {
						send(new Frame.Writer(Frame.REFUSED).text("you are not on the list").end());
						return false;
					}
					synchronized (clients) { // so that each of two who come at once sees the other once
						List<Client> there = others();
						synchronized (out) { // the welcome comes first, and who has got it can be found
							clients.add(this);
							send(new Frame.Writer(Frame.WELCOME).texts(there.stream().map(other -> other.name).toList()).end());
						}
						there.forEach(other -> other.send(new Frame.Writer(Frame.JOINED).text(name).end()));
					}
					log.accept(name + " joined " + room);
				}
				case Frame.PACKET -> {
					boolean lossy = frame.flag();
					List<String> to = frame.texts();
					String topic = frame.text();
					byte[] packet = frame.rest();
					log.accept(name + " said " + packet.length + " bytes");
					others().stream().filter(other -> to.isEmpty() || to.contains(other.name)).forEach(other -> other.send(
							new Frame.Writer(Frame.PACKET).flag(lossy).text(name).text(topic).rest(ByteBuffer.wrap(packet)).end()));
				}
				case Frame.PING -> send(new Frame.Writer(Frame.PONG).number(frame.number()).end());
				case Frame.BYE -> {
					return false;
				}
				default -> throw new Frame.Malformed("kind " + frame.kind());
			}
			return true;
		}
	}

	void kick(String name, String words) {
		clients.stream().filter(client -> client.name.equals(name)).forEach(client -> {
			client.send(new Frame.Writer(Frame.KICKED).text(words).end());
			client.shut();
		});
	}

	void refuse() {
		refusing = true;
	}

	void garbage() {
		clients.forEach(client -> client.send(new Frame.Writer((byte) 99).text("?").end()));
	}

	void goodbye() {
		clients.forEach(client -> client.send(new Frame.Writer(Frame.BYE).text("closing time").end()));
	}

	@Override
	public void close() throws IOException, InterruptedException {
		port.close();
		clients.forEach(Client::shut);
		for (Thread thread : threads) {
			thread.join(5_000);
		}
	}

	/** Runs a server until the process is ended; prints a connection string, and what happens. */
	public static void main(String[] arguments) throws Exception {
		AcmeServer server = new AcmeServer(arguments.length > 0 ? Integer.parseInt(arguments[0]) : 0, System.out::println);
		System.out.println("acme:127.0.0.1:" + server.address().getPort() + "/plaza?token=example");
		Thread.currentThread().join();
	}
}
