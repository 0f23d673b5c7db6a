package dcl.transport.shell.internal;

import java.util.List;

/**
 * A bundle that came through a drop zone and runs.
 *
 * @param version  of the bytes that run
 * @param previous the version that {@code rollback} brings back, or ""
 * @param signers  the trusted ones, or ""
 * @param hash     SHA-256 of the bytes that run
 */
public record DeployedRow(String bundle, String version, String previous, String types, String signers, String file, String hash) implements Row {

	@Override
	public List<String> columns() {
		return List.of("bundle", "version", "previous", "types", "signers", "file", "hash");
	}

	@Override
	public List<String> cells() {
		return List.of(bundle, version, previous, types, signers, file, hash);
	}
}
