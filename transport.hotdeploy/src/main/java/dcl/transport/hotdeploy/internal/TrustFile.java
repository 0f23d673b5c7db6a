package dcl.transport.hotdeploy.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

import dcl.transport.hotdeploy.Trust;

/** {@code {"signers":[{"name":"acme","pin":"key:…","types":["acme"]}]}}, in a file that is ours alone. */
final class TrustFile implements Trust {

	/** One that is trusted. */
	record Signer(String name, String pin, Set<String> types) implements Entry {
	}

	private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
	private static final Pattern PIN = Pattern.compile("(cert|key):[0-9a-f]{64}");
	private static final int MAX_BYTES = 1 << 20;
	private static final int MAX_SIGNERS = 1_000;

	private final Path file;
	private final Runnable changed;

	/** @param changed runs after each change made here */
	TrustFile(Path file, Runnable changed) {
		this.file = file;
		this.changed = changed;
	}

	Path file() {
		return file;
	}

	@Override
	public synchronized List<Entry> list() throws IOException {
		return List.copyOf(read().values());
	}

	@Override
	public void add(String name, String pin, Set<String> types) throws IOException {
		Signer signer = signer(name, pin, types);
		synchronized (this) {
			Map<String, Signer> signers = read();
			signers.put(name, signer);
			if (signers.size() > MAX_SIGNERS) {
				throw new IOException("at most " + MAX_SIGNERS + " may be trusted");
			}
			write(signers);
		}
		changed.run();
	}

	@Override
	public boolean remove(String name) throws IOException {
		synchronized (this) {
			Map<String, Signer> signers = read();
			if (signers.remove(name) == null) {
				return false;
			}
			write(signers);
		}
		changed.run();
		return true;
	}

	private static Signer signer(String name, String pin, Set<String> types) {
		if (!NAME.matcher(name).matches()) {
			throw new IllegalArgumentException("a name has letters, digits, '.', '_' and '-', at most 64, not '" + Texts.printable(name) + "'");
		}
		String plain = pin.replace("SHA256:", "").toLowerCase(Locale.ROOT);
		if (!PIN.matcher(plain).matches()) {
			throw new IllegalArgumentException("a pin is 'cert:' or 'key:' and 64 hexadecimal digits, not '" + Texts.printable(pin) + "'");
		}
		for (String type : types) {
			if (!Facts.TYPE.matcher(type).matches()) {
				throw new IllegalArgumentException("a type is a lower-case word or '*', not '" + Texts.printable(type) + "'");
			}
		}
		return new Signer(name, plain, Set.copyOf(types));
	}

	// ---- the file

	private Map<String, Signer> read() throws IOException {
		Map<String, Signer> signers = new TreeMap<>();
		if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
			return signers;
		}
		Folder.checkFile(file);
		if (Files.size(file) > MAX_BYTES) {
			throw wrong("more than " + MAX_BYTES + " bytes", null);
		}
		byte[] bytes = Files.readAllBytes(file);
		try {
			Map<String, Object> read = Json.read(bytes);
			known(read, Set.of("signers"));
			for (Map<String, Object> entry : Json.objects(read, "signers")) {
				known(entry, Set.of("name", "pin", "types"));
				Signer signer = signer(Json.text(entry, "name"), Json.text(entry, "pin"), Set.copyOf(Json.texts(entry, "types")));
				if (signers.put(signer.name(), signer) != null) {
					throw new IOException("'" + signer.name() + "' stands there twice");
				}
			}
		} catch (IOException | IllegalArgumentException e) {
			throw wrong(Texts.of(e), e);
		}
		return signers;
	}

	private static void known(Map<String, Object> object, Set<String> members) throws IOException {
		for (String member : object.keySet()) {
			if (!members.contains(member)) {
				throw new IOException(new TreeSet<>(members) + " are known, not '" + Texts.printable(member) + "'");
			}
		}
	}

	private IOException wrong(String how, Exception cause) {
		return new IOException("the trust file " + file + " is to be {\"signers\":[{\"name\":\"acme\",\"pin\":\"key:<64 hexadecimal digits>\",\"types\":[\"acme\"]}]}: "
				+ how, cause);
	}

	private void write(Map<String, Signer> signers) throws IOException {
		List<Map<String, Object>> list = new ArrayList<>();
		for (Signer signer : signers.values()) {
			Map<String, Object> entry = new LinkedHashMap<>();
			entry.put("name", signer.name());
			entry.put("pin", signer.pin());
			entry.put("types", new TreeSet<>(signer.types()));
			list.add(entry);
		}
		OwnFiles.replace(file, Json.write(Map.of("signers", list)));
	}
}
