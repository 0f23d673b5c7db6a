package dcl.transport.hotdeploy;

import java.time.Instant;
import java.util.Set;

import org.osgi.annotation.versioning.ProviderType;

/** A bundle that came through the gate and runs. Immutable. */
@ProviderType
public interface Deployed {

	/** The name of its file in the folder. */
	String file();

	/** Its symbolic name. */
	String bundle();

	/** Its version. */
	String version();

	/** SHA-256 of the bytes that run, 64 hexadecimal digits in lower case. After a roll-back they are not those of the file. */
	String hash();

	/** The version that {@link DropZone#rollback} would bring back, or "". */
	String previousVersion();

	/** SHA-256 of the bytes that {@link DropZone#rollback} would bring back, or "". */
	String previousHash();

	/** The transport types it declares. */
	Set<String> types();

	/** The names of the trusted signers that signed it; empty if none did. */
	Set<String> signers();

	/** The framework's number of the bundle. */
	long bundleId();

	/** Since when these bytes run here. */
	Instant since();
}
