package dcl.transport.hotdeploy;

import java.io.IOException;
import java.util.List;
import java.util.Set;

import org.osgi.annotation.versioning.ProviderType;

/**
 * The trust file of a zone: whose signatures count, and for which transport types. Thread-safe. A change counts for what comes from then on, and for what was
 * refused before; what runs is judged anew at the next start.
 */
@ProviderType
public interface Trust {

	/** Stands, in {@link Entry#types()}, for every type that is neither reserved nor another bundle's; those have to be named. */
	String ANY_TYPE = "*";

	/** Who is trusted, by name. @throws IOException if the file cannot be read or understood */
	List<Entry> list() throws IOException;

	/**
	 * Trusts somebody. The file is written anew, for its owner alone.
	 *
	 * @param name  a letter or digit, then letters, digits, {@code .}, {@code _} or {@code -}, at most 64; who has it is replaced
	 * @param pin   {@code cert:} or {@code key:} and 64 hexadecimal digits, see {@link Verdict.Signer}. A certificate that is pinned is refused outside its
	 *              validity; a key is not bound to that of any certificate
	 * @param types what it may provide; {@link #ANY_TYPE} for all that nobody else has
	 * @throws IllegalArgumentException if the name, the pin or a type is not of that form
	 * @throws IOException              if the file cannot be written
	 */
	void add(String name, String pin, Set<String> types) throws IOException;

	/** Trusts somebody no longer; returns whether there was one of that name. @throws IOException if the file cannot be written */
	boolean remove(String name) throws IOException;

	/** One that is trusted. Immutable. */
	@ProviderType
	interface Entry {

		/** What it is called here. */
		String name();

		/** {@code cert:…} or {@code key:…}. */
		String pin();

		/** The types it may provide. */
		Set<String> types();
	}
}
