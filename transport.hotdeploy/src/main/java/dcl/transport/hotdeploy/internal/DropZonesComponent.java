package dcl.transport.hotdeploy.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

import dcl.transport.hotdeploy.DropZone;
import dcl.transport.hotdeploy.DropZoneException;
import dcl.transport.hotdeploy.DropZoneException.Code;
import dcl.transport.hotdeploy.DropZoneOptions;
import dcl.transport.hotdeploy.DropZoneOptions.Signatures;
import dcl.transport.hotdeploy.DropZones;
import dcl.transport.hotdeploy.Outcome;
import dcl.transport.hotdeploy.Rule;
import dcl.transport.hotdeploy.Verdict;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.framework.Version;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** Offers drop zones, and opens the one that is configured. */
@Component(service = DropZones.class, immediate = true, configurationPid = "dcl.transport.hotdeploy")
@Designate(ocd = DropZonesComponent.Config.class)
public final class DropZonesComponent implements DropZones {

	/** Framework or system property: the demands on signatures where no configuration says otherwise. */
	static final String SIGNATURES = "dcl.transport.hotdeploy.signatures";
	private static final long POLL_MILLIS = 50;

	/** Configuration. A change closes the configured zone and opens it anew; what runs goes on. */
	@ObjectClassDefinition(name = "drop zone", description = "A folder whose jars become bundles")
	public @interface Config {

		@AttributeDefinition(name = "Folder", description = "What to watch; nothing if empty")
		String folder() default "";

		@AttributeDefinition(name = "Signatures", description = "enforce, warn or off; if empty, the property dcl.transport.hotdeploy.signatures, or else enforce")
		String signatures() default "";

		@AttributeDefinition(name = "Trust file", description = "Whose signatures count; trust.json in the folder if empty")
		String trustFile() default "";

		@AttributeDefinition(name = "Older versions", description = "Whether versions may come that are older than one that was here")
		boolean allowOlder() default false;

		@AttributeDefinition(name = "Native code", description = "Whether bundles may have native code")
		boolean nativeCode() default false;

		@AttributeDefinition(name = "Reserved types", description = "Types that only signers may provide for whom they are named in the trust file")
		String[] reservedTypes() default {"*", "archipelago", "fixed-adapter", "livekit", "offline", "signed-login", "simulator", "ws-room"};

		@AttributeDefinition(name = "Interval", description = "Milliseconds between two looks (10 to 60000)")
		long pollMillis() default 250;

		@AttributeDefinition(name = "Settling", description = "Milliseconds without a change before half a jar is refused (0 to 600000)")
		long settleMillis() default 2_000;

		@AttributeDefinition(name = "Start", description = "Milliseconds in which a bundle has to start and show its services (100 to 600000)")
		long startMillis() default 5_000;

		@AttributeDefinition(name = "Files", description = "Most jars (1 to 10000)")
		int maxFiles() default 200;

		@AttributeDefinition(name = "Size", description = "Bytes of the largest jar (2^10 to 2^30)")
		long maxBytes() default 1L << 26;

		@AttributeDefinition(name = "Unpacked size", description = "Most bytes that a jar unpacks to, jars in it included (2^10 to 2^33)")
		long maxUnpackedBytes() default 1L << 28;

		@AttributeDefinition(name = "Entries", description = "Most entries, those of jars in it included (1 to 65534)")
		int maxEntries() default 10_000;

		@AttributeDefinition(name = "Ratio", description = "Most times its size that a jar unpacks to, from 1 MiB on (2 to 1100)")
		int maxRatio() default 100;
	}

	private final BundleContext context;
	private final Platform platform;
	private final DropZoneOptions options;
	private final Map<Path, Open> zones = new ConcurrentHashMap<>();

	/** A zone and its service. */
	private record Open(Zone zone, ServiceRegistration<DropZone> registration) {
	}

	/** Opens the configured zone. @throws IOException if its folder may not be watched */
	@Activate
	public DropZonesComponent(BundleContext context, Config config) throws IOException {
		this.context = context;
		this.platform = new OsgiPlatform(context);
		this.options = options(config, context.getProperty(SIGNATURES));
		if (!config.folder().isEmpty()) {
			watch(Path.of(config.folder()), options);
		}
	}

	static DropZoneOptions options(Config config, String signatures) {
		String mode = config.signatures().isEmpty() ? signatures == null ? "enforce" : signatures : config.signatures();
		DropZoneOptions options = DropZoneOptions.defaults().withSignatures(signatures(mode)).withAllowOlder(config.allowOlder())
				.withNativeCode(config.nativeCode()).withReservedTypes(Set.of(config.reservedTypes())).withPoll(Duration.ofMillis(config.pollMillis()))
				.withSettle(Duration.ofMillis(config.settleMillis())).withStart(Duration.ofMillis(config.startMillis())).withMaxFiles(config.maxFiles())
				.withMaxBytes(config.maxBytes()).withMaxUnpackedBytes(config.maxUnpackedBytes()).withMaxEntries(config.maxEntries())
				.withMaxRatio(config.maxRatio());
		return config.trustFile().isEmpty() ? options : options.withTrustFile(Path.of(config.trustFile()));
	}

	private static Signatures signatures(String mode) {
		try {
			return Signatures.valueOf(mode.toUpperCase(Locale.ROOT));
		} catch (IllegalArgumentException e) {
			throw new IllegalArgumentException("signatures has to be enforce, warn or off, not '" + Texts.printable(mode) + "'");
		}
	}

	@Deactivate
	void stop() {
		zones.values().forEach(open -> open.zone().close());
	}

	@Override
	public DropZoneOptions options() {
		return options;
	}

	@Override
	public DropZone watch(Path given, DropZoneOptions rules) throws IOException {
		return open(given, rules, null);
	}

	@Override
	public DropZone watch(Path given, DropZoneOptions rules, Consumer<Verdict> listener) throws IOException {
		return open(given, rules, Objects.requireNonNull(listener, "listener"));
	}

	private DropZone open(Path given, DropZoneOptions rules, Consumer<Verdict> listener) throws IOException {
		Folder folder = Folder.of(given);
		Path path = folder.path();
		Store store = Store.open(path, Files::newOutputStream);
		Zone zone = new Zone(folder, rules, store, platform, Clock.systemUTC(), listener, () -> closed(path));
		try {
			zone.start();
		} catch (IOException | RuntimeException e) {
			zone.close();
			throw e;
		}
		Dictionary<String, Object> properties = new Hashtable<>(Map.of(DropZone.FOLDER, path.toString()));
		zones.put(path, new Open(zone, context.registerService(DropZone.class, zone, properties)));
		return zone;
	}

	private void closed(Path folder) {
		Open open = zones.remove(folder);
		if (open != null) {
			open.registration().unregister();
		}
	}

	@Override
	public Verdict check(Path jar, Path folder, DropZoneOptions rules) {
		Path path = folder.toAbsolutePath().normalize();
		try {
			path = folder.toRealPath();
		} catch (IOException none) {
			return check(jar, path, rules, new State(), (copy, hash) -> { });
		}
		Open open = zones.get(path);
		if (open != null) {
			return open.zone().check(jar);
		}
		try {
			return check(jar, path, rules, Store.peek(path), (copy, hash) -> { });
		} catch (IOException e) {
			Findings findings = new Findings(String.valueOf(jar.getFileName()));
			return findings.refused(new Refusal(Rule.UNREADABLE, "what was deployed to " + path + " before cannot be read: " + Texts.of(e)));
		}
	}

	private Verdict check(Path jar, Path folder, DropZoneOptions rules, State state, Inspection.Step next) {
		Findings findings = new Findings(String.valueOf(jar.getFileName()));
		if (!Names.isPlain(findings.file())) {
			try {
				Names.checked(findings.file());
			} catch (IllegalArgumentException e) {
				return findings.verdict(Outcome.REFUSED, Rule.NOT_A_FILE, e.getMessage());
			}
		}
		Gate gate = new Gate(rules, new TrustFile(Zone.trustFile(folder, rules), () -> { }), platform, new Recorded(state), Clock.systemUTC());
		return Inspection.of(jar, findings, rules, (copy, hash) -> {
			gate.judge(copy, Zone.locationOf(folder, findings.file()), Gate.Purpose.NEW, findings);
			next.run(copy, hash);
		});
	}

	@Override
	public Verdict handOver(Path jar, Path folder, DropZoneOptions rules, Duration limit) throws IOException, InterruptedException {
		Path path = real(folder);
		Open open = zones.get(path);
		if (open != null) {
			return here(open.zone().deploy(jar), limit);
		}
		checkWatched(path);
		Path watched = path;
		Instant begin = Instant.now().truncatedTo(ChronoUnit.MILLIS);
		String name = String.valueOf(jar.getFileName());
		Verdict verdict = check(jar, path, rules, Store.peek(path), (copy, hash) -> OwnFiles.put(copy, watched.resolve(Store.FOLDER), watched.resolve(name)));
		if (verdict.outcome() == Outcome.REFUSED) {
			return verdict;
		}
		return await(path, verdict.file(), verdict.hash(), begin, limit);
	}

	@Override
	public Verdict rollback(String bundle, Path folder, Duration limit) throws IOException, InterruptedException {
		Path path = real(folder);
		Open open = zones.get(path);
		try {
			if (open != null) {
				return here(open.zone().rollback(bundle), limit);
			}
			checkWatched(path);
			State.Entry entry = Store.peek(path).running(bundle);
			Path before = Store.copy(path, entry.previousHash());
			if (entry.previousHash().isEmpty() || !Files.isRegularFile(before, LinkOption.NOFOLLOW_LINKS)) {
				throw new IllegalArgumentException("nothing ran before " + entry.bundle() + " " + entry.version());
			}
			Instant begin = Instant.now().truncatedTo(ChronoUnit.MILLIS);
			Store.askFor(path, entry.previousHash());
			try {
				OwnFiles.put(before, path.resolve(Store.FOLDER), path.resolve(entry.file()));
			} catch (IOException e) {
				Store.askNoMore(path, entry.previousHash());
				throw e;
			}
			return await(path, entry.file(), entry.previousHash(), begin, limit);
		} catch (IllegalArgumentException e) {
			throw new DropZoneException(Code.NOTHING_BEFORE, e.getMessage());
		}
	}

	private static Path real(Path folder) throws IOException {
		Path path = folder.toAbsolutePath();
		return Files.isDirectory(path) ? path.toRealPath() : path;
	}

	private static void checkWatched(Path path) throws IOException {
		if (!Files.isDirectory(path) || !Store.isWatched(path)) {
			throw new DropZoneException(Code.NOBODY_WATCHES, "nobody watches " + path + ": start 'comms run --deploy " + path + "' first");
		}
		Folder.of(path);
	}

	/** Waits for what another process says of some bytes. */
	private static Verdict await(Path path, String file, String hash, Instant begin, Duration limit) throws IOException, InterruptedException {
		for (long end = System.nanoTime() + limit.toNanos(); System.nanoTime() - end < 0; TimeUnit.MILLISECONDS.sleep(POLL_MILLIS)) {
			Optional<Map<String, Object>> there = Store.verdict(path, file);
			if (there.isPresent()) {
				Verdict said = VerdictJson.read(there.get());
				if (said.hash().equals(hash) && !said.at().isBefore(begin)) {
					return said;
				}
			}
		}
		throw new DropZoneException(Code.TIMEOUT, "whoever watches " + path + " said nothing about " + file + " within " + limit.toMillis() + " ms");
	}

	private static Verdict here(CompletionStage<Verdict> verdict, Duration limit) throws IOException, InterruptedException {
		try {
			return verdict.toCompletableFuture().get(limit.toNanos(), TimeUnit.NANOSECONDS);
		} catch (TimeoutException e) {
			throw new DropZoneException(Code.TIMEOUT, "no verdict within " + limit.toMillis() + " ms");
		} catch (ExecutionException e) {
			if (e.getCause() instanceof IllegalArgumentException wrong) {
				throw wrong;
			}
			throw e.getCause() instanceof IOException failure ? failure : new IOException(e.getCause());
		}
	}

	/** What was deployed to a folder that is not watched here. */
	private record Recorded(State state) implements Gate.Neighbours {

		@Override
		public Optional<String> fileOf(String bundle, String exceptFile) {
			return others(exceptFile).stream().filter(entry -> entry.bundle().equals(bundle)).map(State.Entry::file).findFirst();
		}

		@Override
		public Optional<String> fileOfType(String type, String exceptFile) {
			return others(exceptFile).stream().filter(entry -> entry.types().contains(type)).map(entry -> "'" + entry.file() + "'").findFirst();
		}

		private List<State.Entry> others(String exceptFile) {
			return state.entries().values().stream().filter(entry -> !entry.file().equals(exceptFile)).toList();
		}

		@Override
		public Optional<Version> newest(String bundle) {
			return Optional.ofNullable(state.newest(bundle));
		}
	}
}
