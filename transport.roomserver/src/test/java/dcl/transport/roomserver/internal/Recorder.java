package dcl.transport.roomserver.internal;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import dcl.transport.PeerId;
import dcl.transport.roomserver.RoomServerListener;

/** A host that writes down who comes and goes, as "+ room address" and "- room address". */
final class Recorder implements RoomServerListener {

	final BlockingQueue<String> calls = new LinkedBlockingQueue<>();

	@Override
	public void joined(String room, PeerId peer) {
		calls.add("+ " + room + " " + peer);
	}

	@Override
	public void left(String room, PeerId peer) {
		calls.add("- " + room + " " + peer);
	}

	String take() throws InterruptedException {
		String call = calls.poll(Client.LIMIT.toMillis(), TimeUnit.MILLISECONDS);
		if (call == null) {
			throw new AssertionError("the listener was not called");
		}
		return call;
	}
}
