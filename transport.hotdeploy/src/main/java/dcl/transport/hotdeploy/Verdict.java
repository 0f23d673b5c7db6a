package dcl.transport.hotdeploy;

import java.time.Instant;
import java.util.List;
import java.util.Set;

import org.osgi.annotation.versioning.ProviderType;

/** What was found about one file, and done. Immutable. Texts may quote names from a foreign jar, with control characters spelled out. */
@ProviderType
public interface Verdict {

	/** When. */
	Instant at();

	/** The name of the file in the folder. */
	String file();

	/** What came of it. */
	Outcome outcome();

	/** What the outcome rests on. */
	Rule rule();

	/** In words: what was expected and what is there. */
	String why();

	/** The symbolic name, or "" if it was not understood. */
	String bundle();

	/** The version, or "". */
	String version();

	/** SHA-256 of its bytes, 64 hexadecimal digits in lower case; "" if it was not read. */
	String hash();

	/** The transport types it declares, sorted. */
	Set<String> types();

	/** Who signed all of it; empty if nobody did, or signatures are not looked at. */
	List<Signer> signers();

	/** What was let pass but somebody should look at. */
	List<String> warnings();

	/** One that signed a jar. Immutable. */
	@ProviderType
	interface Signer {

		/** The subject of the certificate, as it says itself. */
		String subject();

		/** The pin of the certificate, {@code cert:} and its SHA-256 in hexadecimal digits. */
		String certificatePin();

		/** The pin of the public key, {@code key:} and the SHA-256 of its encoding (X.509 SubjectPublicKeyInfo) in hexadecimal digits. */
		String keyPin();

		/** The name in the trust file, or "" if it is not there. */
		String trustedAs();
	}
}
