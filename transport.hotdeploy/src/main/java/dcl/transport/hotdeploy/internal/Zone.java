package dcl.transport.hotdeploy.internal;

import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.stream.Stream;

import dcl.transport.Subscription;
import dcl.transport.hotdeploy.Deployed;
import dcl.transport.hotdeploy.DropZone;
import dcl.transport.hotdeploy.DropZoneException;
import dcl.transport.hotdeploy.DropZoneException.Code;
import dcl.transport.hotdeploy.DropZoneOptions;
import dcl.transport.hotdeploy.DropZoneOptions.Signatures;
import dcl.transport.hotdeploy.Outcome;
import dcl.transport.hotdeploy.Rule;
import dcl.transport.hotdeploy.Trust;
import dcl.transport.hotdeploy.Verdict;
import org.osgi.framework.Version;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder that is watched. One thread looks at the folder and decides; it alone knows the items and the state. What the framework does for one file, which may
 * take long, runs on a thread of its own meanwhile, so that a bundle that hangs holds up nobody else.
 */
final class Zone implements DropZone {

	private static final Logger LOG = LoggerFactory.getLogger(Zone.class);
	/** At once in the framework; those that do not come back when they are interrupted do not count. */
	private static final int MAX_WORK = 4;
	private static final int MAX_STUCK = 16;
	private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(1);
	private static final long CLOSE_SECONDS = 10;
	/** Looked at again in so many scans after the disk was full, or a file could not be read. */
	private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(2);
	/** When what ran before a restart, and cannot run now, is tried again. */
	private static final long RESUME_NANOS = TimeUnit.SECONDS.toNanos(30);
	/** So often a process may end while it starts the same bytes; then they are not tried any more by themselves. */
	private static final int MAX_BEGINS = 2;
	/** Files that are gone whose last verdict is kept, for whoever asks late. */
	private static final int MAX_DEPARTED = 1_000;
	/** What a jar may look like that is being written over another one. */
	private static final Set<Rule> BY_HALF = Set.of(Rule.DAMAGED, Rule.UNSAFE);
	private static final Set<Rule> CURED_BY_OTHERS = Set.of(Rule.UNRESOLVED, Rule.NAME_TAKEN, Rule.TYPE_TAKEN);
	private static final Set<Rule> CURED_BY_TRUST = Set.of(Rule.UNTRUSTED, Rule.EXPIRED, Rule.TYPE_TAKEN);

	/** One file in the folder. */
	private static final class Item {

		private final String file;
		/** What was judged last. */
		private Stamp judged;
		private String judgedHash = "";
		/** Whether it has to be read again, since a change might not have shown. */
		private boolean fresh;
		/** Whether it is to be judged again as it is. */
		private boolean again;
		private long againAtNanos;
		/** When what ran before the restart is tried again. */
		private long resumeNanos = System.nanoTime();
		/** What was there in the last scan, and since when. */
		private Stamp seen;
		private long seenNanos;
		/** Since when it is not there; 0 if it is. */
		private long missingNanos;
		/** Whether it was deleted for good. */
		private boolean gone;
		/** The last word on it. */
		private Verdict verdict;
		/** Why its own bytes were refused, if they were. */
		private Verdict refused;
		/** Why what ran before, and is kept, could not run when it was tried last. */
		private Verdict kept;
		private Work work;
		private String askedFor = "";

		private Item(String file) {
			this.file = file;
		}
	}

	/** What the framework is asked to do for one file. */
	private static final class Work {

		private final Facts facts;
		private volatile Thread thread;
		/** When the present step is to be interrupted; with the next one guarded by this. */
		private long endNanos;
		private boolean interrupted;
		private boolean stuck;

		private Work(Facts facts, long nanos) {
			this.facts = facts;
			this.endNanos = System.nanoTime() + nanos;
		}

		/** Begins another step on the thread that works, to which no interruption is left over from the one before. */
		private synchronized void renew(long nanos) {
			endNanos = System.nanoTime() + nanos;
			interrupted = false;
			Thread.interrupted();
		}

		/** Interrupts a step that takes too long; whether it did not even end then. */
		private synchronized boolean isDeaf(long moreNanos) {
			if (System.nanoTime() - endNanos < 0) {
				return false;
			}
			if (!interrupted) {
				interrupted = true;
				endNanos = System.nanoTime() + moreNanos;
				thread.interrupt();
				return false;
			}
			return true;
		}
	}

	/** Somebody who waits for what comes of some bytes; of "" for the end. */
	private record Waiter(String file, String hash, long endNanos, CompletableFuture<Verdict> result) {
	}

	private final Folder folder;
	private final DropZoneOptions options;
	private final Store store;
	private final Platform platform;
	private final TrustFile trust;
	private final Gate gate;
	private final String prefix;
	private final Runnable whenClosed;
	private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(task -> daemon(task, "dcl-hotdeploy"));
	private final List<Consumer<Verdict>> listeners = new CopyOnWriteArrayList<>();
	private volatile List<Deployed> deployed = List.of();
	private volatile List<Verdict> verdicts = List.of();

	// of the thread alone
	private final Map<String, Item> items = new TreeMap<>();
	private final List<Waiter> waiters = new ArrayList<>();
	private State state = new State();
	private final TreeMap<String, State.Entry> toRestore = new TreeMap<>();
	/** The files that brought bundles of which nothing is known any more. */
	private final TreeSet<String> toRemove = new TreeSet<>();
	private final Set<String> departed = new LinkedHashSet<>();
	private Stamp trustStamp;
	private boolean unsaved;
	private String trouble = "";
	private boolean tooMany;
	private boolean closing;
	private CompletableFuture<Void> whenIdle;

	/** @param listener hears of everything, what ran before included; null for none */
	Zone(Folder folder, DropZoneOptions options, Store store, Platform platform, Clock clock, Consumer<Verdict> listener, Runnable whenClosed) {
		this.folder = folder;
		this.options = options;
		this.store = store;
		this.platform = platform;
		this.whenClosed = whenClosed;
		if (listener != null) {
			listeners.add(listener);
		}
		this.prefix = locationOf(folder.path(), "");
		this.trust = new TrustFile(trustFile(folder.path(), options), this::soon);
		this.gate = new Gate(options, trust, platform, new Others(), clock);
	}

	/** The location of the bundle that a file brings: the same after a restart. */
	static String locationOf(Path folder, String file) {
		return "hotdeploy:" + folder.toUri().getRawPath() + file;
	}

	static Path trustFile(Path folder, DropZoneOptions options) {
		return options.trustFile().orElseGet(() -> folder.resolve("trust.json"));
	}

	private static Thread daemon(Runnable task, String name) {
		Thread thread = new Thread(task, name);
		thread.setDaemon(true);
		return thread;
	}

	/** Brings up what ran before, and begins to look. */
	void start() throws IOException {
		state = store.load();
		if (options.signatures() == Signatures.OFF) {
			LOG.warn("Signatures are OFF: whatever somebody puts into {} runs here, whoever made it", folder.path());
		}
		long millis = options.poll().toMillis();
		thread.execute(() -> guarded(this::restore));
		thread.scheduleWithFixedDelay(() -> guarded(this::scan), 0, millis, TimeUnit.MILLISECONDS);
	}

	private void guarded(Runnable step) {
		try {
			step.run();
		} catch (RuntimeException | Error e) {
			// whatever comes out of it would be the last step ever
			LOG.error("A defect in the drop zone of {}", folder.path(), e);
		}
	}

	// ---- after a restart

	private void restore() {
		Set<String> wanted = new TreeSet<>();
		state.suspended().keySet().removeIf(file -> !Files.exists(folder.path().resolve(file), LinkOption.NOFOLLOW_LINKS));
		wanted.addAll(state.entries().keySet());
		wanted.addAll(state.suspended().keySet());
		for (String location : platform.locations(prefix)) {
			String file = location.substring(prefix.length());
			if (!wanted.contains(file) && Names.isPlain(file)) { // or else it came from a folder in this one
				LOG.info("Uninstalling {}, of which nothing is known here", location);
				toRemove.add(file);
			}
		}
		tidy(() -> store.forgetAllBut(wanted));
		state.begun().stream().filter(file -> !Files.exists(folder.path().resolve(file), LinkOption.NOFOLLOW_LINKS)).forEach(state::ended);
		toRestore.putAll(state.entries());
	}

	private void restoreNext() {
		while (!toRemove.isEmpty() && working() < MAX_WORK && stuck() < MAX_STUCK) {
			uninstall(items.computeIfAbsent(toRemove.pollFirst(), Item::new), but -> again(CURED_BY_OTHERS));
		}
		while (!toRestore.isEmpty() && working() < MAX_WORK && stuck() < MAX_STUCK) {
			restore(toRestore.pollFirstEntry().getValue(), "as before the restart");
		}
	}

	private boolean isDueYet(String file) {
		return toRestore.containsKey(file) || toRemove.contains(file);
	}

	/** Brings up what ran before, at first or when it is tried again. */
	private void restore(State.Entry entry, String why) {
		Item item = items.computeIfAbsent(entry.file(), Item::new);
		if (!Files.exists(folder.path().resolve(entry.file()), LinkOption.NOFOLLOW_LINKS)) {
			takeAway(item, entry, "its file went while nobody watched");
			return;
		}
		if (item.judged == null) {
			item.judgedHash = entry.rejected().isEmpty() ? entry.hash() : entry.rejected();
		}
		Findings findings = new Findings(entry.file());
		findings.hash(entry.hash());
		try {
			if (!store.isIntact(entry.hash())) {
				uninstall(item, but -> {
					state.entries().remove(entry.file());
					state.suspended().remove(entry.file());
					item.judged = null; // so that the file is read anew
					item.judgedHash = "";
					save();
					say(item, findings.refused(new Refusal(Rule.UNREADABLE, "the private copy of what ran is gone or broken" + but)));
				});
				return;
			}
			gate.judge(store.copy(entry.hash()), prefix + entry.file(), Gate.Purpose.RESTORED, findings);
			long running = platform.running(prefix + entry.file(), entry.modified());
			if (running >= 0) {
				up(item, findings, entry, running, "it runs already"); // who watched before is gone, but not the framework
			} else {
				bring(item, findings, entry, why);
			}
		} catch (IOException e) {
			refuseRestored(entry, item, findings, new Refusal(Rule.UNREADABLE, "the private copy of what ran cannot be read: " + Texts.of(e)));
		} catch (Refusal refusal) {
			refuseRestored(entry, item, findings, refusal);
		} catch (RuntimeException | Error e) {
			LOG.error("A defect in the drop zone, with {}", item.file, e);
			refuseRestored(entry, item, findings, Refusal.defect(e));
		}
	}

	private void refuseRestored(State.Entry entry, Item item, Findings findings, Refusal refusal) {
		uninstall(item, but -> suspend(entry, item, findings.refused(refusal)));
	}

	/** What ran before cannot run now, for want of trust, of a package, of a file handle: it is kept with its bytes until it can, or until others come in its place. */
	private void suspend(State.Entry entry, Item item, Verdict verdict) {
		state.entries().remove(entry.file());
		state.suspended().put(entry.file(), entry);
		save();
		Verdict before = item.kept;
		if (before == null || before.outcome() != verdict.outcome() || !before.why().equals(verdict.why()) || !before.hash().equals(verdict.hash())) {
			item.kept = verdict;
			say(item, verdict);
			wake(CURED_BY_OTHERS); // its name and types are free; only now, or two would wake each other for ever
		}
		judgeAgain(CURED_BY_OTHERS);
		item.resumeNanos = System.nanoTime() + RESUME_NANOS;
	}

	// ---- looking

	/** Looks soon, and not only when it is time. */
	private void soon() {
		try {
			thread.execute(() -> guarded(this::scan));
		} catch (RejectedExecutionException closed) {
			LOG.debug("{} is closed", folder.path());
		}
	}

	private void scan() {
		if (closing) {
			return;
		}
		watchWork();
		try {
			folder.check();
			noteTrust();
			restoreNext();
			lookForMore();
			Map<String, Stamp> files = files();
			for (Map.Entry<String, Stamp> file : files.entrySet()) {
				look(items.computeIfAbsent(file.getKey(), Item::new), file.getValue());
			}
			lookForMissing(files.keySet());
			if (!trouble.isEmpty()) {
				LOG.info("{} is watched again", folder.path());
				trouble = "";
			}
		} catch (IOException | DirectoryIteratorException e) {
			// what runs goes on: a folder that cannot be read says nothing about its files
			String now = Texts.of(e);
			if (!now.equals(trouble)) {
				LOG.warn("Nothing is taken from {}, and what runs goes on: {}", folder.path(), now);
				trouble = now;
			}
		}
		if (unsaved) {
			save();
		}
		giveUpWaiting();
	}

	/** Who shows a type that it does not declare once it is up is taken down, as if it had done so at its start. */
	private void lookForMore() {
		Map<String, Set<String>> provided = platform.provided();
		for (State.Entry entry : List.copyOf(state.entries().values())) {
			Item item = items.get(entry.file());
			if (item != null && item.work == null && !isDueYet(item.file) && working() < MAX_WORK && stuck() < MAX_STUCK) {
				provided.getOrDefault(prefix + entry.file(), Set.of()).stream().filter(type -> !entry.types().contains(type)).findFirst()
						.ifPresent(type -> withdraw(item, entry, Platform.surplus(type, entry.types())));
			}
		}
	}

	private Map<String, Stamp> files() throws IOException {
		// the path that was listed: where the locale has only ASCII, none can be made of a name with other letters
		TreeMap<String, Path> names = new TreeMap<>();
		boolean more = false;
		try (DirectoryStream<Path> listed = Files.newDirectoryStream(folder.path(), "*.jar")) {
			for (Path file : listed) {
				String name = file.getFileName().toString();
				if (Names.counts(name)) {
					names.put(name, file);
				}
				if (names.size() > options.maxFiles()) {
					more = true;
					names.pollLastEntry();
				}
			}
		}
		// who is in already stays in, whatever comes before it by name
		for (String known : items.keySet()) {
			if (more && !names.containsKey(known) && Names.isPlain(known) && Files.exists(folder.path().resolve(known), LinkOption.NOFOLLOW_LINKS)) {
				names.put(known, folder.path().resolve(known));
			}
		}
		if (more && !tooMany) {
			LOG.warn("More than {} jars in {}: the rest is left out", options.maxFiles(), folder.path());
		}
		tooMany = more;
		Map<String, Stamp> files = new TreeMap<>();
		for (Map.Entry<String, Path> name : names.entrySet()) {
			try {
				files.put(name.getKey(), Stamp.of(name.getValue()));
			} catch (NoSuchFileException gone) {
				LOG.debug("{} went while it was looked at", name.getKey());
			}
		}
		return files;
	}

	/** Whoever was refused for want of trust is looked at again when the trust file changes. */
	private void noteTrust() {
		Stamp now;
		try {
			now = Stamp.of(trust.file());
		} catch (IOException e) {
			now = null;
		}
		if (now == null ? trustStamp != null : !now.equals(trustStamp)) {
			again(CURED_BY_TRUST);
		}
		trustStamp = now;
	}

	private void again(Set<Rule> rules) {
		judgeAgain(rules);
		wake(rules);
	}

	/** Has refused files judged again that another state of things may have cured. */
	private void judgeAgain(Set<Rule> rules) {
		items.values().stream().filter(item -> item.refused != null && rules.contains(item.refused.rule())).forEach(item -> item.again = true);
	}

	/** Has what is kept tried again at once. */
	private void wake(Set<Rule> rules) {
		items.values().stream().filter(item -> item.kept != null && item.kept.outcome() == Outcome.REFUSED && rules.contains(item.kept.rule()))
				.forEach(item -> item.resumeNanos = System.nanoTime());
	}

	private void look(Item item, Stamp stamp) {
		item.missingNanos = 0;
		if (!stamp.equals(item.seen)) {
			item.seen = stamp;
			item.seenNanos = System.nanoTime();
		}
		if (item.work != null || isDueYet(item.file) || working() >= MAX_WORK || stuck() >= MAX_STUCK) {
			return;
		}
		boolean due = item.again && System.nanoTime() - item.againAtNanos >= 0;
		State.Entry suspended = state.suspended().get(item.file);
		boolean newer = due && suspended != null && !suspended.hash().equals(item.judgedHash); // what came later goes first
		if (suspended != null && !newer && System.nanoTime() - item.resumeNanos >= 0) {
			if (toRestore.isEmpty()) { // after what runs, so that it takes no name or type from it
				item.again = false;
				restore(suspended, "it ran before");
			}
			return;
		}
		if (stamp.equals(item.judged) && !item.fresh && !due) {
			return;
		}
		Findings findings = new Findings(item.file);
		try {
			consider(item, stamp, findings);
		} catch (NoSuchFileException gone) {
			LOG.debug("{} went while it was read", item.file);
		} catch (IOException e) {
			refuse(item, stamp, findings, new Refusal(Rule.UNREADABLE, "it cannot be read or copied: " + Texts.of(e)));
			item.again = true;
			item.againAtNanos = System.nanoTime() + RETRY_NANOS;
		} catch (Refusal refusal) {
			refuse(item, stamp, findings, refusal);
		} catch (RuntimeException | Error e) {
			// it costs this one file; the same bytes are not looked at again by themselves
			LOG.error("A defect in the drop zone, with {}", Texts.printable(item.file), e);
			refuse(item, stamp, findings, Refusal.defect(e));
		}
	}

	private void consider(Item item, Stamp stamp, Findings findings) throws IOException, Refusal {
		if (!stamp.regular()) {
			throw new Refusal(Rule.NOT_A_FILE, "a link, a folder or a device; only plain files are taken");
		}
		if (!Names.isPlain(item.file)) {
			try {
				Names.checked(item.file);
			} catch (IllegalArgumentException e) {
				throw new Refusal(Rule.NOT_A_FILE, e.getMessage());
			}
		}
		Path file = folder.path().resolve(item.file);
		if (stamp.size() > options.maxBytes()) {
			throw new Refusal(Rule.TOO_LARGE, "more than " + options.maxBytes() + " bytes");
		}
		if (stamp.equals(item.judged) && !item.again && isUnchanged(item, file, stamp)) {
			return;
		}
		boolean settled = System.nanoTime() - item.seenNanos >= options.settle().toNanos();
		if (!settled && !looksComplete(file)) {
			return; // it is being copied
		}
		Store.Copy copy = store.take(file, options.maxBytes());
		long now = System.currentTimeMillis();
		if (!Stamp.of(file).equals(stamp)) {
			tidyCopies();
			return; // it changed while it was read
		}
		findings.hash(copy.hash());
		if (known(item, stamp, copy.hash(), now)) {
			tidyCopies();
			return;
		}
		if (item.judged == null && state.begins(item.file, copy.hash()) >= MAX_BEGINS) {
			throw new Refusal(Rule.NOT_STARTED, "each of the " + MAX_BEGINS + " processes that began to start it ended before it was done; touch the file to have it tried again");
		}
		if (isPrevious(item, copy.hash()) && store.takeAsked(copy.hash())) {
			item.askedFor = copy.hash();
		}
		Gate.Purpose purpose = copy.hash().equals(item.askedFor) ? Gate.Purpose.ASKED_FOR : Gate.Purpose.NEW;
		try {
			gate.judge(copy.path(), prefix + item.file, purpose, findings);
		} catch (Refusal refusal) {
			if (BY_HALF.contains(refusal.rule()) && !settled) {
				tidyCopies();
				return; // it may still be being copied
			}
			throw refusal;
		}
		judged(item, stamp, copy.hash(), now);
		bring(item, findings, null, "");
	}

	private boolean isPrevious(Item item, String hash) {
		State.Entry entry = state.entries().get(item.file);
		return entry != null && entry.previousHash().equals(hash);
	}

	/** Whether a file that was judged a moment ago, when another change might not have shown, is still what it was. Copies nothing. */
	private static boolean isUnchanged(Item item, Path file, Stamp stamp) {
		try {
			long now = System.currentTimeMillis();
			if (!Store.hash(file).equals(item.judgedHash)) {
				return false;
			}
			item.fresh = stamp.isFresh(now);
			return true;
		} catch (IOException e) {
			LOG.debug("{} cannot be read now, and will be: {}", item.file, Texts.of(e));
			return true;
		}
	}

	private static boolean looksComplete(Path file) throws IOException {
		try (SeekableByteChannel in = Files.newByteChannel(file, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS))) {
			return Zip.looksComplete(in);
		}
	}

	/** Whether there is nothing to do about these bytes: they run, or were judged and nobody touched them since. */
	private boolean known(Item item, Stamp stamp, String hash, long now) {
		boolean untouched = hash.equals(item.judgedHash) && (stamp.equals(item.judged) || item.judged == null);
		State.Entry entry = state.entries().get(item.file);
		if (entry != null && entry.hash().equals(hash)) {
			judged(item, stamp, hash, now);
			item.askedFor = "";
			item.refused = null;
			if (!entry.rejected().isEmpty()) {
				state.entries().put(item.file, entry.withRejected("", entry.modified()));
				save();
			}
			if (!untouched) {
				say(item, Findings.of(entry, Outcome.DEPLOYED, Rule.NONE, "these bytes run already"));
			}
			return true;
		}
		if (untouched && !item.again) {
			judged(item, stamp, hash, now);
			return true;
		}
		return false;
	}

	private static void judged(Item item, Stamp stamp, String hash, long now) {
		item.judged = stamp;
		item.judgedHash = hash;
		item.fresh = stamp.isFresh(now);
		item.again = false;
	}

	private void refuse(Item item, Stamp stamp, Findings findings, Refusal refusal) {
		boolean told = (item.again || findings.hash().isEmpty()) && item.refused != null && item.refused.why().equals(refusal.getMessage())
				&& item.refused.hash().equals(findings.hash());
		judged(item, stamp, findings.hash(), System.currentTimeMillis());
		item.askedFor = "";
		if (!told) {
			item.refused = findings.refused(refusal);
			say(item, item.refused);
		}
		tidyCopies();
	}

	private void lookForMissing(Set<String> here) {
		for (Item item : List.copyOf(items.values())) {
			if (here.contains(item.file) || item.work != null || isDueYet(item.file)) {
				continue;
			}
			long now = System.nanoTime();
			if (item.missingNanos == 0) {
				item.missingNanos = now;
			}
			// a file that is replaced by deleting and writing it is missing for a moment
			if (!item.gone && now - item.missingNanos < options.poll().toNanos()) {
				continue;
			}
			State.Entry entry = state.entries().get(item.file);
			if (entry == null) {
				forget(item);
			} else if (working() < MAX_WORK && stuck() < MAX_STUCK) {
				takeAway(item, entry, "its file was deleted");
			}
		}
	}

	private void forget(Item item) {
		items.remove(item.file);
		if (state.suspended().remove(item.file) != null | state.ended(item.file)) {
			save();
		}
		tidy(() -> store.forget(item.file));
		show();
	}

	// ---- deeds

	/**
	 * Lets the framework bring a bundle up, and brings the bytes from before back if it does not come up.
	 *
	 * @param restored what ran before the restart, and is to run again; null for new bytes
	 */
	private void bring(Item item, Findings findings, State.Entry restored, String why) {
		State.Entry before = restored == null ? state.entries().get(item.file) : null;
		String location = prefix + item.file;
		if (restored == null) {
			state.begun(item.file, findings.hash());
			save();
		}
		start(item, findings.facts(), work -> {
			String hash = findings.hash();
			try {
				long id = platform.bring(location, () -> store.open(hash), findings.facts(), options.start());
				return () -> up(item, findings, restored, id, why);
			} catch (Platform.Failure | InterruptedException | RuntimeException | Error e) {
				Platform.Failure failure = Platform.Failure.of(e);
				Back back = before == null ? new Back(false, takeBack(location, work)) : bringBack(location, before, work);
				return () -> down(item, findings, before, restored, failure, back);
			}
		});
	}

	private String takeBack(String location, Work work) {
		work.renew(options.start().toNanos() + GRACE_NANOS);
		try {
			platform.remove(location);
			return "; nothing ran before, so it is uninstalled";
		} catch (Platform.Failure | InterruptedException | RuntimeException | Error e) {
			return "; it is left over: " + Platform.Failure.text(e);
		}
	}

	/** What came of taking back. @param runs whether what was there before runs again */
	private record Back(boolean runs, String text) {
	}

	private Back bringBack(String location, State.Entry before, Work work) {
		work.renew(options.start().toNanos() + GRACE_NANOS);
		try {
			Facts facts = Facts.of(Zip.read(store.copy(before.hash()), new Limits(options, Files.size(store.copy(before.hash())))), true);
			platform.bring(location, () -> store.open(before.hash()), facts, options.start());
			return new Back(true, "; version " + before.version() + " runs again");
		} catch (Platform.Failure | Refusal | IOException | InterruptedException | RuntimeException | Error e) {
			return new Back(false, "; version " + before.version() + ", which ran before, does not come up either: " + Platform.Failure.text(e));
		}
	}

	private void up(Item item, Findings findings, State.Entry restored, long id, String why) {
		if (restored != null) {
			state.entries().put(item.file, new State.Entry(item.file, findings.facts().name(), findings.facts().version().toString(), findings.hash(),
					findings.facts().types(), findings.trusted(), restored.since(), restored.previousVersion(), restored.previousHash(), restored.rejected(), id,
					platform.modified(prefix + item.file)));
		} else {
			State.Entry before = state.entries().getOrDefault(item.file, state.suspended().get(item.file));
			boolean same = before != null && before.hash().equals(findings.hash());
			state.entries().put(item.file, new State.Entry(item.file, findings.facts().name(), findings.facts().version().toString(), findings.hash(),
					findings.facts().types(), findings.trusted(), Instant.now(), before == null ? "" : same ? before.previousVersion() : before.version(),
					before == null ? "" : same ? before.previousHash() : before.hash(), "", id,
					platform.modified(prefix + item.file)));
			state.seen(findings.facts().name(), findings.facts().version());
			state.ended(item.file);
		}
		state.suspended().remove(item.file);
		item.askedFor = "";
		item.kept = null;
		if (restored == null) {
			item.refused = null;
		}
		save();
		say(item, findings.verdict(Outcome.DEPLOYED, Rule.NONE, why));
		again(CURED_BY_OTHERS);
	}

	private void down(Item item, Findings findings, State.Entry before, State.Entry restored, Platform.Failure failure, Back back) {
		item.askedFor = "";
		Verdict verdict = findings.verdict(Outcome.ROLLED_BACK, failure.rule(), Texts.printable(failure.getMessage() + back.text()));
		if (restored != null) {
			suspend(restored, item, verdict);
			return;
		}
		state.ended(item.file);
		item.refused = null;
		if (before != null && back.runs()) {
			state.entries().put(item.file, before.withRejected(findings.hash(), platform.modified(prefix + item.file)));
		} else if (before != null) { // nothing runs, but it may yet
			state.entries().remove(item.file);
			state.suspended().put(item.file, before.withRejected(findings.hash(), 0));
			item.resumeNanos = System.nanoTime() + RESUME_NANOS;
		}
		save();
		say(item, verdict);
		judgeAgain(CURED_BY_OTHERS); // while it was tried, its name and types were taken
	}

	private void withdraw(Item item, State.Entry entry, String why) {
		uninstall(item, but -> {
			State.Entry previous = previous(entry);
			state.entries().remove(item.file);
			if (previous != null) {
				state.suspended().put(item.file, previous);
				item.resumeNanos = System.nanoTime();
			}
			save();
			say(item, Findings.of(entry, Outcome.ROLLED_BACK, Rule.NO_PROVIDER,
					why + "; it is uninstalled" + but + (previous == null ? "" : ", and version " + previous.version() + " comes back")));
			if (previous == null) {
				again(CURED_BY_OTHERS); // or else once the one before is back, or cannot be
			}
		});
	}

	/** Returns what ran before something that cannot stay, as it is to run again; null if there is nothing. */
	private State.Entry previous(State.Entry entry) {
		if (entry.previousHash().equals(entry.hash()) || !store.has(entry.previousHash())) {
			return null;
		}
		return new State.Entry(entry.file(), entry.bundle(), entry.previousVersion(), entry.previousHash(), entry.types(), Set.of(), Instant.now(), "", "",
				entry.rejected().isEmpty() ? entry.hash() : entry.rejected(), -1, 0);
	}

	private void takeAway(Item item, State.Entry entry, String why) {
		uninstall(item, but -> {
			state.entries().remove(item.file);
			state.suspended().remove(item.file);
			state.ended(item.file);
			save();
			items.remove(item.file);
			Verdict verdict = Findings.of(entry, Outcome.UNDEPLOYED, Rule.NONE, why + but);
			publish(verdict);
			tidy(() -> store.save(verdict));
			depart(item.file);
			again(CURED_BY_OTHERS);
		});
	}

	/** Uninstalls a bundle, if it is there; then goes on, with what went wrong: ", but …", or nothing. */
	private void uninstall(Item item, Consumer<String> then) {
		start(item, null, work -> {
			String wrong;
			try {
				platform.remove(prefix + item.file);
				wrong = "";
			} catch (Platform.Failure | InterruptedException | RuntimeException | Error e) {
				wrong = ", but " + Platform.Failure.text(e);
			}
			String but = wrong;
			return () -> then.accept(but);
		});
	}

	/** Keeps the last word on a file that is gone, and of so many files at most. */
	private void depart(String file) {
		departed.remove(file);
		departed.add(file);
		if (departed.size() > MAX_DEPARTED) {
			String first = departed.iterator().next();
			departed.remove(first);
			if (!items.containsKey(first)) {
				tidy(() -> store.forget(first));
			}
		}
	}

	// ---- threads for the framework

	/** A deed; returns what is to be done about it on the zone's thread. */
	private interface Deed {

		Runnable run(Work work);
	}

	private void start(Item item, Facts facts, Deed deed) {
		Work work = new Work(facts, options.start().toNanos() + GRACE_NANOS);
		item.work = work;
		work.thread = daemon(() -> {
			Runnable then;
			try {
				then = deed.run(work);
			} catch (RuntimeException | Error e) {
				then = () -> LOG.error("A defect in the drop zone, with {}", item.file, e);
			}
			finish(item, then);
		}, "dcl-hotdeploy-" + item.file);
		try {
			work.thread.start();
		} catch (Error e) { // no memory for a thread
			item.work = null;
			throw e;
		}
	}

	private void finish(Item item, Runnable then) {
		try {
			thread.execute(() -> guarded(() -> {
				item.work = null;
				then.run();
				show();
				tellIdle();
				scan();
			}));
		} catch (RejectedExecutionException closed) {
			LOG.debug("{} was done after the zone was closed", item.file);
		}
	}

	private long working() {
		return items.values().stream().filter(item -> item.work != null && !item.work.stuck).count();
	}

	private long stuck() {
		return items.values().stream().filter(item -> item.work != null && item.work.stuck).count();
	}

	/** Interrupts what takes too long, and says so of what does not even end then. */
	private void watchWork() {
		for (Item item : items.values()) {
			Work work = item.work;
			if (work != null && !work.stuck && work.isDeaf(options.start().toNanos())) {
				work.stuck = true;
				Findings findings = new Findings(item.file);
				findings.facts(work.facts);
				findings.hash(item.judgedHash);
				say(item, findings.verdict(Outcome.REFUSED, Rule.NOT_STARTED,
						"its start or stop does not return, not even when it is interrupted; nothing else can be done with this bundle until it does"));
			}
		}
	}

	// ---- telling

	/** Says what came of a file, and remembers it as the last word on it. */
	private void say(Item item, Verdict verdict) {
		item.verdict = verdict;
		tidy(() -> store.save(verdict));
		publish(verdict);
	}

	private void publish(Verdict verdict) {
		show();
		String bundle = verdict.bundle().isEmpty() ? "" : " (" + verdict.bundle() + " " + verdict.version() + ")";
		if (verdict.outcome() == Outcome.DEPLOYED || verdict.outcome() == Outcome.UNDEPLOYED) {
			LOG.info("{}{}: {} {}", verdict.file(), bundle, VerdictJson.event(verdict.outcome()), verdict.why());
			verdict.warnings().forEach(warning -> LOG.warn("{}{}: {}", verdict.file(), bundle, warning));
		} else {
			LOG.warn("{}{}: {}: {}", verdict.file(), bundle, VerdictJson.event(verdict.outcome()), verdict.why());
		}
		for (Consumer<Verdict> listener : listeners) {
			try {
				listener.accept(verdict);
			} catch (RuntimeException | Error e) {
				LOG.warn("A listener of the drop zone failed", e);
			}
		}
		for (Iterator<Waiter> all = waiters.iterator(); all.hasNext();) {
			Waiter waiter = all.next();
			if (waiter.file().equals(verdict.file()) && (waiter.hash().equals(verdict.hash()) || verdict.outcome() == Outcome.UNDEPLOYED)) {
				all.remove();
				waiter.result().complete(verdict);
			}
		}
	}

	private void show() {
		deployed = state.snapshot();
		verdicts = items.values().stream().map(item -> item.verdict).filter(verdict -> verdict != null).toList();
	}

	/** Writes down what runs; if that cannot be done now, with every scan. */
	private void save() {
		try {
			store.save(state);
			if (unsaved) {
				LOG.info("What runs is written down again");
			}
			unsaved = false;
			tidyCopies();
		} catch (IOException e) {
			if (!unsaved) {
				LOG.error("What runs cannot be written down, and would not be found after a restart: {}", Texts.of(e));
			}
			unsaved = true;
		}
	}

	/** Deletes what nobody needs any more; not before it is written down that nobody does. */
	private void tidyCopies() {
		if (!unsaved) {
			Set<String> needed = new HashSet<>(state.needed());
			items.values().stream().filter(item -> item.work != null).forEach(item -> needed.add(item.judgedHash));
			tidy(() -> store.keep(needed));
		}
	}

	private interface Tidying {

		void run() throws IOException;
	}

	private void tidy(Tidying tidying) {
		try {
			tidying.run();
		} catch (IOException | InvalidPathException e) {
			LOG.warn("{}: {}", Store.FOLDER, Texts.of(e));
		}
	}

	// ---- the service

	@Override
	public Path folder() {
		return folder.path();
	}

	@Override
	public Verdict check(Path jar) {
		try {
			return onThread(() -> CompletableFuture.completedFuture(inspect(jar, (findings, copy) -> { }))).get();
		} catch (InterruptedException e) {
			Thread.currentThread().interrupt();
			return new Findings(String.valueOf(jar.getFileName())).verdict(Outcome.REFUSED, Rule.UNREADABLE, "interrupted");
		} catch (ExecutionException e) {
			return new Findings(String.valueOf(jar.getFileName())).verdict(Outcome.REFUSED, Rule.UNREADABLE, Texts.of(e.getCause()));
		}
	}

	/** What to do with a copy that the gate has nothing against. */
	private interface Next {

		void run(Findings findings, Path copy) throws IOException;
	}

	private Verdict inspect(Path jar, Next next) {
		Path name = jar.getFileName();
		Findings findings = new Findings(name == null ? "" : name.toString());
		try {
			Names.checked(findings.file());
			return Inspection.of(jar, findings, options, (copy, hash) -> {
				findings.hash(hash);
				State.Entry entry = state.entries().get(findings.file());
				Gate.Purpose purpose = entry != null && entry.hash().equals(hash) ? Gate.Purpose.ASKED_FOR : Gate.Purpose.NEW;
				gate.judge(copy, prefix + findings.file(), purpose, findings);
				next.run(findings, copy);
			});
		} catch (IllegalArgumentException e) {
			return findings.verdict(Outcome.REFUSED, Rule.NOT_A_FILE, e.getMessage());
		}
	}

	@Override
	public CompletionStage<Verdict> deploy(Path jar) {
		return onThread(() -> {
			CompletableFuture<Verdict> result = new CompletableFuture<>();
			Verdict verdict = inspect(jar, (findings, copy) -> put(copy, findings.file(), findings.hash(), result));
			if (verdict.outcome() == Outcome.REFUSED) {
				result.complete(verdict);
			}
			return result;
		}).minimalCompletionStage();
	}

	/** Moves a copy of bytes into the folder, and looks. */
	private void put(Path bytes, String file, String hash, CompletableFuture<Verdict> result) throws IOException {
		OwnFiles.put(bytes, folder.path().resolve(Store.FOLDER), folder.path().resolve(file));
		waiters.add(new Waiter(file, hash, patience(), result));
		soon();
	}

	@Override
	public CompletionStage<Verdict> rollback(String bundle) {
		return onThread(() -> {
			State.Entry entry = state.running(bundle);
			if (!store.has(entry.previousHash())) {
				throw new IllegalArgumentException("nothing ran before " + bundle + " " + entry.version());
			}
			CompletableFuture<Verdict> result = new CompletableFuture<>();
			put(store.copy(entry.previousHash()), entry.file(), entry.previousHash(), result);
			items.computeIfAbsent(entry.file(), Item::new).askedFor = entry.previousHash();
			return result;
		}).minimalCompletionStage();
	}

	@Override
	public CompletionStage<Verdict> undeploy(String bundle) {
		return onThread(() -> {
			State.Entry entry = state.running(bundle);
			Files.deleteIfExists(folder.path().resolve(entry.file()));
			Item item = items.computeIfAbsent(entry.file(), Item::new);
			item.gone = true;
			CompletableFuture<Verdict> result = new CompletableFuture<>();
			waiters.add(new Waiter(entry.file(), "", patience(), result));
			soon();
			return result;
		}).minimalCompletionStage();
	}

	/** Until when somebody waits: long enough for a start that hangs, and what is brought back for it. */
	private long patience() {
		return System.nanoTime() + 4 * (options.start().toNanos() + options.settle().toNanos() + 2 * GRACE_NANOS);
	}

	private void giveUpWaiting() {
		for (Iterator<Waiter> all = waiters.iterator(); all.hasNext();) {
			Waiter waiter = all.next();
			if (System.nanoTime() - waiter.endNanos() > 0) {
				all.remove();
				waiter.result().completeExceptionally(new DropZoneException(Code.TIMEOUT, "nothing came of " + waiter.file() + "; was it replaced meanwhile?"));
			}
		}
	}

	/** Something that is done on the zone's thread, and may take longer than it. */
	private interface Request {

		CompletableFuture<Verdict> run() throws IOException;
	}

	private CompletableFuture<Verdict> onThread(Request request) {
		CompletableFuture<Verdict> result = new CompletableFuture<>();
		try {
			thread.execute(() -> {
				try {
					if (closing) {
						throw closed();
					}
					request.run().whenComplete((verdict, failure) -> {
						if (failure == null) {
							result.complete(verdict);
						} else {
							result.completeExceptionally(failure);
						}
					});
				} catch (IOException | RuntimeException | Error e) {
					result.completeExceptionally(e);
				}
			});
		} catch (RejectedExecutionException e) {
			result.completeExceptionally(closed());
		}
		return result;
	}

	private DropZoneException closed() {
		return new DropZoneException(Code.CLOSED, folder.path() + " is not watched any more");
	}

	@Override
	public List<Deployed> deployed() {
		return deployed;
	}

	@Override
	public List<Verdict> verdicts() {
		return verdicts;
	}

	@Override
	public Subscription listen(Consumer<Verdict> listener) {
		Consumer<Verdict> own = listener::accept; // the same one twice is two
		listeners.add(own);
		return () -> listeners.remove(own);
	}

	@Override
	public Trust trust() {
		return trust;
	}

	@Override
	public DropZoneOptions options() {
		return options;
	}

	@Override
	public void close() {
		CompletableFuture<Void> idle = new CompletableFuture<>();
		try {
			thread.execute(() -> {
				closing = true;
				whenIdle = idle;
				tellIdle();
			});
		} catch (RejectedExecutionException already) {
			return;
		}
		boolean interrupted = false;
		try {
			idle.get(CLOSE_SECONDS, TimeUnit.SECONDS);
		} catch (InterruptedException e) {
			interrupted = true;
		} catch (TimeoutException e) {
			LOG.warn("A bundle of {} is still being started or stopped", folder.path());
		} catch (ExecutionException e) {
			throw new IllegalStateException("it does not fail", e);
		}
		thread.execute(() -> {
			waiters.forEach(waiter -> waiter.result().completeExceptionally(closed()));
			waiters.clear();
		});
		thread.shutdown();
		try {
			thread.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
			store.close();
		} catch (InterruptedException e) {
			interrupted = true;
		} catch (IOException e) {
			LOG.warn("{}: {}", Store.FOLDER, Texts.of(e));
		}
		listeners.clear();
		whenClosed.run();
		if (interrupted) {
			Thread.currentThread().interrupt();
		}
	}

	private void tellIdle() {
		if (whenIdle != null && working() == 0) {
			whenIdle.complete(null);
		}
	}

	/** The rest of the folder, for the gate; of the thread alone. */
	private final class Others implements Gate.Neighbours {

		@Override
		public Optional<String> fileOf(String bundle, String exceptFile) {
			return others(exceptFile).filter(item -> bundle.equals(nameOf(item))).map(item -> item.file).findFirst();
		}

		@Override
		public Optional<String> fileOfType(String type, String exceptFile) {
			return others(exceptFile).filter(item -> typesOf(item).contains(type)).map(item -> "'" + item.file + "'").findFirst();
		}

		private Stream<Item> others(String exceptFile) {
			return items.values().stream().filter(item -> !item.file.equals(exceptFile));
		}

		/** What is being brought counts as there. */
		private String nameOf(Item item) {
			State.Entry entry = holder(item);
			return item.work != null && item.work.facts != null ? item.work.facts.name() : entry == null ? "" : entry.bundle();
		}

		/** What runs, or comes back now. */
		private State.Entry holder(Item item) {
			State.Entry running = state.entries().get(item.file);
			return running != null || System.nanoTime() - item.resumeNanos < 0 ? running : state.suspended().get(item.file);
		}

		private Set<String> typesOf(Item item) {
			State.Entry entry = holder(item);
			Set<String> types = new TreeSet<>(entry == null ? Set.of() : entry.types());
			if (item.work != null && item.work.facts != null) {
				types.addAll(item.work.facts.types());
			}
			return types;
		}

		@Override
		public Optional<Version> newest(String bundle) {
			return Optional.ofNullable(state.newest(bundle));
		}
	}
}
