package dcl.transport.itest;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarInputStream;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

import org.apache.felix.service.command.CommandProcessor;
import org.apache.felix.service.command.CommandSession;
import org.junit.Test;
import org.osgi.framework.Bundle;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.wiring.FrameworkWiring;

import static org.assertj.core.api.Assertions.assertThat;

/** The health bundle in a framework without the APIs it can use, and with them. */
public class HealthIT extends FrameworkTest {

	private static final String CHECK = "org.apache.felix.hc.api.HealthCheck";
	private static final String PRINTER = "org.apache.felix.inventory.InventoryPrinter";

	@Test
	public void without_the_apis_of_others_it_runs_and_answers_in_a_shell() throws Exception {
		assertThat(bundleNamed("dcl.transport.health").getState()).isEqualTo(Bundle.ACTIVE);
		assertThat(find(CHECK)).isNull();
		assertThat(find(PRINTER)).isNull();
		assertThat(run("comms:inventory")).contains("providers: ", "dcl.transport.wsroom 1.0.0", "types = ws-room");
		assertThat(run("comms:inventory json")).startsWith("{\"warnings\":[");
	}

	@Test
	public void a_type_that_has_to_be_there_is_a_warning_until_its_provider_comes() throws Exception {
		configure("dcl.transport.health", Map.of("types", new String[] {"echo"}));
		String missing = "WARN no provider for echo, which has to be there"; // beside what other tests' bad providers left to tell
		Await.until("it is a warning", () -> run("comms:health").contains(missing));
		start("echo", "1.0.0");
		Await.until("all is well", () -> !run("comms:health").contains(missing));
	}

	@Test
	public void with_them_it_is_a_health_check_and_an_inventory_printer() throws Exception {
		Bundle check = bundles.installBundle("health:check", Files.newInputStream(Path.of(System.getProperty("healthcheck.jar"))));
		Bundle inventory = bundles.installBundle("health:inventory", apiOf(Path.of(System.getProperty("inventory.jar")), "org/apache/felix/inventory/"));
		try {
			refresh();
			Await.until("the check is there", () -> find(CHECK) != null);
			Await.until("the printer is there", () -> find(PRINTER) != null);
			ServiceReference<?> checking = find(CHECK);
			assertThat(checking.getProperty("hc.tags")).isEqualTo(new String[] {"transports", "dcl"});
			Object result = call(checking, "execute");
			assertThat(result.toString()).contains(" providers, ", " sessions open");
			ServiceReference<?> printing = find(PRINTER);
			assertThat(printing.getProperty("felix.inventory.printer.format")).isEqualTo(new String[] {"TEXT", "JSON"});
			Class<?> format = inventory.loadClass("org.apache.felix.inventory.Format");
			StringWriter printed = new StringWriter();
			call(printing, "print", new PrintWriter(printed), format.getField("JSON").get(null), false);
			assertThat(printed.toString()).startsWith("{\"warnings\":[");
		} finally {
			check.uninstall();
			inventory.uninstall();
			refresh(check, inventory); // or else it may be wired once more to what is there until it is refreshed
		}
		Await.until("the check has gone", () -> find(CHECK) == null);
	}

	private static InputStream apiOf(Path jar, String folder) throws IOException {
		Manifest manifest = new Manifest();
		Attributes headers = manifest.getMainAttributes();
		headers.put(Attributes.Name.MANIFEST_VERSION, "1.0");
		headers.putValue("Bundle-ManifestVersion", "2");
		headers.putValue("Bundle-SymbolicName", "api.alone");
		headers.putValue("Export-Package", folder.substring(0, folder.length() - 1).replace('/', '.') + ";version=1.0");
		headers.putValue("Import-Package", "org.osgi.framework");
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		try (JarInputStream in = new JarInputStream(Files.newInputStream(jar)); JarOutputStream out = new JarOutputStream(bytes, manifest)) {
			for (JarEntry entry = in.getNextJarEntry(); entry != null; entry = in.getNextJarEntry()) {
				if (entry.getName().matches(folder + "[^/]+\\.class")) {
					out.putNextEntry(new JarEntry(entry.getName()));
					in.transferTo(out);
				}
			}
		}
		return new ByteArrayInputStream(bytes.toByteArray());
	}

	/** Wires the health bundle anew, and others. */
	private void refresh(Bundle... others) throws InterruptedException {
		CountDownLatch refreshed = new CountDownLatch(1);
		List<Bundle> all = new ArrayList<>(List.of(others));
		all.add(bundleNamed("dcl.transport.health"));
		bundles.getBundle(0).adapt(FrameworkWiring.class).refreshBundles(all, event -> refreshed.countDown());
		assertThat(refreshed.await(30, TimeUnit.SECONDS)).isTrue();
		Await.until("it is back", () -> isCommand("inventory"));
	}

	/** Services of other people's classes, which this bundle need not know. */
	private ServiceReference<?> find(String type) {
		try {
			ServiceReference<?>[] found = bundles.getAllServiceReferences(type, null);
			return found == null ? null : found[0];
		} catch (InvalidSyntaxException e) {
			throw new AssertionError(e);
		}
	}

	private Object call(ServiceReference<?> reference, String method, Object... arguments) throws ReflectiveOperationException {
		Object service = bundles.getService(reference);
		try {
			return Arrays.stream(service.getClass().getMethods()).filter(one -> one.getName().equals(method)).findFirst().orElseThrow()
					.invoke(service, arguments);
		} finally {
			bundles.ungetService(reference);
		}
	}

	private String run(String command) {
		ByteArrayOutputStream out = new ByteArrayOutputStream();
		try (CommandSession shell = service(CommandProcessor.class).createSession(InputStream.nullInputStream(), out, out)) {
			return String.valueOf(shell.execute(command));
		} catch (Exception e) {
			return e.toString(); // the command is away while its component is made anew
		}
	}
}
