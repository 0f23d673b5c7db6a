package dcl.transport.roomserver.internal;

import java.net.InetAddress;
import java.util.HashMap;
import java.util.Map;

/** The connections that have not logged in, bounded in all and for each remote address. */
final class Pending {

	private final int most;
	private final int mostPerAddress;
	private final Map<InetAddress, Integer> perAddress = new HashMap<>();
	private int all;

	Pending(int most, int mostPerAddress) {
		this.most = most;
		this.mostPerAddress = mostPerAddress;
	}

	synchronized boolean hasRoom(InetAddress address) {
		return all < most && perAddress.getOrDefault(address, 0) < mostPerAddress;
	}

	synchronized boolean add(InetAddress address) {
		if (!hasRoom(address)) {
			return false;
		}
		all++;
		perAddress.merge(address, 1, Integer::sum);
		return true;
	}

	synchronized void remove(InetAddress address) {
		all--;
		perAddress.computeIfPresent(address, (same, count) -> count == 1 ? null : count - 1);
	}

	synchronized int count() {
		return all;
	}
}
