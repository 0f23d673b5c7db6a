package dcl.transport.cli.internal;

import dcl.transport.Disconnection;
import dcl.transport.TransportException;

/** The exit codes. */
final class Exit {

	static final int DONE = 0;
	static final int DEFECT = 1;
	static final int USAGE = 2;
	static final int CANNOT_RESOLVE = 3;
	static final int UNREACHABLE = 4;
	static final int REFUSED = 5;
	static final int KICKED = 6;
	static final int TIMED_OUT = 7;
	static final int TLS = 8;
	static final int DEPLOY_REFUSED = 9;
	static final int INTERRUPTED = 130;

	private Exit() {
	}

	static int of(TransportException.Code code) {
		switch (code) {
			case NO_PROVIDER :
			case INVALID_PARAMS :
			case PROVIDER_GONE :
				return CANNOT_RESOLVE;
			case NO_IDENTITY :
			case REFUSED :
			case BUSY :
				return REFUSED;
			case TIMEOUT :
				return TIMED_OUT;
			case TLS :
				return TLS;
			case UNREACHABLE :
			case PROTOCOL :
			case NOT_CONNECTED :
			case CONGESTED :
			case UNKNOWN :
				return UNREACHABLE;
			default :
				return DEFECT;
		}
	}

	static int of(Disconnection.Reason reason) {
		switch (reason) {
			case CLIENT :
				return DONE;
			case KICKED :
				return KICKED;
			case PROVIDER_GONE :
				return CANNOT_RESOLVE;
			case OVERRUN :
				return DEFECT;
			default :
				return UNREACHABLE;
		}
	}
}
