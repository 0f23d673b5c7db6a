package dcl.transport.websocket;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

import com.code_intelligence.jazzer.junit.FuzzTest;
import org.junit.jupiter.api.Timeout;

import static dcl.transport.websocket.Rig.require;

/**
 * Somebody between the two ends of TLS: records of an honest peer are cut, changed, dropped, doubled, swapped, and others put among
 * them, in any phase, in either role, in TLS 1.2 and 1.3. Whatever arrives, nothing is delivered but the begin of what the peer sent,
 * and nothing leaves but records. {@code mvn verify} runs the inputs stored in {@code TlsFuzzTestInputs}; {@code ./fuzz} looks for new
 * ones. Keys are new in each run, so that a run is not the same to the last byte.
 */
@Timeout(120)
class TlsFuzzTest {

	private static final int MAX_RECORD_BYTES = 5 + 16_384 + 2_048;
	private static final int MAX_MESSAGES = 40;

	private static SSLContext keys;
	private static SSLContext trust;
	private static int port;

	/** The honest end. */
	private static final class Peer {

		final SSLEngine engine;
		final Deque<byte[]> records = new ArrayDeque<>(); // to be sent
		final ByteArrayOutputStream plain = new ByteArrayOutputStream(); // what it was told
		private final ByteBuffer net = ByteBuffer.allocate(1 << 18);
		private final ByteBuffer app = ByteBuffer.allocate(1 << 16);
		private final ByteBuffer out = ByteBuffer.allocate(1 << 16);
		private int heard;
		boolean failed;

		Peer(SSLEngine engine) throws SSLException {
			this.engine = engine;
			engine.beginHandshake();
		}

		/** Takes what we wrote since, and answers. */
		void hear(HandLoop.Line line) {
			if (line.out.size() > heard) {
				byte[] all = line.out.toByteArray();
				if (net.remaining() >= all.length - heard) {
					net.put(all, heard, all.length - heard);
				}
				heard = all.length;
			}
			try {
				while (step()) {
					// until it waits for us
				}
			} catch (SSLException e) {
				failed = true; // it has been lied to
				try {
					wrap(ByteBuffer.allocate(0)); // its alert
				} catch (SSLException nothingToSay) {
					return;
				}
			}
		}

		private boolean step() throws SSLException {
			HandshakeStatus status = engine.getHandshakeStatus();
			if (status == HandshakeStatus.NEED_TASK) {
				for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
					task.run();
				}
				return true;
			}
			if (status == HandshakeStatus.NEED_WRAP) {
				return wrap(ByteBuffer.allocate(0));
			}
			net.flip();
			SSLEngineResult result = engine.unwrap(net, app.clear());
			net.compact();
			plain.write(app.array(), 0, app.position());
			return result.bytesConsumed() > 0;
		}

		private boolean wrap(ByteBuffer from) throws SSLException {
			SSLEngineResult result = engine.wrap(from, out.clear());
			byte[] made = Arrays.copyOf(out.array(), out.position());
			for (int at = 0; at < made.length;) {
				int next = at + 5 + ((made[at + 3] & 0xFF) << 8 | made[at + 4] & 0xFF);
				records.add(Arrays.copyOfRange(made, at, next));
				at = next;
			}
			return result.bytesProduced() > 0;
		}

		boolean isOpen() {
			return !failed && engine.getHandshakeStatus() == HandshakeStatus.NOT_HANDSHAKING && engine.getSession().isValid()
					&& !engine.isOutboundDone() && !engine.getSession().getCipherSuite().startsWith("SSL_NULL");
		}

		void send(byte[] bytes) {
			try {
				ByteBuffer from = ByteBuffer.wrap(bytes);
				while (from.hasRemaining() && wrap(from)) {
					// one record at a time
				}
			} catch (SSLException e) {
				failed = true;
			}
		}
	}

	/** Each byte is a step; the last one is the setting. */
	@FuzzTest
	void records(byte[] data) throws Exception {
		if (data.length < 1) {
			return;
		}
		if (keys == null) {
			keys = Certificates.server(Certificates.RIGHT);
			trust = Certificates.client();
			keys.getServerSessionContext().setSessionCacheSize(1);
			trust.getClientSessionContext().setSessionCacheSize(1);
		}
		int setting = data[data.length - 1];
		Rig.run((setting & 1) != 0, Rig.LARGE, (setting & 4) != 0, 0, rig -> new Run(rig, Arrays.copyOf(data, data.length - 1), setting).play());
	}

	private static final class Run {

		final Rig rig;
		final byte[] plan;
		final int setting;
		final boolean modern;
		final List<Reference.Event> sent = new ArrayList<>();
		Peer peer;
		int at;
		boolean tampered;
		boolean renegotiated;
		boolean peerClosed;
		boolean weClosed;
		boolean upgraded; // the peer has said its part of the upgrade
		boolean compute = true;
		long passed;

		Run(Rig rig, byte[] plan, int setting) {
			this.rig = rig;
			this.plan = plan;
			this.setting = setting;
			modern = (setting & 2) == 0;
		}

		void play() throws Exception {
			port = port % 60_000 + 1; // another each time: a resumed session would depend on the run before
			SSLEngine engine = rig.client ? keys.createSSLEngine() : trust.createSSLEngine("localhost", port);
			engine.setUseClientMode(!rig.client);
			engine.setEnabledProtocols(new String[] {modern ? "TLSv1.3" : "TLSv1.2"});
			rig.begin(WebSocketRequest.to(URI.create("wss://localhost:" + port + "/?token=sEcReT")).sslContext(trust), keys);
			rig.hand.pass(Loop.TICK_MILLIS, rig.line);
			peer = new Peer(engine);
			listen();
			while (at < plan.length && !rig.line.closed) {
				int step = plan[at++] & 0xFF;
				step(step & 0x0F, step >> 4);
				listen();
				rig.check();
				delivered();
			}
			// the rest arrives as it is
			compute = true;
			rig.line.room = Long.MAX_VALUE;
			rig.connection.resumeReading();
			for (int i = 0; i < 1_000; i++) {
				listen();
				byte[] record = peer.records.poll();
				if (record == null) {
					break;
				}
				rig.say(record);
			}
			listen();
			rig.check();
			delivered();
			honest();
			rig.end((setting & 8) != 0);
			delivered();
			ended();
		}

		/** Lets both ends do what they can. */
		private void listen() throws Exception {
			rig.hand.idle(rig.line);
			if (compute) {
				rig.hand.settle(rig.line);
			} else {
				rig.hand.call(Integer.MAX_VALUE);
			}
			peer.hear(rig.line);
			if (peer.isOpen() && !upgraded) {
				String plain = peer.plain.toString(StandardCharsets.ISO_8859_1);
				if (!rig.client) {
					upgraded = true;
					peer.send(RawPeer.request("").getBytes(StandardCharsets.US_ASCII));
				} else if (plain.contains("\r\n\r\n")) {
					upgraded = true;
					peer.send(RawPeer.accept(plain).getBytes(StandardCharsets.US_ASCII));
				}
			}
		}

		private int next() {
			return at < plan.length ? plan[at++] & 0xFF : 0;
		}

		private void step(int what, int how) throws Exception {
			if (what >= 6 && what <= 10 && peer.records.isEmpty()) {
				return;
			}
			switch (what) {
				case 0, 1, 2, 3, 4, 5 -> deliver(how);
				case 6 -> {
					byte[] record = peer.records.poll();
					record[(next() << 8 | next()) % record.length] ^= (byte) (1 << how % 8);
					tamper(record);
				}
				case 7 -> {
					peer.records.poll();
					tampered = true;
				}
				case 8 -> {
					byte[] record = peer.records.poll();
					tamper(record);
					tamper(record);
				}
				case 9 -> {
					byte[] first = peer.records.poll();
					byte[] second = peer.records.poll();
					if (second != null) {
						tamper(second);
					}
					tamper(first);
				}
				case 10 -> {
					byte[] record = peer.records.poll();
					tamper(Arrays.copyOf(record, next() * record.length / 256));
				}
				case 11 -> tamper(bytes(how + 1));
				case 12 -> inject(how);
				case 13 -> peer(how);
				case 14 -> us(how);
				default -> time(how);
			}
		}

		/** Hands on a record as it is, in pieces if there are any to be. */
		private void deliver(int pieces) throws Exception {
			byte[] record = peer.records.poll();
			if (record == null) {
				return;
			}
			int piece = Math.max(1, pieces == 0 ? record.length : (record.length + pieces) / (pieces + 1));
			for (int from = 0; from < record.length; from += piece) {
				rig.say(record, from, Math.min(record.length, from + piece));
				rig.hand.idle(rig.line);
			}
		}

		private void tamper(byte[] bytes) {
			tampered = true; // nothing in the place of something, too
			rig.say(bytes);
		}

		private byte[] bytes(int count) {
			byte[] bytes = new byte[count];
			for (int i = 0; i < count; i++) {
				bytes[i] = (byte) next();
			}
			return bytes;
		}

		/** A record made up: with a right head, and any type, length and content. */
		private void inject(int how) {
			int length = how == 15 ? 16_384 + 2_049 : how == 14 ? 16_384 : next();
			byte[] record = new byte[5 + length];
			record[0] = (byte) (20 + how % 5);
			record[1] = 3;
			record[2] = (byte) (how % 4);
			record[3] = (byte) (length >> 8);
			record[4] = (byte) length;
			byte[] begin = bytes(Math.min(length, 6));
			System.arraycopy(begin, 0, record, 5, begin.length);
			tamper(record);
		}

		private void peer(int how) throws SSLException {
			if (!peer.isOpen() || !upgraded || sent.size() >= MAX_MESSAGES || peerClosed) {
				return;
			}
			if (how == 15) {
				renegotiated |= !modern;
				peer.engine.beginHandshake(); // in TLS 1.3 an update of the keys
			} else if (how == 14) {
				peerClosed = true;
				peer.engine.closeOutbound();
			} else {
				byte[] payload = new byte[how < 8 ? how : how * how * how * 12];
				Arrays.fill(payload, (byte) ('a' + sent.size()));
				sent.add(new Reference.Event(2, payload));
				peer.send(RawPeer.frame(0x82, payload, !rig.client));
			}
		}

		private void us(int how) {
			switch (how) {
				case 0, 1, 2, 3, 4, 5, 6 -> rig.connection.send(new byte[how * how * how * 100], SendMode.RELIABLE);
				case 7 -> rig.line.room = 0;
				case 8, 9 -> rig.line.room = Math.min(rig.line.room, 1 << 20) + 100;
				case 10 -> rig.line.room = Long.MAX_VALUE;
				case 11 -> rig.connection.pauseReading();
				case 12 -> rig.connection.resumeReading();
				case 13 -> {
					weClosed = true;
					rig.connection.close(1000, "");
				}
				case 14 -> {
					weClosed = true;
					rig.connection.abort();
				}
				default -> rig.connection.ping(new byte[1]);
			}
		}

		private void time(int how) throws Exception {
			if (how < 6) {
				compute = how % 2 == 0; // what TLS computes takes its time
			} else {
				passed += how * 300L;
				rig.hand.pass(how * 300L, rig.line);
			}
		}

		/** At any time: TLS lets through what the peer sent, up to somewhere, and nothing else. */
		private void delivered() {
			require(Reference.startsWith(sent, rig.told.messages), "delivered " + rig.told.messages + ", sent " + sent);
			byte[] out = rig.line.out.toByteArray();
			for (int from = 0; from + 5 <= out.length;) {
				int length = 5 + ((out[from + 3] & 0xFF) << 8 | out[from + 4] & 0xFF);
				require(out[from] >= 20 && out[from] <= 23 && out[from + 1] == 3 && length <= MAX_RECORD_BYTES, "wrote something that is no record");
				from += length;
			}
			String clear = new String(out, StandardCharsets.ISO_8859_1);
			require(!clear.contains("sEcReT") && !clear.contains("HTTP/1.1"), "wrote clear text");
		}

		private boolean undisturbed() {
			return !tampered && !renegotiated && !peerClosed && !weClosed && passed < 2_000;
		}

		/** Nobody meddled: then it works. */
		private void honest() {
			if (undisturbed()) {
				require(rig.told.connection != null && rig.told.ending == null, "it did not open, or ended: " + rig.told.ending);
				require(Reference.same(sent, rig.told.messages), "delivered " + rig.told.messages + ", sent " + sent);
			} else if (renegotiated && !tampered && !peerClosed && !weClosed && passed < 2_000) {
				require(rig.told.ending != null && rig.told.ending.kind() == WebSocketEnding.Kind.TLS, "it renegotiated: " + rig.told.ending);
			}
		}

		private void ended() {
			WebSocketEnding ending = rig.told.ending;
			if (ending == null) {
				return; // a server's, before anybody was asked
			}
			boolean possible = switch (ending.kind()) {
				case LOST -> true;
				case TLS -> tampered || renegotiated || rig.told.connection == null;
				case TIMEOUT, HALF_OPEN, WRITE_STALL -> passed > 0 || tampered;
				case CLOSED_BY_US -> weClosed;
				default -> false; // a close frame or a broken one would have been made up by somebody else
			};
			require(possible, "an end that cannot be: " + ending);
			require(!ending.toString().contains("sEcReT"), "the ending tells the token");
		}
	}
}
