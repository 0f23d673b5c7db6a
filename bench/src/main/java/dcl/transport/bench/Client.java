package dcl.transport.bench;

import java.io.InputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

import dcl.transport.websocket.SendMode;
import dcl.transport.websocket.SendResult;
import dcl.transport.websocket.WebSocketConnection;
import dcl.transport.websocket.WebSocketEnding;
import dcl.transport.websocket.WebSocketListener;
import dcl.transport.websocket.WebSocketOptions;
import dcl.transport.websocket.WebSocketRequest;
import dcl.transport.websocket.WebSockets;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolConfig;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolHandler;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolHandler.ClientHandshakeStateEvent;
import io.netty.handler.flush.FlushConsolidationHandler;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.IdentityCipherSuiteFilter;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslHandler;
import org.java_websocket.WebSocketImpl;
import org.java_websocket.client.WebSocketClient;
import org.java_websocket.drafts.Draft_6455;
import org.java_websocket.handshake.ServerHandshake;

/** Three ways to hold WebSockets in one JVM, behind as little as can be: what comes is handed on as a {@code byte[]}. */
interface Client extends AutoCloseable {

	/** One connection. */
	interface Socket {

		/** Queues a binary message, which the caller does not touch again. */
		void send(byte[] message);

		/** Returns about how many bytes wait to be written. */
		long queued();

		void close();
	}

	/** Opens a connection; what comes goes to the consumer, on a thread of the client. */
	CompletableFuture<Socket> open(URI url, Consumer<byte[]> messages) throws Exception;

	@Override
	void close();

	/** Makes one: {@code engine}, which is {@code transport.websocket} as ws-room has it, {@code netty} or {@code stock}. */
	static Client of(String kind, SSLContext tls) {
		return switch (kind) {
			case "engine" -> new Engine(tls);
			case "netty" -> new Netty(tls);
			case "stock" -> new Stock(tls);
			default -> throw new IllegalArgumentException("engine, netty or stock expected: " + kind);
		};
	}

	/** Returns a context that trusts the certificate of the fixture, which is in the store. */
	static SSLContext trusting(Path store) throws Exception {
		KeyStore keys = KeyStore.getInstance("PKCS12");
		try (InputStream in = Files.newInputStream(store)) {
			keys.load(in, Fixture.STORE_PASSWORD.toCharArray());
		}
		KeyStore trusted = KeyStore.getInstance("PKCS12");
		trusted.load(null, null);
		trusted.setCertificateEntry("fixture", keys.getCertificate(keys.aliases().nextElement()));
		TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
		trust.init(trusted);
		SSLContext context = SSLContext.getInstance("TLS");
		context.init(null, trust.getTrustManagers(), null);
		return context;
	}

	/** {@code transport.websocket}. */
	final class Engine implements Client {

		private final WebSockets sockets;

		Engine(SSLContext tls) {
			WebSocketOptions options = WebSocketOptions.defaults().callbacksOnLoop();
			sockets = WebSockets.create(tls == null ? options : options.sslContext(tls));
		}

		@Override
		public CompletableFuture<Socket> open(URI url, Consumer<byte[]> messages) {
			CompletableFuture<Socket> opened = new CompletableFuture<>();
			sockets.connect(WebSocketRequest.to(url), new WebSocketListener() {

				@Override
				public void opened(WebSocketConnection connection) {
					opened.complete(new Socket() {

						@Override
						public void send(byte[] message) {
							SendResult result = connection.send(message, SendMode.RELIABLE);
							if (result != SendResult.ACCEPTED) {
								throw new IllegalStateException("not taken: " + result);
							}
						}

						@Override
						public long queued() {
							return connection.queuedBytes();
						}

						@Override
						public void close() {
							connection.close(1000, "");
						}
					});
				}

				@Override
				public void message(WebSocketConnection connection, byte[] payload, boolean text) {
					messages.accept(payload);
				}

				@Override
				public void closed(WebSocketConnection connection, WebSocketEnding ending) {
					opened.completeExceptionally(new IllegalStateException(ending.toString()));
				}
			});
			return opened;
		}

		@Override
		public void close() {
			sockets.close();
		}
	}

	/** Netty with NIO, one event loop, JDK TLS, and a flush for what a turn of the loop gave. */
	final class Netty implements Client {

		private static final int HIGH_WATER = 1 << 20;
		private static final int FLUSH_AFTER = 256;

		private final MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
		private final JdkSslContext tls;

		Netty(SSLContext context) {
			tls = context == null ? null : new JdkSslContext(context, true, null, IdentityCipherSuiteFilter.INSTANCE,
					ApplicationProtocolConfig.DISABLED, ClientAuth.NONE, null, false);
		}

		@Override
		public CompletableFuture<Socket> open(URI url, Consumer<byte[]> messages) {
			CompletableFuture<Socket> opened = new CompletableFuture<>();
			WebSocketClientProtocolConfig config = WebSocketClientProtocolConfig.newBuilder().webSocketUri(url).build();
			new Bootstrap().group(group).channel(NioSocketChannel.class)
					.option(ChannelOption.TCP_NODELAY, true)
					.option(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(HIGH_WATER / 2, HIGH_WATER))
					.handler(new ChannelInitializer<SocketChannel>() {
						@Override
						protected void initChannel(SocketChannel channel) {
							if (tls != null) {
								SslHandler handler = tls.newHandler(channel.alloc(), url.getHost(), url.getPort());
								channel.pipeline().addLast(handler);
							}
							channel.pipeline().addLast(new FlushConsolidationHandler(FLUSH_AFTER, true), new HttpClientCodec(), new HttpObjectAggregator(8192),
									new WebSocketClientProtocolHandler(config), new Reader(opened, messages));
						}
					}).connect(url.getHost(), url.getPort()).addListener(connected -> {
						if (!connected.isSuccess()) {
							opened.completeExceptionally(connected.cause());
						}
					});
			return opened;
		}

		@Override
		public void close() {
			group.shutdownGracefully();
		}

		/** The end of the pipeline. */
		private static final class Reader extends SimpleChannelInboundHandler<BinaryWebSocketFrame> {

			private final CompletableFuture<Socket> opened;
			private final Consumer<byte[]> messages;

			Reader(CompletableFuture<Socket> opened, Consumer<byte[]> messages) {
				this.opened = opened;
				this.messages = messages;
			}

			@Override
			protected void channelRead0(ChannelHandlerContext context, BinaryWebSocketFrame frame) {
				messages.accept(ByteBufUtil.getBytes(frame.content()));
			}

			@Override
			public void userEventTriggered(ChannelHandlerContext context, Object event) throws Exception {
				if (event == ClientHandshakeStateEvent.HANDSHAKE_COMPLETE) {
					Channel channel = context.channel();
					opened.complete(new Socket() {

						@Override
						public void send(byte[] message) {
							channel.writeAndFlush(new BinaryWebSocketFrame(Unpooled.wrappedBuffer(message)), channel.voidPromise());
						}

						@Override
						public long queued() {
							return channel.isWritable() ? HIGH_WATER - channel.bytesBeforeUnwritable() : HIGH_WATER;
						}

						@Override
						public void close() {
							channel.writeAndFlush(new CloseWebSocketFrame(1000, ""));
						}
					});
				}
				super.userEventTriggered(context, event);
			}

			@Override
			public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
				opened.completeExceptionally(cause);
				context.close();
			}
		}
	}

	/** Java-WebSocket's own client, as it comes, but with TCP_NODELAY. */
	final class Stock implements Client {

		private final SSLContext tls;

		Stock(SSLContext tls) {
			this.tls = tls;
		}

		@Override
		public CompletableFuture<Socket> open(URI url, Consumer<byte[]> messages) {
			CompletableFuture<Socket> opened = new CompletableFuture<>();
			WebSocketClient client = new WebSocketClient(url, new Draft_6455()) {

				@Override
				public void onOpen(ServerHandshake handshake) {
					WebSocketClient self = this;
					WebSocketImpl connection = (WebSocketImpl) getConnection();
					AtomicLong size = new AtomicLong();
					opened.complete(new Socket() {

						@Override
						public void send(byte[] message) {
							size.lazySet(message.length);
							self.send(message);
						}

						@Override
						public long queued() {
							return connection.outQueue.size() * size.get();
						}

						@Override
						public void close() {
							self.close();
						}
					});
				}

				@Override
				public void onMessage(String message) {
					throw new IllegalStateException("no text expected");
				}

				@Override
				public void onMessage(ByteBuffer message) {
					byte[] bytes = message.array(); // all of it, as its draft makes it
					messages.accept(bytes);
				}

				@Override
				public void onClose(int code, String reason, boolean remote) {
					opened.completeExceptionally(new IllegalStateException("closed with " + code));
				}

				@Override
				public void onError(Exception failure) {
					opened.completeExceptionally(failure);
				}
			};
			client.setTcpNoDelay(true);
			if (tls != null) {
				client.setSocketFactory(tls.getSocketFactory());
			}
			client.connect();
			return opened;
		}

		@Override
		public void close() {
			// each connection has its own threads, which end with it
		}
	}

	/** How long anything may take before a run is given up. */
	Duration PATIENCE = Duration.ofMinutes(5);
}
