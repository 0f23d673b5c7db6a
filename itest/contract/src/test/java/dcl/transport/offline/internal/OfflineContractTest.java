package dcl.transport.offline.internal;

import java.util.Set;

import dcl.transport.TransportUri;
import dcl.transport.spi.TransportProvider;
import dcl.transport.testkit.Ability;
import dcl.transport.testkit.TransportContract;
import dcl.transport.testkit.TransportDriver;

class OfflineContractTest extends TransportContract {

	@Override
	protected TransportDriver driver() {
		return new OfflineDriver();
	}

	private static final class OfflineDriver implements TransportDriver {

		@Override
		public void start() {
			// there is no server
		}

		@Override
		public void stop() {
			// there is no server
		}

		@Override
		public TransportProvider activate() {
			return new OfflineProvider();
		}

		@Override
		public void deactivate(TransportProvider provider) {
			// it has nothing to end
		}

		@Override
		public TransportUri uri(String room) {
			return TransportUri.parse("offline:" + room + "?token=canary-7f3a");
		}

		@Override
		public Set<String> secrets() {
			return Set.of("canary-7f3a");
		}

		@Override
		public Set<Ability> abilities() {
			return Set.of();
		}
	}
}
