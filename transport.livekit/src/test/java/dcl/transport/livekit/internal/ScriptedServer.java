package dcl.transport.livekit.internal;

import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import com.google.protobuf.InvalidProtocolBufferException;
import dcl.transport.livekit.internal.proto.JoinRequest;
import dcl.transport.livekit.internal.proto.JoinResponse;
import dcl.transport.livekit.internal.proto.LeaveRequest;
import dcl.transport.livekit.internal.proto.ParticipantInfo;
import dcl.transport.livekit.internal.proto.ParticipantUpdate;
import dcl.transport.livekit.internal.proto.Pong;
import dcl.transport.livekit.internal.proto.ReconnectResponse;
import dcl.transport.livekit.internal.proto.SessionDescription;
import dcl.transport.livekit.internal.proto.SignalRequest;
import dcl.transport.livekit.internal.proto.SignalRequest.MessageCase;
import dcl.transport.livekit.internal.proto.SignalResponse;
import dcl.transport.livekit.internal.proto.WrappedJoinRequest;
import dcl.transport.websocket.HttpAnswer;
import dcl.transport.websocket.HttpRequest;
import dcl.transport.websocket.SendMode;
import dcl.transport.websocket.WebSocketConnection;
import dcl.transport.websocket.WebSocketEnding;
import dcl.transport.websocket.WebSocketListener;
import dcl.transport.websocket.WebSocketOptions;
import dcl.transport.websocket.WebSocketServer;
import dcl.transport.websocket.WebSocketServerOptions;
import dcl.transport.websocket.WebSockets;

/** A signalling server on loopback that does what a test tells it, and nothing else but answering pings. */
final class ScriptedServer implements AutoCloseable {

	static final int ACTIVE = 2;

	private final WebSockets engine = WebSockets.create(WebSocketOptions.defaults().threadNamePrefix("scripted"));
	private final WebSocketServer server;
	private final BlockingQueue<Optional<Socket>> sockets = new LinkedBlockingQueue<>();
	private final BlockingQueue<Integer> refusals = new LinkedBlockingQueue<>();
	final AtomicInteger requests = new AtomicInteger();
	/** Answered with this status instead of a socket, unless 0. */
	volatile int refuseWith;
	volatile boolean answersPings = true;

	ScriptedServer(WebSocketServerOptions options) throws IOException {
		server = engine.listen(options, this::answer);
	}

	int port() {
		return server.address().getPort();
	}

	private HttpAnswer answer(HttpRequest request) {
		requests.incrementAndGet();
		int status = refuseWith;
		if (status != 0) {
			refusals.add(status);
			return HttpAnswer.reply(status, "no").header("Retry-After", "7");
		}
		return HttpAnswer.accept(new Socket(request));
	}

	/** Returns the next socket that opened. */
	Socket accept() throws InterruptedException {
		return acceptUnless(new CompletableFuture<>()).orElseThrow();
	}

	/** Returns the next socket that opened, empty if that is done before. */
	Optional<Socket> acceptUnless(CompletableFuture<?> done) throws InterruptedException {
		done.thenRun(() -> sockets.add(Optional.empty()));
		Optional<Socket> socket = sockets.poll(30, TimeUnit.SECONDS);
		if (socket == null) {
			throw new AssertionError("no socket within 30 s");
		}
		return socket;
	}

	/** Returns when another request was refused. */
	void refused() throws InterruptedException {
		if (refusals.poll(30, TimeUnit.SECONDS) == null) {
			throw new AssertionError("no request within 30 s");
		}
	}

	static ParticipantInfo participant(String sid, String identity, int state) {
		return ParticipantInfo.newBuilder().setSid(sid).setIdentity(identity).setState(state).build();
	}

	static JoinResponse.Builder joinResponse(ParticipantInfo... others) {
		return JoinResponse.newBuilder().setParticipant(participant("PA_us", "us", 1)).addAllOtherParticipants(Arrays.asList(others))
				.setPingInterval(1).setPingTimeout(15).setServerVersion("1.13.5");
	}

	static SignalResponse leave(int reason, int action) {
		return SignalResponse.newBuilder().setLeave(LeaveRequest.newBuilder().setReason(reason).setAction(action)).build();
	}

	@Override
	public void close() {
		engine.close();
	}

	final class Socket implements WebSocketListener {

		final HttpRequest request;
		final CompletableFuture<WebSocketEnding> ended = new CompletableFuture<>();
		private final BlockingQueue<SignalRequest> heard = new LinkedBlockingQueue<>();
		private volatile WebSocketConnection connection;

		Socket(HttpRequest request) {
			this.request = request;
		}

		JoinRequest joinRequest() throws InvalidProtocolBufferException {
			String query = request.query();
			String encoded = query.substring(query.indexOf("join_request=") + "join_request=".length());
			byte[] wrapped = Base64.getUrlDecoder().decode(URLDecoder.decode(encoded, StandardCharsets.UTF_8));
			return JoinRequest.parseFrom(WrappedJoinRequest.parseFrom(wrapped).getJoinRequest());
		}

		void send(SignalResponse message) {
			connection.send(message.toByteArray(), SendMode.RELIABLE);
		}

		void sendRaw(byte[] bytes) {
			connection.send(bytes, SendMode.RELIABLE);
		}

		void sendText(String text) {
			connection.send(text, SendMode.RELIABLE);
		}

		void update(ParticipantInfo... infos) {
			send(SignalResponse.newBuilder().setUpdate(ParticipantUpdate.newBuilder().addAllParticipants(Arrays.asList(infos))).build());
		}

		void cut() {
			connection.abort();
		}

		/** Returns the next message of a kind, past all others. */
		SignalRequest next(MessageCase kind) throws InterruptedException {
			while (true) {
				SignalRequest message = heard.poll(30, TimeUnit.SECONDS);
				if (message == null) {
					throw new AssertionError("no " + kind + " within 30 s");
				}
				if (message.getMessageCase() == kind) {
					return message;
				}
			}
		}

		/** Lets the client in, up to its offer, which it returns. */
		SessionDescription join(ParticipantInfo... others) throws InterruptedException {
			send(SignalResponse.newBuilder().setJoin(joinResponse(others)).build());
			return next(MessageCase.OFFER).getOffer();
		}

		/** Lets the client in. */
		Socket welcome(ParticipantInfo... others) throws InterruptedException {
			answer(join(others).getId());
			return this;
		}

		void answer(int id) {
			send(SignalResponse.newBuilder().setAnswer(SessionDescription.newBuilder().setType("answer").setSdp("answer " + id).setId(id)).build());
		}

		/** Takes the client back, up to its sync state, which it returns. */
		SignalRequest resume(int lastSequence, ParticipantInfo... everybody) throws InterruptedException {
			send(SignalResponse.newBuilder().setReconnect(ReconnectResponse.newBuilder().setLastMessageSeq(lastSequence)).build());
			if (everybody.length > 0) {
				update(everybody);
			}
			return next(MessageCase.SYNC_STATE);
		}

		@Override
		public void opened(WebSocketConnection opened) {
			connection = opened;
			sockets.add(Optional.of(this));
		}

		@Override
		public void message(WebSocketConnection from, byte[] payload, boolean text) {
			SignalRequest message;
			try {
				message = SignalRequest.parseFrom(payload);
			} catch (InvalidProtocolBufferException e) {
				throw new AssertionError(e);
			}
			if (answersPings && message.hasPingReq()) {
				send(SignalResponse.newBuilder().setPongResp(Pong.newBuilder().setLastPingTimestamp(message.getPingReq().getTimestamp())).build());
			}
			heard.add(message);
		}

		@Override
		public void closed(WebSocketConnection from, WebSocketEnding ending) {
			ended.complete(ending);
		}
	}
}
