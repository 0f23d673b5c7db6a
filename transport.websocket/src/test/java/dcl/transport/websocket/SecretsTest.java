package dcl.transport.websocket;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/** Tokens in paths, queries and headers stay out of every log, also of Java-WebSocket's at its most talkative. */
@Timeout(60)
class SecretsTest {

	/** Runs in a JVM of its own, where everything is logged. */
	public static void main(String[] args) throws Exception {
		try (WebSockets sockets = WebSockets.create(WebSocketOptions.defaults())) {
			WebSocketServer server = sockets.listen(WebSocketServerOptions.onLoopback(0), request -> request.path().contains("refused")
					? HttpAnswer.reply(403, "no") : HttpAnswer.accept(new Echo()));
			for (String path : new String[] {"/sEcReT-path?token=sEcReT-query", "/refused/sEcReT"}) {
				Recorder recorder = new Recorder();
				WebSocketRequest request = WebSocketRequest.to(URI.create("ws://localhost:" + server.address().getPort() + path))
						.header("Authorization", "Bearer sEcReT-header");
				System.out.println(request);
				WebSocketConnection connection = sockets.connect(request, recorder);
				if (path.startsWith("/refused")) {
					System.out.println(recorder.ending());
				} else {
					recorder.open();
					connection.send("sEcReT-message", SendMode.RELIABLE);
					recorder.next();
					connection.close(1000, "");
					System.out.println(recorder.ending());
				}
				System.out.println(connection);
			}
		}
	}

	@Test
	void nothing_logged_holds_a_secret() throws Exception {
		Process run = new ProcessBuilder(System.getProperty("java.home") + "/bin/java", "-XX:TieredStopAtLevel=1",
				"-Dorg.slf4j.simpleLogger.defaultLogLevel=trace", "-Dorg.slf4j.simpleLogger.logFile=System.out",
				"-cp", System.getProperty("java.class.path"), SecretsTest.class.getName()).redirectErrorStream(true).start();
		ByteArrayOutputStream all = new ByteArrayOutputStream();
		run.getInputStream().transferTo(new PrintStream(all));
		assertThat(run.waitFor(30, TimeUnit.SECONDS)).isTrue();
		String text = all.toString(StandardCharsets.UTF_8);
		assertThat(run.exitValue()).as(text).isZero();
		assertThat(text).contains("TRACE org.java_websocket", "REFUSED", "CLOSED_BY_US").doesNotContain("sEcReT");
	}
}
