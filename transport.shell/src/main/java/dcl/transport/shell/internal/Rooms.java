package dcl.transport.shell.internal;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import dcl.transport.Delivery;
import dcl.transport.Packet;
import dcl.transport.PeerId;
import dcl.transport.SessionPolicy;
import dcl.transport.Transport;
import dcl.transport.TransportException;
import dcl.transport.TransportOptions;
import dcl.transport.TransportRegistry;
import dcl.transport.TransportUri;
import dcl.transport.identity.Wallets;
import dcl.transport.rfc4.Rfc4;
import dcl.transport.spi.TransportProvider;
import dcl.transport.status.TransportStatus;
import dcl.transport.text.Printable;

/** What the commands do, without a shell or OSGi. Thread-safe. */
final class Rooms {

	private static final long SEND_SECONDS = 10;

	private final TransportRegistry registry;
	private final TransportStatus status;
	private final String self;
	private final int maxOpen;
	private final int maxEvents;
	/** By number. Guarded by itself. */
	private final TreeMap<Integer, Room> rooms = new TreeMap<>();
	private int last;
	/** Rooms that are being made. */
	private int reserved;

	/**
	 * @param self      symbolic name and version of this bundle
	 * @param maxOpen   how many rooms may be open here at once
	 * @param maxEvents how many events a room keeps
	 */
	Rooms(TransportRegistry registry, TransportStatus status, String self, int maxOpen, int maxEvents) {
		this.registry = registry;
		this.status = status;
		this.self = self;
		this.maxOpen = maxOpen;
		this.maxEvents = maxEvents;
	}

	Rows<ProviderRow> providers() {
		List<ProviderRow> rows = new ArrayList<>();
		for (TransportStatus.Provider provider : status.providers()) {
			provider.types().forEach(type -> rows.add(new ProviderRow(Printable.of(type), Printable.of(provider.bundle()), provider.ranking(),
					provider.stuckThreads())));
		}
		rows.sort((a, b) -> a.type().compareTo(b.type())); // stable: the best of a type stays first
		return new Rows<>(rows, "no provider is installed");
	}

	Rows<OpenRow> list() {
		List<OpenRow> rows = new ArrayList<>(snapshot().stream().map(room -> room.row(self)).toList());
		status.transports().stream().filter(open -> !open.ofSession() && !open.host().equals(self))
				.map(open -> new OpenRow("-", "transport", Printable.of(open.uri()), Printable.of(open.host()), open.state().name(), open.peers(),
						open.stats().sent(), open.stats().received()))
				.forEach(rows::add);
		status.sessions().stream().filter(open -> !open.host().equals(self))
				.map(open -> new OpenRow("-", "session", Printable.of(open.uri()), Printable.of(open.host()), open.state().name(), open.peers(),
						open.stats().confirmed() + open.stats().handedOver() + open.stats().unknown() + open.stats().lossyHandedOver(),
						open.stats().received()))
				.forEach(rows::add);
		return new Rows<>(rows, "nothing is open");
	}

	ResolutionRow resolve(String text) throws CommandException {
		TransportUri uri = parse(text);
		String why = "";
		try (Transport made = registry.create(uri)) {
			assert made.state() == Transport.State.NEW;
		} catch (TransportException e) {
			why = describe(e);
		}
		String type = uri.type();
		List<String> candidates = Stream.of(type, TransportProvider.ANY).distinct()
				.flatMap(served -> status.providers().stream().filter(provider -> provider.types().contains(served)))
				.map(provider -> Printable.of(provider.bundle())).distinct().toList();
		return new ResolutionRow(type, Printable.of(uri.toString()), why.isEmpty(), candidates, why);
	}

	/**
	 * Opens a room and waits until it is connected, as long as the registry gives it.
	 *
	 * @throws CommandException with the failure's code and words
	 */
	Room open(String text, boolean guest, boolean session) throws CommandException, InterruptedException {
		TransportUri uri = parse(text);
		TransportOptions options = guest ? TransportOptions.of(Wallets.random()) : TransportOptions.none();
		int number = reserve();
		Room room = null;
		try {
			String id = Integer.toString(number);
			room = session
					? Room.of(id, registry.session(uri, options, SessionPolicy.defaults().withFirstRetried(false)), maxEvents)
					: Room.of(id, registry.create(uri, options), maxEvents);
		} catch (TransportException e) {
			throw new CommandException(describe(e));
		} finally {
			synchronized (rooms) {
				reserved--;
				if (room != null) {
					rooms.put(number, room);
				}
			}
		}
		try {
			room.connect().toCompletableFuture().get();
			return room;
		} catch (ExecutionException e) {
			forget(room);
			throw new CommandException(describe(e.getCause()));
		} catch (InterruptedException e) {
			forget(room);
			throw e;
		}
	}

	/** Returns the number of the next room; forgets the oldest that is over if there are too many. */
	private int reserve() throws CommandException {
		synchronized (rooms) {
			if (rooms.size() + reserved >= maxOpen) {
				Integer over = rooms.entrySet().stream().filter(entry -> entry.getValue().isClosed()).map(Map.Entry::getKey).findFirst()
						.orElseThrow(() -> new CommandException("at most " + maxOpen + " rooms can be open here at once; close one"));
				rooms.remove(over);
			}
			reserved++;
			return ++last;
		}
	}

	private void forget(Room room) {
		room.close();
		synchronized (rooms) {
			rooms.values().remove(room);
		}
	}

	private static TransportUri parse(String text) throws CommandException {
		try {
			return TransportUri.parse(text);
		} catch (IllegalArgumentException e) {
			throw new CommandException(e.getMessage()); // never quotes the params
		}
	}

	private static String describe(Throwable failure) {
		return failure instanceof TransportException ours ? Printable.of(ours.code() + ": " + ours.getMessage()) : failure.getClass().getName();
	}

	/** Sends text as a chat message, or bytes as they are, and waits for what becomes of it. */
	String send(Object which, String what, boolean hex, boolean lossy, String to, String topic) throws CommandException, InterruptedException {
		Room room = room(which);
		CompletionStage<String> sending;
		try {
			Packet packet = hex ? Packet.wrap(ByteBuffer.wrap(HexFormat.of().parseHex(what))) : Rfc4.encode(Rfc4.chat(what));
			Delivery delivery = lossy ? Delivery.lossy() : Delivery.reliable();
			if (!to.isEmpty()) {
				delivery = delivery.to(Stream.of(to.split(",")).map(String::trim).map(PeerId::of).collect(Collectors.toSet()));
			}
			sending = room.send(packet, topic.isEmpty() ? delivery : delivery.withTopic(topic));
		} catch (IllegalArgumentException e) {
			throw new CommandException(Printable.of(hex ? "pairs of hexadecimal digits are expected, and peers separated by commas" : e.getMessage()));
		}
		try {
			return sending.toCompletableFuture().get(SEND_SECONDS, TimeUnit.SECONDS);
		} catch (ExecutionException e) {
			throw new CommandException(describe(e.getCause()));
		} catch (TimeoutException e) {
			return "under way: nothing became of it within " + SEND_SECONDS + " s";
		}
	}

	/** Closes a room, or all of this shell's. */
	String close(Object which) throws CommandException {
		List<Room> closing = "all".equals(which) ? snapshot() : Collections.singletonList(room(which));
		closing.forEach(this::forget);
		return closing.isEmpty() ? "nothing is open here" : "closed " + String.join(", ", closing.stream().map(Room::id).toList());
	}

	/** @param time null for no end */
	Duration duration(String time) throws CommandException {
		if (time.isEmpty()) {
			return null;
		}
		if (!time.matches("[0-9]{1,6}(ms|s|m|h)")) {
			throw new CommandException("a time is a number and ms, s, m or h, such as 30s");
		}
		long number = Long.parseLong(time.replaceAll("[a-z]+", ""));
		return switch (time.replaceAll("[0-9]+", "")) {
			case "ms" -> Duration.ofMillis(number);
			case "s" -> Duration.ofSeconds(number);
			case "m" -> Duration.ofMinutes(number);
			default -> Duration.ofHours(number);
		};
	}

	/** @param which a room, or what commands call it */
	Room room(Object which) throws CommandException {
		List<Room> open = snapshot();
		String id = which instanceof Room room ? room.id() : String.valueOf(which);
		return open.stream().filter(room -> room.id().equals(id)).findFirst().orElseThrow(() -> new CommandException(
				"no room of that number was opened here; there " + (open.isEmpty() ? "is none" : "are " + String.join(", ", ids()))));
	}

	List<String> ids() {
		return snapshot().stream().map(Room::id).toList();
	}

	Set<String> types() {
		return registry.types();
	}

	private List<Room> snapshot() {
		synchronized (rooms) {
			return List.copyOf(rooms.values());
		}
	}

	void closeAll() {
		snapshot().forEach(this::forget);
	}
}
