package dcl.transport.registry.internal;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

import dcl.transport.Delivery;
import dcl.transport.Disconnection;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportOptions;
import dcl.transport.TransportUri;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static dcl.transport.registry.internal.Rig.await;
import static dcl.transport.registry.internal.Rig.failure;
import static dcl.transport.registry.internal.Rig.packet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

/** Connection strings with something planted in them, through everything that speaks: nothing of it comes out. */
@Timeout(60)
class SecretsTest {

	private final Rig rig = new Rig(s -> {
		s.connectTimeoutMillis = 150;
		s.stuckMillis = 30;
	});

	@AfterEach
	void stop() {
		rig.close();
	}

	@ParameterizedTest
	@ValueSource(strings = {
			"echo:wss://host.example?access_token=CANARY.eyJhbGciOiJIUzI1NiJ9.sig-_x",
			"echo:wss://user:CANARYpassword@host.example/rooms/x",
			"echo:wss://host.example/rooms/CANARYroom/x#CANARYfragment",
			"echo:host.example/rooms/CANARYroom?a=b",
			"echo:CANARYopaquetoken",
			"echo:wss://host.example/?t=CANARY%20token%2Fwith%3Dsigns",
			"fixed-adapter:echo:wss://host.example?access_token=CANARYtoken"})
	void nothing_of_a_connection_string_leaves_in_failures_and_logs(String text) {
		StringBuilder told = new StringBuilder();
		rig.echo.accepting = uri -> {
			throw new IllegalArgumentException("cannot parse " + uri.text());
		};
		told.append(catchThrowable(() -> rig.host.create(TransportUri.parse(text))));
		told.append(catchThrowable(() -> rig.host.create(TransportUri.parse("none:" + text))));
		rig.echo.accepting = uri -> true;
		TransportOptions options = TransportOptions.none().with("secret", "CANARYvalue");
		rig.echo.opening = (uri, context) -> {
			throw new IllegalStateException("connect to " + uri.text() + " failed", new IllegalArgumentException(uri.params()));
		};
		told.append(failed(rig.create(text, options).connect()));
		rig.echo.opening = (uri, context) -> {
			throw new TransportException(Code.REFUSED, "x".repeat(600) + uri.text(), new IllegalArgumentException(uri.params()));
		};
		told.append(failed(rig.create(text, options).connect()));
		rig.echo.opening = (uri, context) -> CompletableFuture.failedFuture(new LinkageError(uri.text()));
		told.append(failed(rig.create(text, options).connect()));
		rig.echo.opening = (uri, context) -> new CompletableFuture<>();
		told.append(failed(rig.create(text, options).connect()));
		rig.echo.opening = (uri, context) -> context.open(TransportUri.parse("simulator:" + uri.text()));
		told.append(failed(rig.create(text, options).connect()));
		rig.echo.opening = (uri, context) -> CompletableFuture.completedFuture(rig.echo.link());
		rig.echo.contexts.clear();
		Transport transport = rig.create(text, options);
		told.append(transport);
		FakeListener listener = new FakeListener();
		listener.doing = event -> {
			throw new IllegalStateException("I was at " + text);
		};
		transport.listen(listener);
		await(transport.connect());
		FakeLink link = rig.echo.lastLink();
		var context = rig.echo.lastContext();
		context.invalid("a frame of " + text);
		context.executor().execute(() -> {
			throw new IllegalStateException("task of " + text);
		});
		link.sending = packet -> {
			throw new IllegalStateException("send to " + text);
		};
		told.append(failed(transport.send(packet("x"), Delivery.reliable())));
		link.closing = () -> {
			throw new IllegalStateException("close of " + text);
		};
		context.closed(new Disconnection(Disconnection.Reason.KICKED, "go away, " + text));
		told.append(await(transport.closed()));
		told.append(failed(transport.send(packet("x"), Delivery.reliable())));
		await(transport.disconnect());
		Rig.until(() -> Logs.text().contains("failed to close a link"));
		assertThat(told.append(Logs.text()).toString()).doesNotContainIgnoringCase("CANARY");
	}

	private static String failed(CompletionStage<?> stage) {
		TransportException failure = failure(stage);
		assertThat(failure.getCause()).isNull();
		return failure.toString();
	}

	@Test
	void the_secrets_of_a_redirect_stay_secret_too() {
		FakeProvider login = new FakeProvider();
		rig.add(login, "login");
		login.opening = (uri, context) -> context.open(TransportUri.parse("echo:wss://host?access_token=CANARYtoken"));
		rig.echo.opening = (uri, context) -> {
			throw new IllegalStateException("connect to " + uri.text());
		};
		StringBuilder told = new StringBuilder(failed(rig.create("login:x").connect()));
		rig.echo.opening = (uri, context) -> CompletableFuture.completedFuture(rig.echo.link());
		Transport transport = rig.create("login:x");
		await(transport.connect());
		rig.echo.lastLink().sending = packet -> CompletableFuture.failedFuture(new IllegalStateException("send with CANARYtoken"));
		told.append(failed(transport.send(packet("x"), Delivery.reliable())));
		rig.echo.lastContext();
		rig.echo.lastContext().closed(new Disconnection(Disconnection.Reason.LOST, "token CANARYtoken expired"));
		told.append(await(transport.closed()));
		assertThat(told.append(Logs.text()).toString()).doesNotContain("CANARY").contains("token … expired");
	}

	@Test
	void what_the_log_shows_of_a_foreign_exception_has_its_stack_and_none_of_its_classes() {
		Throwable odd = new IllegalStateException("outer", new IllegalArgumentException("inner\u001b[31m"));
		Throwable shown = Failures.forLog(odd, TransportUri.parse("echo:x"));
		assertThat(shown.toString()).isEqualTo("java.lang.IllegalStateException: outer");
		assertThat(shown.getStackTrace()).isEqualTo(odd.getStackTrace());
		assertThat(shown.getCause().toString()).isEqualTo("java.lang.IllegalArgumentException: inner\uFFFD[31m");
		Throwable nasty = new Exception() {
			private static final long serialVersionUID = 1L;

			@Override
			public String getMessage() {
				throw new IllegalStateException("even this");
			}

			@Override
			public Throwable getCause() {
				return this;
			}
		};
		assertThat(Failures.forLog(nasty, TransportUri.parse("echo:x")).toString()).startsWith("dcl.transport.registry.internal.SecretsTest$");
		assertThat(Failures.own(nasty, "who", TransportUri.parse("echo:x")).code()).isEqualTo(Code.INTERNAL);
	}

	@Test
	void texts_are_bounded_and_a_word_cut_in_two_is_left_out() {
		TransportUri uri = TransportUri.parse("echo:wss://host?access_token=CANARYCANARYCANARY");
		String text = "CANARYCANARYCANARY ".repeat(107) + " token CANARYCANARYCANARY";
		for (int cut = 0; cut < 40; cut++) {
			String plain = Failures.plain("-".repeat(cut) + " " + text, uri);
			assertThat(plain).doesNotContain("CANARY");
			assertThat(plain.length()).isLessThanOrEqualTo(513);
		}
		assertThat(Failures.plain("x".repeat(100_000), uri)).hasSizeLessThanOrEqualTo(513);
		assertThat(List.of(Failures.plain("the host host.example is down", uri), Failures.plain("", uri))).containsExactly("the host host.example is down", "");
	}
}
