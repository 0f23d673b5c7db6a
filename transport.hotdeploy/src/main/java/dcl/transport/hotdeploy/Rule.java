package dcl.transport.hotdeploy;

/** What a verdict other than a good one rests on. May gain constants. */
public enum Rule {
	/** None: all is well. */
	NONE,
	/** It cannot be read or copied, or the disk is full. It is tried again. */
	UNREADABLE,
	/** A link, a folder or a device instead of a file, or a name that is not plain. */
	NOT_A_FILE,
	/** Not a jar, or half of one, or one with a broken entry. */
	DAMAGED,
	/** Too large, too many entries, or it would unpack to too much. */
	TOO_LARGE,
	/** Entries with dangerous names, the same name twice, two manifests, overlapping or hidden data. */
	UNSAFE,
	/** No bundle of OSGi R4 or later: Bundle-ManifestVersion, symbolic name, version or a header are wrong. */
	NOT_A_BUNDLE,
	/** A fragment or a framework extension. */
	FRAGMENT,
	/** Brings or exports the API packages, of which there is to be one copy. */
	API_COPY,
	/** Native code, which is not allowed here. */
	NATIVE_CODE,
	/** Not signed, or by nobody who is trusted. */
	UNTRUSTED,
	/** Signed in part, or altered after it was signed. */
	TAMPERED,
	/** The certificate is not valid now. */
	EXPIRED,
	/** A transport type that its signer may not provide, or that is another bundle's. */
	TYPE_TAKEN,
	/** A symbolic name that another bundle or file has. */
	NAME_TAKEN,
	/** Older than what was here before. */
	OLDER,
	/** Something it imports or requires is not there. It is tried again when something else was deployed. */
	UNRESOLVED,
	/** It did not start. */
	NOT_STARTED,
	/** It started without the services it declares, or has others, then or later. */
	NO_PROVIDER
}
