package dcl.transport.cli.internal;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportListener;
import dcl.transport.TransportOptions;
import dcl.transport.TransportRegistry;
import dcl.transport.TransportUri;
import dcl.transport.identity.Wallets;
import dcl.transport.text.Printable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "probe", mixinStandardHelpOptions = true,
		description = "Logs in once with a throw-away key and tells each step, how long it took, and what to do about the one that failed.",
		footer = {"", "Steps of a ws-room: resolve, dns, tcp, tls (wss alone), upgrade, challenge, sign, welcome. Those after the first that fails are not made.",
				"The room sees a guest come and go. The exit code is the one that connect would have ended with."})
final class ProbeCommand implements Callable<Integer> {

	private static final Duration LEAVE = Duration.ofSeconds(3);

	private final Io io;
	private final TransportRegistry registry;

	@Parameters(paramLabel = "<uri>", description = "The connection string, or @FILE.")
	private String text;

	@Option(names = "--json", description = "One JSON object a step on standard output.")
	private boolean json;

	ProbeCommand(Io io, TransportRegistry registry) {
		this.io = io;
		this.registry = registry;
	}

	@Override
	public Integer call() throws InterruptedException {
		Stop stop = new Stop(null);
		try (Output out = new Output(io, json, stop::outputGone)) {
			Steps steps = new Steps(step -> out.offer(json ? Json.line(object(step)) : text(step)));
			TransportUri uri;
			try {
				uri = TransportUri.parse(text);
			} catch (IllegalArgumentException e) {
				steps.begin("resolve", "", Duration.ZERO);
				steps.failed(new TransportException(Code.INVALID_PARAMS, e.getMessage()), Duration.ZERO);
				return Exit.CANNOT_RESOLVE;
			}
			return probe(uri, steps, stop);
		}
	}

	private int probe(TransportUri uri, Steps steps, Stop stop) throws InterruptedException {
		long creating = System.nanoTime();
		Transport transport;
		try {
			transport = registry.create(uri, TransportOptions.of(Wallets.random()));
		} catch (TransportException e) {
			steps.begin("resolve", uri.toString(), Duration.ZERO);
			steps.failed(e, Duration.ofNanos(System.nanoTime() - creating));
			return Exit.of(e.code());
		}
		try {
			transport.listen(new TransportListener() {
				@Override
				public void connecting(String step, String detail, Duration after) {
					steps.begin(step, detail, after);
				}
			});
			long start = System.nanoTime();
			// Added before it is complete or on the same thread as the listener's calls, so the last step is known by then.
			CompletionStage<Integer> exit = transport.connect().handle((connected, failure) -> {
				Duration after = Duration.ofNanos(System.nanoTime() - start);
				if (failure == null) {
					steps.done(after);
					return Exit.DONE;
				}
				TransportException why = Stages.failure(failure);
				steps.failed(why, after);
				return Exit.of(why.code());
			});
			return stop.await(exit) ? exit.toCompletableFuture().join() : Exit.INTERRUPTED;
		} finally {
			leave(transport);
		}
	}

	/** Says goodbye, also when interrupted. */
	private static void leave(Transport transport) throws InterruptedException {
		transport.disconnect();
		new Stop(LEAVE).await(transport.closed());
	}

	private static ObjectNode object(Steps.Step step) {
		ObjectNode object = Json.object();
		object.put("step", step.name());
		object.put("ok", step.ok());
		object.put("millis", step.millis());
		object.put("detail", step.detail());
		object.put("fix", step.fix());
		return object;
	}

	private static String text(Steps.Step step) {
		String line = String.format("%-6s  %-10s %9.1f ms  %s", step.ok() ? "ok" : "FAILED", Printable.of(step.name()), step.millis(),
				Printable.of(step.detail())).stripTrailing();
		return step.ok() ? line : line + "\n" + " ".repeat(8) + "what to do: " + Printable.of(step.fix());
	}
}
