package dcl.transport.recording;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.temporal.ChronoUnit;
import java.util.Base64;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dcl.transport.Delivery.Reliability;
import dcl.transport.PeerId;

/**
 * Writes a recording: the header at once, then an entry a line. Keeps out what the connection string keeps secret, as the header names it in its form for
 * logs; packets are written as they are. For one thread at a time, in the order of the times.
 */
public final class RecordingWriter implements AutoCloseable {

	private static final JsonFactory JSON = new JsonFactory();
	/** The longest packet that fits into a line of {@link RecordingReader#MAX_LINE_BYTES}, with names and topic. */
	private static final int MAX_PACKET_BYTES = (RecordingReader.MAX_LINE_BYTES - 65_536) / 4 * 3;
	private static final int MAX_TEXT = 4_096;

	private final OutputStream out;
	private final long maxBytes;
	private long written;
	private boolean full;

	/**
	 * Writes the header.
	 *
	 * @param maxBytes where to stop: an entry that would lead beyond is not written any more, nor is any after it
	 */
	public RecordingWriter(OutputStream out, RecordingHeader header, long maxBytes) throws IOException {
		this.out = new BufferedOutputStream(out, 1 << 16);
		this.maxBytes = maxBytes;
		line(json -> {
			json.writeStringField("recording", "dcl-transport");
			json.writeNumberField("version", RecordingHeader.VERSION);
			json.writeStringField("uri", header.uri());
			json.writeStringField("self", header.self());
			json.writeStringField("started", header.started().truncatedTo(ChronoUnit.MICROS).toString());
		});
	}

	/**
	 * Writes an entry. One whose packet, list of peers or topic is too large for a line is written as {@code omitted}.
	 *
	 * @return false if the recording is full, and this entry is not in it
	 */
	public boolean write(RecordingEntry entry) throws IOException {
		RecordingEntry fitting = fits(entry) ? entry : RecordingEntry.omitted(entry.at(), entry.bytes());
		return line(json -> write(json, fitting));
	}

	private static boolean fits(RecordingEntry entry) {
		long names = 0;
		for (PeerId peer : entry.peers()) {
			names += 6L * peer.value().length() + 3; // each character may be written as an escape
		}
		String topic = entry.topic();
		return entry.bytes() <= MAX_PACKET_BYTES && (topic == null || topic.length() <= MAX_TEXT)
				&& names + (entry.packet() == null ? 0 : entry.bytes() / 3 * 4L) < RecordingReader.MAX_LINE_BYTES - 65_536;
	}

	private static void write(JsonGenerator json, RecordingEntry entry) throws IOException {
		json.writeNumberField("t", entry.at().toNanos() / 1_000);
		json.writeStringField("event", entry.event().word());
		if (entry.peer() != null) {
			json.writeStringField("peer", entry.peer().value());
		}
		switch (entry.event()) {
			case CONNECTED -> peers(json, "peers", entry);
			case RECEIVED, SENT -> {
				json.writeBooleanField("reliable", entry.reliability() == Reliability.RELIABLE);
				json.writeStringField("topic", entry.topic());
				if (!entry.peers().isEmpty()) {
					peers(json, "to", entry);
				}
				json.writeStringField("data", Base64.getEncoder().encodeToString(entry.packet().toByteArray()));
			}
			case OMITTED -> json.writeNumberField("bytes", entry.bytes());
			case DISCONNECTED -> {
				String detail = entry.disconnection().detail();
				json.writeStringField("reason", entry.disconnection().reason().name());
				json.writeStringField("detail", detail.length() <= MAX_TEXT ? detail : detail.substring(0, MAX_TEXT));
			}
			default -> {
				// the peer says it all
			}
		}
	}

	private static void peers(JsonGenerator json, String name, RecordingEntry entry) throws IOException {
		json.writeArrayFieldStart(name);
		for (String peer : entry.peers().stream().map(PeerId::value).sorted().toList()) {
			json.writeString(peer);
		}
		json.writeEndArray();
	}

	/** What goes between the braces of one line. */
	private interface Members {

		void write(JsonGenerator json) throws IOException;
	}

	private boolean line(Members members) throws IOException {
		if (full) {
			return false;
		}
		StringWriter text = new StringWriter(256);
		try (JsonGenerator json = JSON.createGenerator(text)) {
			json.writeStartObject();
			members.write(json);
			json.writeEndObject();
		} catch (UncheckedIOException e) {
			throw e.getCause();
		}
		byte[] line = text.append('\n').toString().getBytes(StandardCharsets.UTF_8);
		if (written + line.length > maxBytes) {
			full = true;
			return false;
		}
		out.write(line);
		written += line.length;
		return true;
	}

	/** Returns how many bytes have been written, the header's included. */
	public long bytes() {
		return written;
	}

	/** Hands everything written so far to the stream. */
	public void flush() throws IOException {
		out.flush();
	}

	/** Closes the stream. */
	@Override
	public void close() throws IOException {
		out.close();
	}
}
