package dcl.transport.shell.internal;

import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

import dcl.transport.TransportRegistry;
import dcl.transport.hotdeploy.DropZone;
import dcl.transport.status.TransportStatus;
import dcl.transport.text.Printable;
import org.apache.felix.service.command.Descriptor;
import org.apache.felix.service.command.Parameter;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/**
 * The commands of scope {@code comms}, as Gogo finds them: a method is a command, its parameters are the arguments. Immediate, since what was opened stays
 * open between two commands; it belongs to this bundle and ends with it.
 */
@Component(service = CommsCommands.class, immediate = true, configurationPid = "dcl.transport.shell", property = {
	"osgi.command.scope=comms", "osgi.command.function=providers", "osgi.command.function=list", "osgi.command.function=resolve",
	"osgi.command.function=open", "osgi.command.function=session", "osgi.command.function=peers", "osgi.command.function=events",
	"osgi.command.function=watch", "osgi.command.function=send", "osgi.command.function=close", "osgi.command.function=candidates",
	"osgi.command.function=deploy", "osgi.command.function=deployed", "osgi.command.function=verdicts", "osgi.command.function=rollback",
	"osgi.command.function=undeploy", "osgi.command.function=trust"})
@Designate(ocd = CommsCommands.Config.class)
public final class CommsCommands {

	private static final int MAX_CANDIDATES = 1_000;
	/** {@code DropZone.FOLDER}, whose class may not be there. */
	private static final String DROP_ZONE_FOLDER = "folder";

	/** The settings. */
	@ObjectClassDefinition(name = "Shell commands of the transports")
	public @interface Config {

		/** See the description. */
		@AttributeDefinition(name = "Open rooms", description = "How many transports and sessions may be open in the shell at once, 1 to 10000")
		int maxOpen() default 100;

		/** See the description. */
		@AttributeDefinition(name = "Events", description = "How many events each of them keeps to be shown later, 1 to 100000")
		int maxEvents() default 200;
	}

	private final BundleContext context;
	private final Rooms rooms;
	/** Open drop zones, not taken: their classes may not be there at all. */
	private final Set<ServiceReference<?>> zones = ConcurrentHashMap.newKeySet();

	/** Takes what the commands work with. */
	@Activate
	public CommsCommands(BundleContext context, Config config, @Reference TransportRegistry registry, @Reference TransportStatus status) {
		this.context = context;
		Bundle self = context.getBundle();
		rooms = new Rooms(registry, status, self.getSymbolicName() + " " + self.getVersion(), Limits.of("maxOpen", config.maxOpen(), 10_000, 100),
				Limits.of("maxEvents", config.maxEvents(), 100_000, 200));
	}

	@Deactivate
	void stop() {
		rooms.closeAll();
	}

	/** By name, since a framework need not have the package. */
	@Reference(name = "zone", service = DropZone.class, cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
	void bindZone(ServiceReference<?> zone) {
		zones.add(zone);
	}

	void unbindZone(ServiceReference<?> zone) {
		zones.remove(zone);
	}

	/** What is done with a drop zone. */
	private interface Work<T> {

		T with(Object zone) throws CommandException, InterruptedException;
	}

	private <T> T withZone(String folder, Work<T> work) throws CommandException, InterruptedException {
		List<ServiceReference<?>> open = zones.stream().filter(zone -> folder.isEmpty() || folder(zone).equals(Path.of(folder).toAbsolutePath().normalize().toString()))
				.sorted(Comparator.comparing(CommsCommands::folder)).toList();
		String folders = Printable.of(String.join(", ", zones.stream().map(CommsCommands::folder).sorted().toList()));
		if (open.isEmpty()) {
			throw new CommandException(zones.isEmpty()
					? "no drop zone is open here: start with comms shell --deploy <folder>, or set the folder of dcl.transport.hotdeploy, if that bundle is installed"
					: "no drop zone is open there; there are " + folders);
		}
		if (open.size() > 1) {
			throw new CommandException("more than one drop zone is open, so say which with --zone <folder>: " + folders);
		}
		Object zone = context.getService(open.get(0));
		if (zone == null) {
			throw new CommandException("the drop zone was closed meanwhile");
		}
		try {
			return work.with(zone);
		} finally {
			context.ungetService(open.get(0));
		}
	}

	private static String folder(ServiceReference<?> zone) {
		return String.valueOf(zone.getProperty(DROP_ZONE_FOLDER));
	}

	/** {@code comms:deploy}. */
	@Descriptor("hands a jar to the drop zone and tells what comes of it")
	public VerdictRow deploy(
			@Descriptor("checks it and changes nothing") @Parameter(names = {"-n", "--dry-run"}, presentValue = "true", absentValue = "false") boolean dryRun,
			@Descriptor("which drop zone, if there are several") @Parameter(names = {"-z", "--zone"}, absentValue = "") String folder,
			@Descriptor("the jar; relative to where this process was started") String jar) throws CommandException, InterruptedException {
		return withZone(folder, zone -> Zones.deploy(zone, Path.of(jar).toAbsolutePath().normalize(), dryRun));
	}

	/** {@code comms:deployed}. */
	@Descriptor("what came through the drop zone and runs")
	public Rows<DeployedRow> deployed(@Descriptor("which drop zone") @Parameter(names = {"-z", "--zone"}, absentValue = "") String folder)
			throws CommandException, InterruptedException {
		return withZone(folder, Zones::deployed);
	}

	/** {@code comms:verdicts}. */
	@Descriptor("the last verdict on each file in the drop zone")
	public Rows<VerdictRow> verdicts(@Descriptor("which drop zone") @Parameter(names = {"-z", "--zone"}, absentValue = "") String folder)
			throws CommandException, InterruptedException {
		return withZone(folder, Zones::verdicts);
	}

	/** {@code comms:rollback}. */
	@Descriptor("brings back what a bundle was before its last update")
	public VerdictRow rollback(@Descriptor("which drop zone") @Parameter(names = {"-z", "--zone"}, absentValue = "") String folder,
			@Descriptor("its symbolic name") String bundle) throws CommandException, InterruptedException {
		return withZone(folder, zone -> Zones.rollback(zone, bundle));
	}

	/** {@code comms:undeploy}. */
	@Descriptor("deletes the file of a bundle from the drop zone, and so uninstalls it")
	public VerdictRow undeploy(@Descriptor("which drop zone") @Parameter(names = {"-z", "--zone"}, absentValue = "") String folder,
			@Descriptor("its symbolic name") String bundle) throws CommandException, InterruptedException {
		return withZone(folder, zone -> Zones.undeploy(zone, bundle));
	}

	/** {@code comms:trust}. */
	@Descriptor("whose signatures count: list, add <name> <pin> <type,…>, remove <name>")
	public Object trust(@Descriptor("which drop zone") @Parameter(names = {"-z", "--zone"}, absentValue = "") String folder,
			@Descriptor("list, add or remove") String action, @Descriptor("name, pin and types") String... arguments) throws CommandException, InterruptedException {
		return withZone(folder, zone -> Zones.trust(zone, action, List.of(arguments)));
	}

	/** {@code comms:providers}. */
	@Descriptor("the types that can be opened now, and who serves them")
	public Rows<ProviderRow> providers() {
		return rooms.providers();
	}

	/** {@code comms:list}. */
	@Descriptor("what is open, of this shell and of every other host")
	public Rows<OpenRow> list() {
		return rooms.list();
	}

	/** {@code comms:resolve}. */
	@Descriptor("who would open a connection string; connects to nothing")
	public ResolutionRow resolve(@Descriptor("connection string") String uri) throws CommandException {
		return rooms.resolve(uri);
	}

	/** {@code comms:open}. */
	@Descriptor("opens a transport and waits until it is connected")
	public Room open(
			@Descriptor("sign with a new throw-away wallet") @Parameter(names = {"-g", "--guest"}, presentValue = "true", absentValue = "false") boolean guest,
			@Descriptor("connection string") String uri) throws CommandException, InterruptedException {
		return rooms.open(uri, guest, false);
	}

	/** {@code comms:session}. */
	@Descriptor("the same, and comes back by itself when the wire breaks")
	public Room session(
			@Descriptor("sign with a new throw-away wallet") @Parameter(names = {"-g", "--guest"}, presentValue = "true", absentValue = "false") boolean guest,
			@Descriptor("connection string") String uri) throws CommandException, InterruptedException {
		return rooms.open(uri, guest, true);
	}

	/** {@code comms:peers}. */
	@Descriptor("who is in a room of this shell")
	public Rows<PeerRow> peers(@Descriptor("its number") Object room) throws CommandException {
		return rooms.room(room).peers();
	}

	/** {@code comms:events}. */
	@Descriptor("what happened last in a room of this shell")
	public Rows<EventRow> events(@Descriptor("its number") Object room) throws CommandException {
		return rooms.room(room).events();
	}

	/** {@code comms:watch}: prints on the calling thread, where Gogo puts what a command prints. */
	@Descriptor("shows what happens in a room of this shell, until it ends or is interrupted")
	public void watch(
			@Descriptor("for how long, such as 30s") @Parameter(names = {"-f", "--for"}, absentValue = "") String time,
			@Descriptor("how many events") @Parameter(names = {"-c", "--count"}, absentValue = "0") long count,
			@Descriptor("its number") Object room) throws CommandException, InterruptedException {
		rooms.room(room).watch(rooms.duration(time), count, System.out::println);
	}

	/** {@code comms:send}. */
	@Descriptor("says something in a room of this shell")
	public String send(
			@Descriptor("may be dropped") @Parameter(names = {"-l", "--lossy"}, presentValue = "true", absentValue = "false") boolean lossy,
			@Descriptor("a whole packet in hexadecimal digits instead of a chat message") @Parameter(names = {"-x", "--hex"}, presentValue = "true", absentValue = "false") boolean hex,
			@Descriptor("to these alone, separated by commas") @Parameter(names = {"-t", "--to"}, absentValue = "") String to,
			@Descriptor("under a topic") @Parameter(names = {"--topic"}, absentValue = "") String topic,
			@Descriptor("its number") Object room,
			@Descriptor("what to say") Object... words) throws CommandException, InterruptedException {
		return rooms.send(room, String.join(" ", Stream.of(words).map(String::valueOf).toList()), hex, lossy, to, topic);
	}

	/** {@code comms:close}. */
	@Descriptor("closes a room of this shell, or all")
	public String close(@Descriptor("its number, or all") Object room) throws CommandException {
		return rooms.close(room);
	}

	/** {@code comms:candidates}: for completion, so it never fails; what is not known has none. */
	@Descriptor("what an argument could be: types, rooms, bundles")
	public List<String> candidates(@Descriptor("types, rooms or bundles") String what) {
		Stream<String> found = switch (what) {
			case "types" -> rooms.types().stream().map(type -> type + ":");
			case "rooms" -> rooms.ids().stream();
			case "bundles" -> Stream.of(context.getBundles()).map(Bundle::getSymbolicName).filter(name -> name != null);
			default -> Stream.empty();
		};
		// what a person could not have typed is left out
		return found.filter(candidate -> candidate.matches("[A-Za-z0-9_.:-]{1,200}")).distinct().sorted().limit(MAX_CANDIDATES).toList();
	}
}
