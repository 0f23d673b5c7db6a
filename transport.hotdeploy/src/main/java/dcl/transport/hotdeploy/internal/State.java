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
	 * @param rejected SHA-256 of bytes that were let in and did not come up, which are not tried again by themselves; or ""
	 */
	record Entry(String file, String bundle, String version, String hash, Set<String> types, Set<String> signers, Instant since, String previousVersion,
			String previousHash, String rejected, long bundleId) implements Deployed {

		Entry withRejected(String hash) {
			return new Entry(file, bundle, version, this.hash, types, signers, since, previousVersion, previousHash, hash, bundleId);
		}

		Entry withBundleId(long id) {
			return new Entry(file, bundle, version, hash, types, signers, since, previousVersion, previousHash, rejected, id);
		}
	}

	/** More names than anybody deploys; then the versions of those that went first are forgotten. */
	private static final int MAX_NAMES = 1_000;

	private final Map<String, Entry> entries = new TreeMap<>();
	private final Map<String, Version> newest = new LinkedHashMap<>();

	Map<String, Entry> entries() {
		return entries;
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
		for (Entry entry : entries.values()) {
			needed.add(entry.hash());
			needed.add(entry.previousHash());
		}
		return needed;
	}

	// ---- as JSON

	byte[] toJson() {
		Collection<Map<String, Object>> files = new ArrayList<>();
		for (Entry entry : entries.values()) {
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
			files.add(object);
		}
		Map<String, Object> object = new LinkedHashMap<>();
		object.put("files", files);
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
						Json.text(file, "rejected"), -1);
				if (!entry.previousHash().isEmpty()) {
					Names.checkedHash(entry.previousHash());
				}
				state.entries.put(entry.file(), entry);
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

	/** A copy that later changes do not reach. */
	List<Deployed> snapshot() {
		return List.copyOf(entries.values());
	}
}
