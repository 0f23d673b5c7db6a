package dcl.transport.cli.internal;

import java.io.IOException;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import dcl.transport.Disconnection;
import dcl.transport.Identity;
import dcl.transport.Message;
import dcl.transport.PeerId;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportOptions;
import dcl.transport.TransportRegistry;
import dcl.transport.TransportUri;
import dcl.transport.identity.Wallets;
import dcl.transport.rfc4.Movement;
import dcl.transport.rfc4.Rfc4;
import dcl.transport.rfc4.Rfc4Packet;
import dcl.transport.roomserver.RoomServer;
import dcl.transport.roomserver.RoomServerOptions;
import dcl.transport.roomserver.RoomServers;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(name = "demo", mixinStandardHelpOptions = true,
		description = "Two guests meet in a room of the embedded server, talk, move, and see each other leave. Needs nothing but this machine.")
final class DemoCommand implements Callable<Integer> {

	private static final long STEP_SECONDS = 10;
	private static final int STEPS = 3;
	private static final float STEP_METRES = 0.5f;

	private final Io io;
	private final TransportRegistry registry;
	private final RoomServers servers;

	@Option(names = "--json", description = "One JSON object a line on standard output.")
	private boolean json;

	DemoCommand(Io io, TransportRegistry registry, RoomServers servers) {
		this.io = io;
		this.registry = registry;
		this.servers = servers;
	}

	@Override
	public Integer call() throws InterruptedException {
		Stop stop = new Stop(null);
		try (Output out = new Output(io, json, stop::outputGone)) {
			try (RoomServer server = servers.open(RoomServerOptions.defaults())) {
				out.offer(Event.of("listening", "").with("url", server.url().toString()));
				meet(out, TransportUri.parse("ws-room:" + server.url() + "demo"));
				if (!json) {
					out.line("Done: two wallets, signed in to a real room. Next: comms room, and comms connect --guest ws-room:<url>lobby");
				}
				return stop.isOutputGone() ? Exit.INTERRUPTED : Exit.DONE;
			} catch (IOException e) {
				new Reporter(out, "", true).failed(Code.UNREACHABLE, "cannot listen on the loopback interface: " + e.getMessage());
				return Exit.UNREACHABLE;
			} catch (TransportException e) {
				return Exit.of(e.code()); // told already, by whom it happened to
			}
		}
	}

	private void meet(Output out, TransportUri room) throws TransportException, InterruptedException {
		try (Guest first = new Guest(out, room); Guest second = new Guest(out, room)) {
			first.connect();
			second.connect();
			first.await("joined " + second.name());

			first.send(Rfc4.chat("Hello! Is anybody here?"));
			second.await("chat");
			second.send(Rfc4.chat("I am. Shall we walk a bit?"));
			first.await("chat");

			for (int step = 1; step <= STEPS; step++) {
				first.send(step(step, 0));
				second.await("movement");
				second.send(step(0, step));
				first.await("movement");
			}

			second.leave();
			first.await("left " + second.name());
			second.connect();
			first.await("joined " + second.name());
			first.leave();
			second.await("left " + first.name());
			second.leave();
		}
	}

	private static Rfc4Packet step(int x, int z) {
		return Rfc4Packet.newBuilder().setMovement(Movement.newBuilder().setTimestamp(System.nanoTime() / 1e9f).setIsGrounded(true)
				.setPositionX(x * STEP_METRES).setPositionZ(z * STEP_METRES)).build();
	}

	/** One of the two. Its methods wait, each for at most ten seconds, and report what fails. */
	private final class Guest extends Reporter implements AutoCloseable {

		private final TransportUri room;
		private final Identity wallet;
		private final BlockingQueue<String> heard = new LinkedBlockingQueue<>(); // a room of two, so a few dozens
		private Transport transport;

		Guest(Output out, TransportUri room) {
			this(out, room, Wallets.random());
		}

		private Guest(Output out, TransportUri room, Identity wallet) {
			super(out, wallet.address().value(), true);
			this.room = room;
			this.wallet = wallet;
		}

		String name() {
			return wallet.address().value();
		}

		void connect() throws TransportException, InterruptedException {
			connecting(room.toString());
			try {
				transport = registry.create(room, TransportOptions.of(wallet));
			} catch (TransportException e) {
				failed(e);
				throw e;
			}
			transport.listen(this);
			await(transport.connect(), "the connection");
			await("connected");
		}

		void send(Rfc4Packet message) throws TransportException, InterruptedException {
			Packets.Outgoing outgoing = Packets.advised(message);
			Runnable sent = sent(outgoing.packet(), outgoing.delivery());
			await(transport.send(outgoing.packet(), outgoing.delivery()).thenRun(sent), "the packet to leave");
		}

		void leave() throws TransportException, InterruptedException {
			await(transport.disconnect(), "the goodbye");
			await("disconnected");
		}

		/** Waits until something was heard. */
		void await(String what) throws TransportException, InterruptedException {
			long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(STEP_SECONDS);
			String next = "";
			while (!what.equals(next)) {
				next = heard.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
				if (next == null) {
					throw late("'" + what + "'");
				}
			}
		}

		private void await(CompletionStage<?> stage, String what) throws TransportException, InterruptedException {
			try {
				stage.toCompletableFuture().get(STEP_SECONDS, TimeUnit.SECONDS);
			} catch (TimeoutException e) {
				throw late(what);
			} catch (ExecutionException e) {
				if (e.getCause() instanceof TransportException failure) {
					failed(failure);
					throw failure;
				}
				throw new IllegalStateException(e.getCause());
			}
		}

		private TransportException late(String what) {
			TransportException failure = new TransportException(Code.TIMEOUT, what + " did not come within " + STEP_SECONDS + " s");
			failed(failure);
			return failure;
		}

		@Override
		public void connected(Set<PeerId> peers) {
			super.connected(peers);
			heard.add("connected");
		}

		@Override
		public void peerJoined(PeerId peer) {
			super.peerJoined(peer);
			heard.add("joined " + peer);
		}

		@Override
		public void peerLeft(PeerId peer) {
			super.peerLeft(peer);
			heard.add("left " + peer);
		}

		@Override
		public void received(Message message) {
			super.received(message);
			heard.add(Rfc4.kind(message.packet()).member());
		}

		@Override
		public void disconnected(Disconnection why) {
			super.disconnected(why);
			heard.add("disconnected");
		}

		@Override
		public void close() {
			if (transport != null) {
				transport.close();
			}
		}
	}
}
