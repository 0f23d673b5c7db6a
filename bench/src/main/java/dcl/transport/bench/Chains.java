package dcl.transport.bench;

import java.time.Instant;

import dcl.transport.Identity;
import dcl.transport.SigningRequest;
import dcl.transport.TransportUri;
import dcl.transport.identity.AuthChains;
import dcl.transport.identity.Wallets;

/** What the room server does with a signed challenge: parses and verifies a chain of three links, a delegated key's. {@code WARMUP COUNT}. */
final class Chains {

	private static final String CHALLENGE = "dcl-0123456789abcdef0123456789abcdef";
	private static final int DIFFERENT = 16;

	private Chains() {
	}

	public static void main(String[] arguments) throws Exception {
		int warmup = Integer.parseInt(arguments[0]);
		int count = Integer.parseInt(arguments[1]);
		Identity[] identities = new Identity[DIFFERENT];
		String[] chains = new String[DIFFERENT];
		for (int i = 0; i < DIFFERENT; i++) {
			identities[i] = Wallets.random();
			SigningRequest request = SigningRequest.roomChallenge(TransportUri.parse("ws-room:localhost"), CHALLENGE);
			chains[i] = identities[i].sign(request).toCompletableFuture().join().toJson();
		}
		Meter meter = new Meter();
		for (int i = 0; i < warmup + count; i++) {
			if (i == warmup) {
				meter.start();
			}
			if (!AuthChains.verify(chains[i % DIFFERENT], CHALLENGE, Instant.now()).equals(identities[i % DIFFERENT].address())) {
				throw new IllegalStateException("a chain is not its owner's");
			}
		}
		meter.stop();
		meter.report("chain", count).print();
	}
}
