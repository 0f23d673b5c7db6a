package dcl.transport.testkit;

import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;

import dcl.transport.AuthChain;
import dcl.transport.AuthChain.AuthLink;
import dcl.transport.Identity;
import dcl.transport.PeerId;
import dcl.transport.SigningRequest;
import dcl.transport.TransportException;

/** Identities without keys. */
final class Identities {

	private record Unsigned(PeerId address) implements Identity {

		@Override
		public boolean isGuest() {
			return true;
		}

		@Override
		public CompletionStage<AuthChain> sign(SigningRequest request) {
			return CompletableFuture.completedFuture(AuthChain.of(List.of(new AuthLink("SIGNER", address.value(), ""),
					new AuthLink("ECDSA_SIGNED_ENTITY", request.payload(), "0x" + "00".repeat(65)))));
		}
	}

	/** Somebody who signs nothing. */
	private record Declining(Identity behind) implements Identity {

		@Override
		public PeerId address() {
			return behind.address();
		}

		@Override
		public boolean isGuest() {
			return behind.isGuest();
		}

		@Override
		public CompletionStage<AuthChain> sign(SigningRequest request) {
			return CompletableFuture.failedFuture(new TransportException(TransportException.Code.REFUSED, "the owner of the wallet declined"));
		}
	}

	private Identities() {
	}

	static Identity random() {
		byte[] address = new byte[20];
		ThreadLocalRandom.current().nextBytes(address);
		return new Unsigned(PeerId.of("0x" + HexFormat.of().formatHex(address)));
	}

	static Identity declining(Identity behind) {
		return new Declining(behind);
	}
}
