package dcl.transport.simulator.internal;

import java.time.Duration;
import java.util.List;

import dcl.transport.Disconnection;
import dcl.transport.Disconnection.Reason;
import dcl.transport.recording.RecordingEntry;
import dcl.transport.recording.RecordingEntry.Event;
import dcl.transport.simulator.SimulatorBehaviour;
import dcl.transport.simulator.SimulatorContext;

/**
 * One recorded conversation, from its {@code connected} to its {@code disconnected}: who came and left, and what came, at its times. What was sent then is
 * left out, since the host is another. It ends as it ended, and where the recorder itself hung up, as if the service had.
 */
final class Replay implements SimulatorBehaviour {

	private static final Disconnection DONE = new Disconnection(Reason.SERVER, "the recording is over");

	private final List<RecordingEntry> entries;

	/** Takes the entries of one conversation, of which the first is {@code connected}. */
	Replay(List<RecordingEntry> entries) {
		this.entries = entries;
	}

	@Override
	public void begin(SimulatorContext context) {
		new Parameters(context.parameters()).noMore();
		entries.get(0).peers().stream().sorted((a, b) -> a.value().compareTo(b.value())).forEach(context::join);
		next((Simulation) context, 1);
	}

	/** What is to happen waits one at a time, however long the recording is. */
	private void next(Simulation context, int index) {
		Duration start = entries.get(0).at();
		boolean last = index == entries.size();
		Duration at = entries.get(last ? index - 1 : index).at().minus(start);
		context.after(at.minus(context.now()), () -> {
			if (last) {
				context.end(DONE);
				return;
			}
			play(context, entries.get(index));
			next(context, index + 1);
		});
	}

	private static void play(Simulation context, RecordingEntry entry) {
		if (entry.event() == Event.RECEIVED) {
			context.send(entry.peer(), entry.packet(), entry.reliability(), entry.topic());
		} else if (entry.event() == Event.JOINED) {
			context.join(entry.peer());
		} else if (entry.event() == Event.LEFT) {
			context.leave(entry.peer());
		} else if (entry.event() == Event.DISCONNECTED) {
			Reason reason = entry.disconnection().reason();
			context.end(reason == Reason.CLIENT || reason == Reason.FAILED ? DONE : entry.disconnection());
		}
	}
}
