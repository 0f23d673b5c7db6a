package dcl.transport.roomserver.internal;

import java.util.concurrent.atomic.LongAdder;

/** What has happened on one server so far. */
final class Counters {

	final LongAdder logins = new LongAdder();
	final LongAdder failedLogins = new LongAdder();
	final LongAdder turnedAway = new LongAdder();
	final LongAdder replaced = new LongAdder();
	final LongAdder tooSlow = new LongAdder();
	final LongAdder broken = new LongAdder();
	final LongAdder ignored = new LongAdder();
	final LongAdder received = new LongAdder();
	final LongAdder relayed = new LongAdder();
	final LongAdder dropped = new LongAdder();
}
