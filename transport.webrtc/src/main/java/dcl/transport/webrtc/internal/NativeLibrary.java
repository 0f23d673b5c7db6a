package dcl.transport.webrtc.internal;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import dcl.transport.webrtc.WebRtcUnavailableException;

/** Loads libwebrtc, once for this class loader, out of the fragment of the platform. A load that failed can be tried again. */
public final class NativeLibrary {

	/** What it is linked with, libc left out, and the Debian packages. */
	private static final Map<String, String> PACKAGES = Map.of("libpulse.so.0", "libpulse0", "libudev.so.1", "libudev1", "libX11.so.6", "libx11-6",
			"libXfixes.so.3", "libxfixes3", "libXrandr.so.2", "libxrandr2", "libXcomposite.so.1", "libxcomposite1", "libdbus-1.so.3", "libdbus-1-3");
	private static final String INSTALL = "apt-get install libpulse0 libudev1 libx11-6 libxfixes3 libxrandr2 libxcomposite1 libdbus-1-3";
	/** As glibc says it, and as musl does. */
	private static final Pattern MISSING = Pattern.compile("(?:^|[:\\s])([^\\s:/]+\\.so[.\\d]*): (?:cannot open shared object file|No such file)");
	private static final Pattern OLD = Pattern.compile("version `(GLIBC\\w*_[\\d.]+)' not found");

	private static boolean loaded; // guarded by the class

	private NativeLibrary() {
	}

	/** Returns whether it was loaded. */
	public static synchronized boolean isLoaded() {
		return loaded;
	}

	/** Loads it unless it is. Unpacks some 20 MB: takes a tenth of a second. */
	static synchronized void load() throws WebRtcUnavailableException {
		if (loaded) {
			return;
		}
		String platform = platform(System.getProperty("os.name"), System.getProperty("os.arch"));
		String file = System.mapLibraryName("webrtc-java-" + platform);
		try (InputStream in = NativeLibrary.class.getResourceAsStream("/" + file)) {
			if (in == null) {
				String fragment = "dcl.transport.webrtc.natives." + platform;
				throw new WebRtcUnavailableException("libwebrtc for " + platform + " is not there: the bundle " + fragment + " is not installed", "",
						"install the bundle " + fragment + " and refresh dcl.transport.webrtc");
			}
			load(in, file.substring(file.lastIndexOf('.')));
			loaded = true;
		} catch (IOException e) {
			throw new WebRtcUnavailableException("libwebrtc cannot be unpacked into the temporary folder "
					+ System.getProperty("java.io.tmpdir") + ": " + e.getMessage(), "", "make room there, or name another folder: -Djava.io.tmpdir=…");
		}
	}

	private static void load(InputStream library, String suffix) throws IOException, WebRtcUnavailableException {
		Path copy = Files.createTempFile("dcl-webrtc-", suffix);
		try {
			Files.copy(library, copy, StandardCopyOption.REPLACE_EXISTING);
			System.load(copy.toString());
		} catch (UnsatisfiedLinkError e) {
			throw unavailable(String.valueOf(e.getMessage()).replace(copy + ": ", ""));
		} finally {
			if (!copy.toFile().delete()) {
				copy.toFile().deleteOnExit(); // Windows holds on to what is loaded
			}
		}
	}

	/** Returns the platform as webrtc-java names it. */
	static String platform(String osName, String osArch) throws WebRtcUnavailableException {
		String os = osName.toLowerCase(Locale.ROOT);
		String family = os.startsWith("linux") ? "linux" : os.startsWith("mac os") ? "macos" : os.startsWith("windows") ? "windows" : "";
		String architecture = switch (osArch.toLowerCase(Locale.ROOT)) {
			case "amd64", "x86_64", "x86-64" -> "x86_64";
			case "aarch64", "arm64" -> "aarch64";
			default -> "";
		};
		if (family.isEmpty() || architecture.isEmpty() || family.equals("windows") && architecture.equals("aarch64")) {
			throw new WebRtcUnavailableException("there is no libwebrtc for " + osName + " on " + osArch
					+ "; there is one for Linux and macOS on x86-64 and aarch64, and for Windows on x86-64", "", "");
		}
		return family + "-" + architecture;
	}

	/** Returns what an {@link UnsatisfiedLinkError} means. */
	static WebRtcUnavailableException unavailable(String message) {
		Matcher missing = MISSING.matcher(message);
		if (missing.find()) {
			String library = missing.group(1);
			String debian = PACKAGES.get(library);
			return new WebRtcUnavailableException("libwebrtc needs the system library " + library + ", which is not installed"
					+ (debian == null ? "" : " (Debian package " + debian + ")"), library, debian == null ? "install " + library : INSTALL);
		}
		Matcher old = OLD.matcher(message);
		if (old.find()) {
			return new WebRtcUnavailableException("libwebrtc needs a newer libc: " + old.group(1), "libc.so.6", "use a newer release of the system");
		}
		if (message.contains("failed to map segment")) {
			return new WebRtcUnavailableException("libwebrtc cannot be loaded from the temporary folder, which seems to be mounted noexec: "
					+ message, "", "name another folder: -Djava.io.tmpdir=…");
		}
		return new WebRtcUnavailableException("libwebrtc cannot be loaded: " + message, "", "");
	}
}
