package dcl.transport.bench;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import dcl.transport.Identity;
import dcl.transport.SigningRequest;
import dcl.transport.TransportUri;
import dcl.transport.identity.WalletOptions;
import dcl.transport.identity.Wallets;
import dcl.transport.rfc5.WsPacket;
import dcl.transport.rfc5.WsPacket.PeerUpdate;

/**
 * A room full of peers on one thread, which measures what their deliveries cost the server's process:
 * <pre>
 * PORT PID PEERS PHASE...
 * saturated:W:WARMUP:COUNT       W messages are under way at any time; the next leaves when one has reached everybody. In deliveries
 * paced:HZ:WARMUP_SECONDS:SECONDS   each peer sends HZ messages a second, at a phase of its own
 * </pre>
 * All messages are reliable, of 87 bytes, and carry a number by which each delivery is counted where it arrives.
 */
final class Crowd {

	private static final int READ_BYTES = 64 << 10;
	private static final int PATIENCE_SECONDS = 120;
	private static final int NUMBERS = 1 << 16;
	/** From the end of a relayed message back to its number, a float that is the first field of the movement. */
	private static final byte TAG_UPDATE = PeerUpdate.of(1, new byte[1], false).encode()[0];
	private static final byte[] BODY = Movements.at(1).toByteArray();
	private static final int NUMBER_AT = 3; // behind the tag and the length of the movement, and the tag of its first field
	private static final int OPCODE = 0x0f;
	private static final int PING = 0x9;
	private static final int CLOSE = 0x8;

	/** One peer's socket. */
	private static final class Peer {

		final SocketChannel channel;
		final ByteBuffer in = ByteBuffer.allocateDirect(READ_BYTES);

		Peer(SocketChannel channel) {
			this.channel = channel;
		}

		/** Sends a frame masked with zeros, which costs the generator nothing. */
		void send(int opcode, byte[] payload) throws IOException {
			ByteBuffer frame = ByteBuffer.allocate(payload.length + 8).put((byte) (0x80 | opcode));
			if (payload.length < 126) {
				frame.put((byte) (0x80 | payload.length));
			} else {
				frame.put((byte) (0x80 | 126)).putShort((short) payload.length);
			}
			frame.putInt(0).put(payload).flip();
			while (frame.hasRemaining()) {
				channel.write(frame);
			}
		}
	}

	private final int port;
	private final Path stat;
	private final Peer[] peers;
	private final Selector selector = Selector.open();
	private final int[] missing = new int[NUMBERS];
	private int number;
	private int nextPeer;
	private long sent;
	private long delivered;
	private boolean closedLoop;

	private Crowd(String[] arguments) throws IOException {
		port = Integer.parseInt(arguments[0]);
		stat = Path.of("/proc", arguments[1], "stat");
		peers = new Peer[Integer.parseInt(arguments[2])];
	}

	public static void main(String[] arguments) throws Exception {
		Crowd crowd = new Crowd(arguments);
		Identity[] identities = new Identity[crowd.peers.length]; // made before, since the servers do not wait long
		for (int i = 0; i < identities.length; i++) {
			identities[i] = Wallets.random(WalletOptions.defaults().withoutDelegation());
			sign(identities[i], "dcl-warm-up");
		}
		for (int i = 0; i < crowd.peers.length; i++) {
			crowd.peers[i] = crowd.join(identities[i]);
			crowd.selector.selectNow(crowd::read);
		}
		for (String phase : List.of(arguments).subList(3, arguments.length)) {
			String[] parts = phase.split(":");
			long[] numbers = Arrays.stream(parts).skip(1).mapToLong(Long::parseLong).toArray();
			if (parts[0].equals("saturated")) {
				crowd.saturated((int) numbers[0], numbers[1], numbers[2]);
			} else {
				crowd.paced((int) numbers[0], numbers[1], numbers[2]);
			}
		}
		System.exit(0);
	}

	// ---- the login

	private static String sign(Identity identity, String challenge) {
		return identity.sign(SigningRequest.roomChallenge(TransportUri.parse("ws-room:localhost"), challenge)).toCompletableFuture().join().toJson();
	}

	private Peer join(Identity identity) throws Exception {
		SocketChannel channel = SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
		channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
		Peer peer = new Peer(channel);
		channel.write(ByteBuffer.wrap(("GET /rooms/bench HTTP/1.1\r\nHost: 127.0.0.1:" + port + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
				+ "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: rfc5, rfc4\r\n\r\n")
				.getBytes(StandardCharsets.US_ASCII)));
		int last4 = 0;
		do {
			last4 = last4 << 8 | next(peer) & 0xff;
		} while (last4 != 0x0d0a0d0a);
		peer.send(2, new WsPacket.Identification(identity.address().value()).encode());
		String challenge = ((WsPacket.Challenge) WsPacket.decode(message(peer))).challengeToSign();
		peer.send(2, new WsPacket.SignedChallenge(sign(identity, challenge)).encode());
		WsPacket welcome = WsPacket.decode(message(peer));
		if (!(welcome instanceof WsPacket.Welcome)) {
			throw new IllegalStateException("a welcome expected, " + welcome + " came");
		}
		channel.configureBlocking(false);
		channel.register(selector, SelectionKey.OP_READ, peer);
		return peer;
	}

	private static byte next(Peer peer) throws IOException {
		while (peer.in.position() == 0) {
			if (peer.channel.read(peer.in) < 0) {
				throw new EOFException("the server hung up in the login");
			}
		}
		peer.in.flip();
		byte next = peer.in.get();
		peer.in.compact();
		return next;
	}

	private static byte[] message(Peer peer) throws IOException {
		next(peer);
		int length = next(peer);
		if (length == 126) {
			length = (next(peer) & 0xff) << 8 | next(peer) & 0xff;
		} else if (length == 127) {
			length = 0;
			for (int i = 0; i < 8; i++) {
				length = length << 8 | next(peer) & 0xff;
			}
		}
		byte[] message = new byte[length];
		for (int i = 0; i < length; i++) {
			message[i] = next(peer);
		}
		return message;
	}

	// ---- the room

	private void send(Peer from) throws IOException {
		byte[] body = BODY.clone();
		number = number + 1 & NUMBERS - 1;
		if (missing[number] != 0) {
			throw new IllegalStateException("the server is " + NUMBERS + " messages behind");
		}
		missing[number] = peers.length - 1;
		ByteBuffer.wrap(body).putInt(NUMBER_AT, number);
		from.send(2, PeerUpdate.of(0, body, false).encode());
		sent++;
	}

	private void sendNext() throws IOException {
		send(peers[nextPeer]);
		nextPeer = (nextPeer + 1) % peers.length;
	}

	private void read(SelectionKey key) {
		try {
			Peer peer = (Peer) key.attachment();
			if (peer.channel.read(peer.in) < 0) {
				throw new EOFException("the server hung up");
			}
			peer.in.flip();
			while (frame(peer)) {
				continue;
			}
			peer.in.compact();
		} catch (IOException e) {
			throw new IllegalStateException(e);
		}
	}

	private boolean frame(Peer peer) throws IOException {
		ByteBuffer in = peer.in;
		int start = in.position();
		if (in.remaining() < 4) {
			return false;
		}
		int length = in.get(start + 1);
		int head = 2;
		if (length == 126) {
			length = in.getShort(start + 2) & 0xffff;
			head = 4;
		}
		if (in.remaining() < head + length) {
			return false;
		}
		int opcode = in.get(start) & OPCODE;
		in.position(start + head + length);
		if (opcode == 2 && in.get(start + head) == TAG_UPDATE) {
			delivered(in.getInt(start + head + length - BODY.length + NUMBER_AT));
		} else if (opcode == PING) {
			byte[] payload = new byte[length];
			in.get(start + head, payload);
			peer.send(0xA, payload);
		} else if (opcode == CLOSE) {
			throw new EOFException("the server closed a connection");
		}
		return true;
	}

	private void delivered(int which) throws IOException {
		delivered++;
		if (--missing[which] == 0 && closedLoop) {
			sendNext();
		} else if (missing[which] < 0) {
			throw new IllegalStateException("message " + which + " came more often than there are peers");
		}
	}

	private void saturated(int window, long warmup, long count) throws IOException {
		closedLoop = true;
		for (int i = 0; i < window; i++) {
			sendNext();
		}
		until(delivered + warmup);
		Sample before = new Sample();
		until(delivered + count);
		report("saturated", before);
		closedLoop = false;
		while (delivered < sent * (peers.length - 1)) {
			select();
		}
	}

	private void until(long deliveries) throws IOException {
		while (delivered < deliveries) {
			select();
		}
	}

	private void select() throws IOException {
		if (selector.select(this::read, TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS)) == 0) {
			throw new IllegalStateException("nothing came for " + PATIENCE_SECONDS + " s");
		}
	}

	private void paced(int hertz, long warmupSeconds, long seconds) throws IOException {
		long period = TimeUnit.SECONDS.toNanos(1) / hertz;
		long[] phases = new Random(1).longs(peers.length, 0, period).sorted().toArray();
		long begin = System.nanoTime();
		long total = (warmupSeconds + seconds) * hertz * peers.length;
		long warmup = warmupSeconds * hertz * peers.length;
		Sample before = null;
		for (long i = 0; i < total; i++) {
			if (i == warmup) {
				before = new Sample();
			}
			long due = begin + i / peers.length * period + phases[(int) (i % peers.length)];
			for (long now = System.nanoTime(); now < due; now = System.nanoTime()) {
				if (selector.selectNow(this::read) == 0) {
					LockSupport.parkNanos(Math.min(due - now, 200_000));
				}
			}
			send(peers[(int) (i % peers.length)]);
			if (i % 16 == 0) { // late as it may be, it reads too
				selector.selectNow(this::read);
			}
		}
		report("paced", before);
	}

	/** What had been done and spent at one moment. */
	private final class Sample {

		private final long wallNanos = System.nanoTime();
		private final long cpuMillis = cpuMillis();
		private final long deliveries = delivered;
		private final long messages = sent;
	}

	/** Returns the CPU time of the server's process, in steps of 10 ms. */
	private long cpuMillis() {
		try {
			String text = Files.readString(stat);
			String[] fields = text.substring(text.lastIndexOf(')') + 2).split(" "); // proc(5): the third field is the first of these
			return 10 * (Long.parseLong(fields[11]) + Long.parseLong(fields[12]));
		} catch (IOException e) {
			throw new IllegalStateException(e);
		}
	}

	private void report(String event, Sample before) {
		Sample after = new Sample();
		long deliveries = after.deliveries - before.deliveries;
		long cpu = after.cpuMillis - before.cpuMillis;
		long due = (after.messages - before.messages) * (peers.length - 1);
		new Line(event)
				.with("peers", peers.length)
				.with("messages", deliveries)
				.with("cpuMicros", 1_000 * cpu)
				.with("cpuNanosPerMessage", Math.round(1e6 * cpu / deliveries))
				.with("perCpuSecond", Math.round(1e3 * deliveries / cpu))
				.with("deliveredPercent", Math.round(100.0 * deliveries / due))
				.with("wallMillis", TimeUnit.NANOSECONDS.toMillis(after.wallNanos - before.wallNanos))
				.print();
	}
}
