package dcl.transport.health.internal;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import dcl.transport.SessionStats;
import dcl.transport.TransportStats;
import dcl.transport.status.TransportStatus;
import dcl.transport.text.Printable;

/** What there is and what is open, as text for people and as JSON: one list of facts, written twice. No secrets: {@link TransportStatus} has none. */
final class Inventory {

	/** Where facts go. */
	private interface Sink {

		void list(String name, int size) throws IOException;

		void entry(String title) throws IOException;

		void fact(String name, Object value) throws IOException;

		void endEntry() throws IOException;

		void endList() throws IOException;
	}

	private static final JsonFactory JSON = JsonFactory.builder().disable(StreamWriteFeature.AUTO_CLOSE_TARGET).enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

	private Inventory() {
	}

	static void text(TransportStatus status, List<String> warnings, PrintWriter out) {
		try {
			write(status, warnings, new Text(out));
		} catch (IOException e) {
			throw new UncheckedIOException(e);
		}
		out.flush();
	}

	/** Writes one JSON object, in ASCII. */
	static void json(TransportStatus status, List<String> warnings, PrintWriter out) {
		try (JsonGenerator json = JSON.createGenerator(out)) {
			json.writeStartObject();
			write(status, warnings, new Json(json));
			json.writeEndObject();
		} catch (IOException e) {
			throw new UncheckedIOException(e);
		}
		out.flush();
	}

	static String text(TransportStatus status, List<String> warnings) {
		StringWriter out = new StringWriter();
		text(status, warnings, new PrintWriter(out));
		return out.toString();
	}

	static String json(TransportStatus status, List<String> warnings) {
		StringWriter out = new StringWriter();
		json(status, warnings, new PrintWriter(out));
		return out.toString();
	}

	private static void write(TransportStatus status, List<String> warnings, Sink sink) throws IOException {
		sink.list("warnings", warnings.size());
		for (String warning : warnings) {
			sink.entry(warning);
			sink.fact("warning", warning);
			sink.endEntry();
		}
		sink.endList();
		List<TransportStatus.Provider> providers = status.providers();
		sink.list("providers", providers.size());
		for (TransportStatus.Provider provider : providers) {
			sink.entry(provider.bundle());
			sink.fact("bundle", provider.bundle());
			sink.fact("types", String.join(", ", provider.types().stream().sorted().toList()));
			sink.fact("ranking", provider.ranking());
			sink.fact("stuckThreads", provider.stuckThreads());
			sink.endEntry();
		}
		sink.endList();
		List<TransportStatus.OpenTransport> transports = status.transports();
		sink.list("transports", transports.size());
		for (TransportStatus.OpenTransport open : transports) {
			sink.entry(open.uri());
			sink.fact("uri", open.uri());
			sink.fact("host", open.host());
			sink.fact("ofSession", open.ofSession());
			sink.fact("state", open.state().name());
			sink.fact("peers", open.peers());
			sink.fact("outgoingPackets", open.outgoingPackets());
			sink.fact("outgoingLimit", open.outgoingLimit());
			sink.fact("incomingPackets", open.incomingPackets());
			sink.fact("incomingLimit", open.incomingLimit());
			stats(open.stats(), sink);
			sink.endEntry();
		}
		sink.endList();
		List<TransportStatus.OpenSession> sessions = status.sessions();
		sink.list("sessions", sessions.size());
		for (TransportStatus.OpenSession open : sessions) {
			sink.entry(open.uri());
			sink.fact("uri", open.uri());
			sink.fact("host", open.host());
			sink.fact("state", open.state().name());
			sink.fact("attempt", open.attempt());
			sink.fact("peers", open.peers());
			sink.fact("waitingPackets", open.waitingPackets());
			stats(open.stats(), sink);
			sink.endEntry();
		}
		sink.endList();
		List<TransportStatus.HoldUp> holdUps = status.holdUps();
		sink.list("holdUps", holdUps.size());
		for (TransportStatus.HoldUp one : holdUps) {
			sink.entry(one.bundle());
			sink.fact("bundle", one.bundle());
			sink.fact("at", one.at().toString());
			sink.fact("links", one.links());
			sink.endEntry();
		}
		sink.endList();
	}

	private static void stats(TransportStats stats, Sink sink) throws IOException {
		sink.fact("accepted", stats.accepted());
		sink.fact("sent", stats.sent());
		sink.fact("bytesSent", stats.bytesSent());
		sink.fact("sendDropped", stats.sendDropped());
		sink.fact("sendFailed", stats.sendFailed());
		sink.fact("confirmed", stats.confirmed());
		sink.fact("received", stats.received());
		sink.fact("bytesReceived", stats.bytesReceived());
		sink.fact("receiveDropped", stats.receiveDropped());
		sink.fact("invalid", stats.invalid());
	}

	private static void stats(SessionStats stats, Sink sink) throws IOException {
		sink.fact("accepted", stats.accepted());
		sink.fact("confirmed", stats.confirmed());
		sink.fact("handedOver", stats.handedOver());
		sink.fact("dropped", stats.dropped());
		sink.fact("unknown", stats.unknown());
		sink.fact("failed", stats.failed());
		sink.fact("lossyHandedOver", stats.lossyHandedOver());
		sink.fact("lossyDropped", stats.lossyDropped());
		sink.fact("received", stats.received());
		sink.fact("attempts", stats.attempts());
		sink.fact("connections", stats.connections());
	}

	private record Text(PrintWriter out) implements Sink {

		@Override
		public void list(String name, int size) {
			out.println(name + ": " + size);
		}

		@Override
		public void entry(String title) {
			out.println("  " + Printable.of(title));
		}

		@Override
		public void fact(String name, Object value) {
			if (!name.equals("warning") && !value.equals("")) {
				out.println("    " + name + " = " + Printable.of(value.toString()));
			}
		}

		@Override
		public void endEntry() {
			// a line was all
		}

		@Override
		public void endList() {
			// the next begins with its name
		}
	}

	private record Json(JsonGenerator json) implements Sink {

		@Override
		public void list(String name, int size) throws IOException {
			json.writeArrayFieldStart(name);
		}

		@Override
		public void entry(String title) throws IOException {
			json.writeStartObject();
		}

		@Override
		public void fact(String name, Object value) throws IOException {
			if (value instanceof Number number) {
				json.writeNumberField(name, number.longValue());
			} else if (value instanceof Boolean flag) {
				json.writeBooleanField(name, flag);
			} else {
				json.writeStringField(name, Printable.of(value.toString()));
			}
		}

		@Override
		public void endEntry() throws IOException {
			json.writeEndObject();
		}

		@Override
		public void endList() throws IOException {
			json.writeEndArray();
		}
	}
}
