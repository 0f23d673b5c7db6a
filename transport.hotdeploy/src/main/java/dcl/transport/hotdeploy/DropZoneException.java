package dcl.transport.hotdeploy;

import java.io.IOException;

/** Why a folder is not watched, or a jar could not be handed over. */
public final class DropZoneException extends IOException {

	/** Kinds. May gain constants. */
	public enum Code {
		/** The folder is none, or others may write to it. */
		FOLDER_UNSAFE,
		/** Another process, or another zone, watches it. */
		IN_USE,
		/** There is no such bundle, or nothing ran before it. Since 1.1. */
		NOTHING_BEFORE,
		/** Nobody watches it. */
		NOBODY_WATCHES,
		/** Whoever watches it said nothing in time. */
		TIMEOUT,
		/** The zone was closed. */
		CLOSED
	}

	private static final long serialVersionUID = 1;

	private final Code code;

	/** Makes one. */
	public DropZoneException(Code code, String message) {
		super(message);
		this.code = code;
	}

	/** Returns which kind it is. */
	public Code code() {
		return code;
	}
}
