package dcl.transport.hotdeploy.internal;

import java.io.IOException;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

import dcl.transport.hotdeploy.Deployed;
import org.osgi.framework.Version;

/** What is to outlive a restart: which bytes run for which file, and which versions were here. Confined to one thread. */
final class State {

	/**
	 * What runs for one file. Immutable.
	 *
	 * @param modified when the framework last changed the bundle, in its own milliseconds; 0 if that is not known
	 * @param rejected SHA-256 of bytes that were let in and did not come up, which are not tried again by themselves; or ""
	 */
	record Entry(String file, String bundle, String version, String hash, Set<String> types, Set<String> signers, Instant since, String previousVersion,
			String previousHash, String rejected, long bundleId, long modified) implements Deployed {

		Entry withRejected(String hash, long modified) {
			return new Entry(file, bundle, version, this.hash, types, signers, since, previousVersion, previousHash, hash, bundleId, modified);
		}
	}

	/** Some bytes that are being started, and how often: it is still there after a restart if the process ended meanwhile. */
	private record Trial(String hash, int times) {
	}

	/** More names than anybody deploys; then the versions of those that went first are forgotten. */
	private static final int MAX_NAMES = 1_000;

	private final Map<String, Entry> entries = new TreeMap<>();
	private final Map<String, Entry> suspended = new TreeMap<>();
	private final Map<String, Trial> trials = new TreeMap<>();
	private final Map<String, Version> newest = new LinkedHashMap<>();

	Map<String, Entry> entries() {
		return entries;
	}

	/** What ran before and cannot run now. It is kept for when it can; also the next process tries it, after all that ran. */
	Map<String, Entry> suspended() {
		return suspended;
	}

	/** Bytes are about to be started, which may end the process. */
	void begun(String file, String hash) {
		trials.put(file, new Trial(hash, begins(file, hash) + 1));
	}

	/** What was begun last for a file has come to an end. */
	boolean ended(String file) {
		return trials.remove(file) != null;
	}

	/** How often these bytes were begun and came to no end. */
	int begins(String file, String hash) {
		Trial trial = trials.get(file);
		return trial != null && trial.hash().equals(hash) ? trial.times() : 0;
	}

	/** The files of which something is begun. */
	Set<String> begun() {
		return Set.copyOf(trials.keySet());
	}

	/** Returns what runs of a bundle. @throws IllegalArgumentException if there is none */
	Entry running(String bundle) {
		return entries.values().stream().filter(entry -> entry.bundle().equals(bundle)).findFirst().orElseThrow(() -> new IllegalArgumentException("no bundle '"
				+ Texts.printable(bundle) + "' is deployed there, but " + entries.values().stream().map(Entry::bundle).toList()));
	}

	Version newest(String bundle) {
		return newest.get(bundle);
	}

	/** Remembers that a version was here. */
	void seen(String bundle, Version version) {
		Version before = newest.remove(bundle);
		newest.put(bundle, before == null || before.compareTo(version) < 0 ? version : before);
		if (newest.size() > MAX_NAMES) {
			Set<String> here = new TreeSet<>();
			entries.values().forEach(entry -> here.add(entry.bundle()));
			newest.keySet().stream().filter(name -> !here.contains(name)).findFirst().ifPresent(newest::remove);
		}
	}

	/** The hashes of all bytes that are still needed. */
	Set<String> needed() {
		Set<String> needed = new TreeSet<>();
		for (Entry entry : all()) {
			needed.add(entry.hash());
			needed.add(entry.previousHash());
		}
		trials.values().forEach(trial -> needed.add(trial.hash()));
		return needed;
	}

	private Collection<Entry> all() {
		List<Entry> all = new ArrayList<>(entries.values());
		all.addAll(suspended.values());
		return all;
	}

	// ---- as JSON

	byte[] toJson() {
		Collection<Map<String, Object>> files = new ArrayList<>();
		for (Entry entry : all()) {
			Map<String, Object> object = new LinkedHashMap<>();
			object.put("file", entry.file());
			object.put("bundle", entry.bundle());
			object.put("version", entry.version());
			object.put("hash", entry.hash());
			object.put("types", entry.types());
			object.put("signers", entry.signers());
			object.put("since", entry.since());
			object.put("previousVersion", entry.previousVersion());
			object.put("previousHash", entry.previousHash());
			object.put("rejected", entry.rejected());
			object.put("modified", Long.toString(entry.modified()));
			object.put("suspended", Boolean.toString(suspended.containsKey(entry.file())));
			files.add(object);
		}
		Collection<Map<String, Object>> begun = new ArrayList<>();
		trials.forEach((file, trial) -> begun.add(Map.of("file", file, "hash", trial.hash(), "times", Integer.toString(trial.times()))));
		Map<String, Object> object = new LinkedHashMap<>();
		object.put("files", files);
		object.put("begun", begun);
		object.put("newest", newest);
		return Json.write(object);
	}

	/** @throws IOException if it is not what {@link #toJson} writes */
	static State fromJson(byte[] json) throws IOException {
		State state = new State();
		Map<String, Object> object = Json.read(json);
		try {
			for (Map<String, Object> file : Json.objects(object, "files")) {
				Entry entry = new Entry(Names.checked(Json.text(file, "file")), Json.text(file, "bundle"), Json.text(file, "version"),
						Names.checkedHash(Json.text(file, "hash")), Set.copyOf(Json.texts(file, "types")), Set.copyOf(Json.texts(file, "signers")),
						Instant.parse(Json.text(file, "since")), Json.text(file, "previousVersion"), Json.text(file, "previousHash"),
						Json.text(file, "rejected"), -1, modified(Json.text(file, "modified")));
				if (!entry.previousHash().isEmpty()) {
					Names.checkedHash(entry.previousHash());
				}
				(Json.text(file, "suspended").equals("true") ? state.suspended : state.entries).put(entry.file(), entry);
			}
			for (Map<String, Object> file : Json.objects(object, "begun")) {
				state.trials.put(Names.checked(Json.text(file, "file")), new Trial(Names.checkedHash(Json.text(file, "hash")), Integer.parseInt(Json.text(file, "times"))));
			}
			if (object.getOrDefault("newest", Map.of()) instanceof Map<?, ?> versions) {
				for (Map.Entry<?, ?> version : versions.entrySet()) {
					state.newest.put(version.getKey().toString(), Version.parseVersion(version.getValue().toString()));
				}
			}
		} catch (IllegalArgumentException | DateTimeParseException e) {
			throw new IOException(e.getMessage(), e);
		}
		return state;
	}

	private static long modified(String text) {
		return text.isEmpty() ? 0 : Long.parseLong(text);
	}

	/** A copy that later changes do not reach. */
	List<Deployed> snapshot() {
		return List.copyOf(entries.values());
	}
}
