package dcl.transport.cli.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportRegistry;
import dcl.transport.TransportUri;
import dcl.transport.spi.TransportProvider;
import dcl.transport.text.Printable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "resolve", mixinStandardHelpOptions = true,
		description = "Parses a connection string and tells who would serve it, without connecting.")
final class ResolveCommand implements Callable<Integer> {

	/** As the registry allows. */
	private static final long ACCEPTS_MILLIS = 200;
	private static final Pattern CLEAR_TEXT = Pattern.compile(
			"(?:ws|http)://(?:[^/?#]*@)?(\\[[^\\]]*\\]|[^/?#:]*).*", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

	private final Io io;
	private final TransportRegistry registry;
	private final Installed installed;

	@Parameters(paramLabel = "<uri>", description = "The connection string, or @FILE.")
	private String text;

	@Option(names = "--json", description = "One JSON object on standard output.")
	private boolean json;

	ResolveCommand(Io io, TransportRegistry registry, Installed installed) {
		this.io = io;
		this.registry = registry;
		this.installed = installed;
	}

	@Override
	public Integer call() throws InterruptedException {
		try (Output out = new Output(io, json, () -> {
		})) {
			try {
				print(out, resolve());
				return Exit.DONE;
			} catch (IllegalArgumentException e) {
				new Reporter(out, "", false).failed(Code.INVALID_PARAMS, e.getMessage());
				return Exit.CANNOT_RESOLVE;
			} catch (TransportException e) {
				new Reporter(out, "", false).failed(e);
				return Exit.of(e.code());
			}
		}
	}

	private ObjectNode resolve() throws TransportException, InterruptedException {
		TransportUri uri;
		try (Transport transport = registry.create(TransportUri.parse(text))) { // the registry's own word, with its own refusals
			uri = transport.uri();
		}
		List<Installed.Candidate> bestFirst = installed.bestFirst();
		List<Installed.Candidate> serving = Stream.of(uri.type(), TransportProvider.ANY)
				.flatMap(type -> bestFirst.stream().filter(candidate -> candidate.types().contains(type))).distinct().toList();
		Installed.Candidate chosen = null;
		ArrayNode candidates = Json.array();
		for (Installed.Candidate candidate : serving) {
			boolean accepts = accepts(candidate, uri);
			if (chosen == null && accepts) {
				chosen = candidate;
			}
			ObjectNode shown = candidates.addObject();
			shown.put("bundle", candidate.bundle());
			shown.put("version", candidate.version());
			shown.put("ranking", candidate.ranking());
			shown.put("accepts", accepts);
		}
		if (chosen == null) {
			throw new TransportException(Code.PROVIDER_GONE, "the provider of '" + uri.type() + "' left meanwhile");
		}
		ObjectNode found = Json.object();
		found.put("type", uri.type());
		found.put("uri", uri.toString());
		found.put("provider", chosen.bundle());
		found.put("why", why(chosen, uri, serving));
		found.set("candidates", candidates);
		ArrayNode warnings = found.putArray("warnings");
		warnings(chosen, uri, serving).forEach(warnings::add);
		return found;
	}

	private static boolean accepts(Installed.Candidate candidate, TransportUri uri) throws InterruptedException {
		FutureTask<Boolean> question = new FutureTask<>(() -> candidate.accepts().test(uri));
		Thread asking = new Thread(question, "comms-accepts");
		asking.setDaemon(true);
		asking.start();
		try {
			return question.get(ACCEPTS_MILLIS, TimeUnit.MILLISECONDS);
		} catch (ExecutionException | TimeoutException no) {
			return false; // as the registry counts it
		}
	}

	private static String why(Installed.Candidate chosen, TransportUri uri, List<Installed.Candidate> serving) {
		if (serving.size() == 1) {
			return chosen.types().contains(uri.type()) ? "the only provider of '" + uri.type() + "'" : "the only provider of any type";
		}
		if (serving.get(0) != chosen) {
			return "the first in rank that accepts the params";
		}
		Installed.Candidate next = serving.get(1);
		if (chosen.types().contains(uri.type()) && !next.types().contains(uri.type())) {
			return "the only provider of '" + uri.type() + "' by name";
		}
		return chosen.ranking() > next.ranking() ? "the highest ranking, " + chosen.ranking() : "the oldest of ranking " + chosen.ranking();
	}

	private static List<String> warnings(Installed.Candidate chosen, TransportUri uri, List<Installed.Candidate> serving) {
		List<String> warnings = new ArrayList<>();
		Matcher clear = CLEAR_TEXT.matcher(uri.params());
		if (clear.matches() && !isLoopback(clear.group(1))) {
			warnings.add("without TLS: everybody on the way can read and change what is sent");
		}
		if (!uri.params().equals(uri.params().strip())) {
			warnings.add("white space around the params is part of them");
		}
		if (serving.stream().filter(other -> other.types().contains(uri.type()) && other.ranking() == chosen.ranking()).count() > 1) {
			warnings.add("several providers have ranking " + chosen.ranking() + ", so the order of their installation decides");
		}
		return warnings;
	}

	private static boolean isLoopback(String host) {
		return host.equalsIgnoreCase("localhost") || host.startsWith("127.") || host.equals("[::1]");
	}

	private void print(Output out, ObjectNode found) throws InterruptedException {
		if (json) {
			out.line(Json.line(found));
			return;
		}
		out.line("type      " + found.get("type").textValue());
		out.line("uri       " + Printable.of(found.get("uri").textValue()));
		out.line("provider  " + found.get("provider").textValue() + ": " + found.get("why").textValue());
		for (JsonNode warning : found.get("warnings")) {
			out.line("warning   " + warning.textValue());
		}
	}
}
