package dcl.transport.recording;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import dcl.transport.Delivery;
import dcl.transport.Delivery.Reliability;
import dcl.transport.Disconnection;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.recording.RecordingEntry.Event;

/**
 * Reads a recording, strictly: an unknown member, a missing one, a wrong type, an empty line or a time that runs backwards is a {@link RecordingException}.
 * Only a last line without its end is left out, since that is what a recorder leaves behind that was killed. For one thread at a time.
 */
public final class RecordingReader implements AutoCloseable {

	/** The longest line, in bytes without its end: room for the largest message of any wire of ours, 1 MiB, in base64. */
	public static final int MAX_LINE_BYTES = 2 << 20;

	/** The latest time of an entry. */
	public static final Duration LONGEST = Duration.ofDays(366);

	private static final int MAX_PEERS = 100_000;
	private static final Set<String> NONE = Set.of();
	private static final Map<Event, Set<String>> MEMBERS = Map.of(
			Event.CONNECTED, Set.of("peers"),
			Event.JOINED, Set.of("peer"),
			Event.LEFT, Set.of("peer"),
			Event.RECEIVED, Set.of("peer", "reliable", "topic", "data"),
			Event.SENT, Set.of("reliable", "topic", "data"),
			Event.OMITTED, Set.of("bytes"),
			Event.DISCONNECTED, Set.of("reason", "detail"));

	private static final JsonFactory JSON = new JsonFactoryBuilder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
			.disable(JsonFactory.Feature.INTERN_FIELD_NAMES).disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
			.streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(4).maxStringLength(MAX_LINE_BYTES).maxNumberLength(32).build()).build();

	private final InputStream in;
	private final RecordingHeader header;
	private byte[] text = new byte[512]; // of the line read last, its first length bytes
	private int length;
	private int line;
	private long bytes;
	private boolean unended;
	private long lastMicros;

	/**
	 * Reads the header.
	 *
	 * @param in is closed with the reader, and at once if this fails
	 */
	public RecordingReader(InputStream in) throws IOException {
		this.in = new BufferedInputStream(in, 1 << 16);
		try {
			header = readHeader();
		} catch (IOException | RuntimeException | Error e) {
			try {
				in.close();
			} catch (IOException unclosed) {
				e.addSuppressed(unclosed);
			}
			throw e;
		}
	}

	private RecordingHeader readHeader() throws IOException {
		boolean whole = readLine() && !unended;
		Map<String, Object> members;
		try {
			members = whole ? parse() : Map.of();
		} catch (RecordingException notEvenJson) {
			members = Map.of();
		}
		if (!"dcl-transport".equals(members.get("recording"))) {
			throw new RecordingException(1, "the header of a recording expected, {\"recording\":\"dcl-transport\",\"version\":1,…}");
		}
		if (!Long.valueOf(RecordingHeader.VERSION).equals(members.get("version"))) {
			throw new RecordingException(1, "version: " + RecordingHeader.VERSION + " expected, the only one that is understood");
		}
		only(members, Set.of("recording", "version", "uri", "self", "started"), NONE);
		return new RecordingHeader(text(members, "uri", RecordingHeader.MAX_TEXT), text(members, "self", RecordingHeader.MAX_TEXT), started(members));
	}

	private Instant started(Map<String, Object> members) throws RecordingException {
		try {
			return Instant.parse(text(members, "started", RecordingHeader.MAX_TEXT));
		} catch (DateTimeException e) {
			throw expected("started", "a time such as 2026-01-01T00:00:00Z");
		}
	}

	/** Returns the first line. */
	public RecordingHeader header() {
		return header;
	}

	/** Returns the line read last, counted from 1. */
	public int line() {
		return line;
	}

	/** Returns how many bytes have been read, with the ends of lines. A call of {@link #next} reads one line. */
	public long bytes() {
		return bytes;
	}

	/**
	 * Reads the next entry, which is the next line.
	 *
	 * @return {@code null} after the last
	 */
	public RecordingEntry next() throws IOException {
		if (!readLine()) {
			return null;
		}
		if (length == 0) {
			throw new RecordingException(line, "an entry expected, not an empty line");
		}
		try {
			return entry(parse());
		} catch (RecordingException e) {
			if (unended) {
				return null;
			}
			throw e;
		}
	}

	private RecordingEntry entry(Map<String, Object> members) throws RecordingException {
		long micros = number(members, "t", LONGEST.toNanos() / 1_000);
		if (micros < lastMicros) {
			throw expected("t", "a time that is not before the one of the entry above");
		}
		lastMicros = micros;
		Duration at = Duration.of(micros, ChronoUnit.MICROS);
		Event event = event(text(members, "event", 32));
		Set<String> needed = new HashSet<>(MEMBERS.get(event));
		needed.add("t");
		needed.add("event");
		only(members, needed, event == Event.SENT ? Set.of("to") : NONE);
		return switch (event) {
			case CONNECTED -> RecordingEntry.connected(at, peers(members, "peers"));
			case JOINED -> RecordingEntry.joined(at, peer(members));
			case LEFT -> RecordingEntry.left(at, peer(members));
			case RECEIVED -> RecordingEntry.received(at, new PeerId(text(members, "peer", PeerId.MAX_LENGTH)), packet(members), reliability(members),
					text(members, "topic", MAX_LINE_BYTES));
			case SENT -> sent(at, members);
			case OMITTED -> RecordingEntry.omitted(at, (int) number(members, "bytes", Integer.MAX_VALUE));
			case DISCONNECTED -> RecordingEntry.disconnected(at, new Disconnection(reason(members), text(members, "detail", MAX_LINE_BYTES)));
		};
	}

	private RecordingEntry sent(Duration at, Map<String, Object> members) throws RecordingException {
		Delivery delivery = reliability(members) == Reliability.RELIABLE ? Delivery.reliable() : Delivery.lossy();
		String topic = text(members, "topic", MAX_LINE_BYTES);
		if (!topic.isEmpty()) {
			delivery = delivery.withTopic(topic);
		}
		if (members.containsKey("to")) {
			Set<PeerId> to = peers(members, "to");
			if (to.isEmpty()) {
				throw expected("to", "at least one peer");
			}
			delivery = delivery.to(to);
		}
		return RecordingEntry.sent(at, packet(members), delivery);
	}

	private Event event(String word) throws RecordingException {
		for (Event event : Event.values()) {
			if (event.word().equals(word)) {
				return event;
			}
		}
		throw expected("event", "one of " + List.of(Event.values()).stream().map(Event::word).toList());
	}

	private PeerId peer(Map<String, Object> members) throws RecordingException {
		String text = text(members, "peer", PeerId.MAX_LENGTH);
		if (text.isEmpty()) {
			throw expected("peer", "an address or a name");
		}
		return PeerId.of(text);
	}

	private Set<PeerId> peers(Map<String, Object> members, String name) throws RecordingException {
		if (!(members.get(name) instanceof List<?> texts)) {
			throw expected(name, "a list of texts");
		}
		Set<PeerId> peers = new HashSet<>();
		for (Object text : texts) {
			if (!(text instanceof String id) || id.isEmpty() || id.length() > PeerId.MAX_LENGTH) {
				throw expected(name, "addresses or names of 1 to " + PeerId.MAX_LENGTH + " characters");
			}
			peers.add(PeerId.of(id));
		}
		return peers;
	}

	private Reliability reliability(Map<String, Object> members) throws RecordingException {
		if (!(members.get("reliable") instanceof Boolean reliable)) {
			throw expected("reliable", "true or false");
		}
		return reliable ? Reliability.RELIABLE : Reliability.LOSSY;
	}

	private Packet packet(Map<String, Object> members) throws RecordingException {
		try {
			return Packet.wrap(ByteBuffer.wrap(Base64.getDecoder().decode(text(members, "data", MAX_LINE_BYTES))));
		} catch (IllegalArgumentException e) {
			throw expected("data", "base64");
		}
	}

	private Disconnection.Reason reason(Map<String, Object> members) throws RecordingException {
		try {
			return Disconnection.Reason.valueOf(text(members, "reason", 64));
		} catch (IllegalArgumentException e) {
			throw expected("reason", "one of " + List.of(Disconnection.Reason.values()));
		}
	}

	private String text(Map<String, Object> members, String name, int longest) throws RecordingException {
		if (!(members.get(name) instanceof String text) || text.length() > longest) {
			throw expected(name, "a text of at most " + longest + " characters");
		}
		return text;
	}

	private long number(Map<String, Object> members, String name, long most) throws RecordingException {
		if (!(members.get(name) instanceof Long number) || number < 0 || number > most) {
			throw expected(name, "a whole number from 0 to " + most);
		}
		return number;
	}

	private void only(Map<String, Object> members, Set<String> needed, Set<String> optional) throws RecordingException {
		for (String name : members.keySet()) {
			if (!needed.contains(name) && !optional.contains(name)) {
				throw new RecordingException(line, "a member that is not known here; expected are " + needed.stream().sorted().toList()
						+ (optional.isEmpty() ? "" : " and perhaps " + optional));
			}
		}
		for (String name : needed) {
			if (!members.containsKey(name)) {
				throw expected(name, "this member");
			}
		}
	}

	private RecordingException expected(String member, String what) {
		return new RecordingException(line, member + ": " + what + " expected");
	}

	// ---- lines

	/** Returns the members of a flat object: texts, whole numbers, booleans and lists of texts. */
	private Map<String, Object> parse() throws RecordingException {
		Map<String, Object> members = new LinkedHashMap<>();
		try (JsonParser json = JSON.createParser(text, 0, length)) {
			if (json.nextToken() != JsonToken.START_OBJECT) {
				throw new RecordingException(line, "a JSON object expected");
			}
			while (json.nextToken() == JsonToken.FIELD_NAME) {
				members.put(json.currentName(), value(json));
			}
			if (json.nextToken() != null) {
				throw new RecordingException(line, "one JSON object a line expected, there is more");
			}
			return members;
		} catch (RecordingException e) {
			throw e;
		} catch (IOException e) { // its text would quote the file
			throw new RecordingException(line, "a JSON object expected");
		}
	}

	private Object value(JsonParser json) throws IOException {
		JsonToken token = json.nextToken();
		switch (token) {
			case VALUE_STRING :
				return json.getText();
			case VALUE_NUMBER_INT :
				return json.getLongValue();
			case VALUE_TRUE :
			case VALUE_FALSE :
				return json.getBooleanValue();
			case START_ARRAY :
				List<String> texts = new ArrayList<>();
				while (json.nextToken() == JsonToken.VALUE_STRING) {
					if (texts.size() == MAX_PEERS) {
						throw new RecordingException(line, "a list of at most " + MAX_PEERS + " peers expected");
					}
					texts.add(json.getText());
				}
				if (json.currentToken() != JsonToken.END_ARRAY) {
					throw new RecordingException(line, "a list of texts expected");
				}
				return texts;
			default :
				throw new RecordingException(line, "texts, whole numbers, true, false and lists of texts expected");
		}
	}

	/** Reads the next line into {@link #text}; false after the last. {@link #unended} is set if it is the last and has no end. */
	private boolean readLine() throws IOException {
		if (unended) {
			return false;
		}
		line++;
		length = 0;
		for (int c = in.read(); c != '\n'; c = in.read()) {
			if (c < 0) {
				unended = true;
				return length > 0;
			}
			bytes++;
			if (length == MAX_LINE_BYTES) {
				throw new RecordingException(line, "at most " + MAX_LINE_BYTES + " bytes expected");
			}
			if (length == text.length) {
				text = Arrays.copyOf(text, 2 * length);
			}
			text[length++] = (byte) c;
		}
		bytes++;
		return true;
	}

	@Override
	public void close() throws IOException {
		in.close();
	}
}
