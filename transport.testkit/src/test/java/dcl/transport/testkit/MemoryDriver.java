package dcl.transport.testkit;

import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.PeerId;
import dcl.transport.TransportUri;
import dcl.transport.spi.TransportProvider;

/** A driver that can do everything. */
final class MemoryDriver implements TransportDriver {

	private static final String TOKEN = "canary-7f3a";

	private final Set<Flaw> flaws;
	private final CountDownLatch over = new CountDownLatch(1);
	private MemoryRooms rooms;

	MemoryDriver(Set<Flaw> flaws) {
		this.flaws = flaws;
	}

	@Override
	public void start() {
		rooms = new MemoryRooms();
	}

	@Override
	public void stop() throws Exception {
		rooms.close();
		if (!flaws.contains(Flaw.LEAVES_A_THREAD)) {
			over.countDown();
		}
	}

	@Override
	public TransportProvider activate() {
		return new MemoryProvider(rooms, flaws, over);
	}

	@Override
	public void deactivate(TransportProvider provider) {
		((MemoryProvider) provider).stop();
	}

	@Override
	public TransportUri uri(String room) {
		return TransportUri.parse("memory:" + room + "?token=" + TOKEN);
	}

	@Override
	public TransportUri hanging() {
		return uri(MemoryProvider.HANGING);
	}

	@Override
	public Set<String> secrets() {
		return Set.of(TOKEN);
	}

	@Override
	public Set<Ability> abilities() {
		return EnumSet.allOf(Ability.class);
	}

	@Override
	public int wires() {
		return rooms.stopped ? 0 : rooms.wires.get();
	}

	@Override
	public Duration lostWithin() {
		return Duration.ofSeconds(1);
	}

	private void there(Runnable action) throws Exception {
		CompletableFuture.runAsync(action, rooms.thread).get(30, TimeUnit.SECONDS);
	}

	private void endAll(Disconnection why) throws Exception {
		there(() -> rooms.all().forEach(link -> link.end(why)));
	}

	@Override
	public String kick(PeerId who) throws Exception {
		boolean lost = flaws.contains(Flaw.KICKED_IS_LOST) || flaws.contains(Flaw.KICKED_IN_A_SESSION_IS_LOST);
		there(() -> rooms.all().stream().filter(link -> link.self().equals(who))
				.forEach(link -> link.end(new Disconnection(lost ? Reason.LOST : Reason.KICKED, "enough is enough"))));
		return "enough is enough";
	}

	@Override
	public void refuse() {
		rooms.refusing = true;
	}

	@Override
	public void drop() throws Exception {
		endAll(new Disconnection(flaws.contains(Flaw.LOST_IS_SERVER) ? Reason.SERVER : Reason.LOST, "cut"));
	}

	@Override
	public void silence() throws Exception {
		there(() -> rooms.all().forEach(MemoryLink::silence));
	}

	@Override
	public void stall(boolean stalled) throws Exception {
		rooms.stalled = stalled;
		there(() -> rooms.all().forEach(MemoryLink::read));
	}

	@Override
	public void garbage() throws Exception {
		there(() -> rooms.all().forEach(MemoryLink::garbage));
	}

	@Override
	public void end() throws Exception {
		endAll(new Disconnection(flaws.contains(Flaw.GOODBYE_IS_LOST) ? Reason.LOST : Reason.SERVER, "closing time"));
	}
}
