package dcl.transport.identity;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import dcl.transport.AuthChain;
import dcl.transport.AuthChain.AuthLink;
import dcl.transport.Identity;
import dcl.transport.SigningRequest;
import dcl.transport.TransportException;
import dcl.transport.TransportUri;
import dcl.transport.identity.AuthChainException.Reason;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

@Timeout(60)
class WalletsTest {

	private static final TransportUri ROOM = TransportUri.parse("ws-room:wss://example.org/rooms/r?token=secret-token");
	private static final Instant START = Instant.parse("2026-01-01T00:00:00.123456Z");

	private final FakeClock clock = new FakeClock();
	private final WalletOptions options = WalletOptions.defaults().withClock(clock);

	@Test
	void a_guest_delegates_to_a_key_of_ten_minutes() throws Exception {
		Identity guest = Wallets.random(options);
		AuthChain chain = sign(guest, "dcl-1");

		assertThat(guest.isGuest()).isTrue();
		assertThat(guest.address().isAddress()).isTrue();
		assertThat(chain.links()).extracting(AuthLink::type).containsExactly("SIGNER", "ECDSA_EPHEMERAL", "ECDSA_SIGNED_ENTITY");
		assertThat(chain.links().get(1).payload()).startsWith("Decentraland Login\nEphemeral address: 0x").endsWith("\nExpiration: 2026-01-01T00:10:00.123Z");
		assertThat(AuthChains.verify(chain, "dcl-1", START.plusMillis(599_999))).isEqualTo(guest.address());
		assertThat(refusal(chain, "dcl-1", START.plusSeconds(600))).isEqualTo(Reason.EXPIRED);
	}

	@Test
	void two_guests_are_two() {
		assertThat(Wallets.random().address()).isNotEqualTo(Wallets.random().address());
	}

	@Test
	void a_wallet_without_delegation_signs_itself_in_two_links() throws Exception {
		Identity guest = Wallets.random(options.withoutDelegation());
		AuthChain chain = sign(guest, "dcl-1");

		assertThat(chain.links()).extracting(AuthLink::type).containsExactly("SIGNER", "ECDSA_SIGNED_ENTITY");
		assertThat(AuthChains.verify(chain, "dcl-1", START)).isEqualTo(guest.address());
	}

	@Test
	void a_wallet_of_a_key_keeps_its_address_and_a_copy_of_the_key() throws Exception {
		byte[] key = new byte[32];
		key[31] = 1;
		Identity wallet = Wallets.of(key, options);
		key[31] = 2;

		assertThat(wallet.isGuest()).isFalse();
		assertThat(wallet.address().value()).isEqualTo("0x7e5f4552091a69125d5dfcb7b8c2659029395bdf"); // of the private key 1, known everywhere
		AuthChain chain = sign(wallet, "dcl-1");
		assertThat(chain.links().get(0)).isEqualTo(new AuthLink("SIGNER", "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf", ""));
		assertThat(AuthChains.verify(chain, "dcl-1", START)).isEqualTo(wallet.address());
	}

	@Test
	void what_is_no_private_key_is_refused() {
		byte[] greatest = new byte[32];
		Arrays.fill(greatest, (byte) 0xff);
		for (byte[] key : List.of(new byte[0], new byte[31], new byte[33], new byte[32], greatest)) {
			assertThatIllegalArgumentException().isThrownBy(() -> Wallets.of(key, options));
		}
	}

	@Test
	void the_ephemeral_key_serves_half_of_its_life_and_is_then_replaced() throws Exception {
		Identity wallet = Wallets.random(options.withEphemeralLife(Duration.ofMinutes(2)));
		AuthLink first = sign(wallet, "dcl-1").links().get(1);

		clock.now = START.plusSeconds(59);
		assertThat(sign(wallet, "dcl-2").links().get(1)).isEqualTo(first);

		clock.now = START.plusSeconds(60);
		AuthChain renewed = sign(wallet, "dcl-3");
		assertThat(renewed.links().get(1)).isNotEqualTo(first);
		assertThat(renewed.links().get(1).payload()).endsWith("Expiration: 2026-01-01T00:03:00.123Z");
		assertThat(renewed.links().get(0)).isEqualTo(new AuthLink("SIGNER", renewed.links().get(0).payload(), ""));
		assertThat(AuthChains.verify(renewed, "dcl-3", START.plusSeconds(179))).isEqualTo(wallet.address());
	}

	@Test
	void the_ephemeral_key_is_replaced_when_the_clock_was_set_back() {
		Identity wallet = Wallets.random(options);
		sign(wallet, "dcl-1");

		clock.now = START.minus(Duration.ofDays(1));

		assertThat(sign(wallet, "dcl-2").links().get(1).payload()).endsWith("Expiration: 2025-12-31T00:10:00.123Z");
	}

	@Test
	void the_life_of_an_ephemeral_key_is_bounded() {
		assertThat(options.withEphemeralLife(WalletOptions.MIN_EPHEMERAL_LIFE).ephemeralLife()).isEqualTo(Duration.ofMinutes(1));
		assertThat(options.withEphemeralLife(WalletOptions.MAX_EPHEMERAL_LIFE).ephemeralLife()).isEqualTo(Duration.ofDays(7));
		assertThatIllegalArgumentException().isThrownBy(() -> options.withEphemeralLife(Duration.ofMillis(59_999)));
		assertThatIllegalArgumentException().isThrownBy(() -> options.withEphemeralLife(Duration.ofDays(7).plusMillis(1)));
	}

	@Test
	void one_challenge_is_not_signed_twice_whoever_asks() {
		Identity wallet = Wallets.random();
		sign(wallet, "dcl-1");

		assertRefused(wallet, SigningRequest.roomChallenge(ROOM, "dcl-1"));
		assertRefused(wallet, SigningRequest.roomChallenge(TransportUri.parse("ws-room:wss://other.example.org/r"), "dcl-1"));
		assertThat(sign(wallet, "dcl-2").links()).hasSize(3);
		assertThat(sign(Wallets.random(), "dcl-1").links()).hasSize(3);
	}

	@Test
	void as_many_challenges_are_remembered_as_asked_for_and_the_oldest_is_forgotten_first() {
		Identity wallet = Wallets.random(options.withRememberedChallenges(3));
		sign(wallet, "dcl-1");
		sign(wallet, "dcl-2");
		sign(wallet, "dcl-3");
		assertRefused(wallet, SigningRequest.roomChallenge(ROOM, "dcl-1"));

		sign(wallet, "dcl-4");

		assertThat(sign(wallet, "dcl-1").links()).hasSize(3);
		assertRefused(wallet, SigningRequest.roomChallenge(ROOM, "dcl-3"));
		assertRefused(wallet, SigningRequest.roomChallenge(ROOM, "dcl-4"));
	}

	@Test
	void the_memory_for_challenges_is_bounded() {
		assertThat(options.withRememberedChallenges(WalletOptions.MAX_REMEMBERED_CHALLENGES).rememberedChallenges()).isEqualTo(1_000_000);
		assertThatIllegalArgumentException().isThrownBy(() -> options.withRememberedChallenges(0));
		assertThatIllegalArgumentException().isThrownBy(() -> options.withRememberedChallenges(1_000_001));
	}

	@Test
	void a_signed_fetch_may_be_repeated() {
		Identity wallet = Wallets.random();
		SigningRequest request = SigningRequest.signedFetch(ROOM, "post", "/login", START, "{}");

		assertThat(wallet.sign(request).toCompletableFuture().join()).isEqualTo(wallet.sign(request).toCompletableFuture().join());
	}

	@Test
	void a_text_that_has_no_utf8_is_refused() {
		assertRefused(Wallets.random(), SigningRequest.signedFetch(ROOM, "post", "/login", START, "{\"a\":\"\ud800\"}"));
	}

	@Test
	void many_threads_sign_with_one_identity() throws Exception {
		Identity wallet = Wallets.random(options);
		Set<AuthLink> delegations = ConcurrentHashMap.newKeySet();
		inParallel(8, thread -> {
			for (int i = 0; i < 50; i++) {
				String challenge = "dcl-" + thread + "-" + i;
				AuthChain chain = sign(wallet, challenge);
				delegations.add(chain.links().get(1));
				assertThat(AuthChains.verify(chain, challenge, START)).isEqualTo(wallet.address());
			}
			return null;
		});
		assertThat(delegations).hasSize(1);
	}

	@Test
	void of_many_threads_with_one_challenge_one_gets_a_signature() throws Exception {
		Identity wallet = Wallets.random(options);
		for (int round = 0; round < 50; round++) {
			SigningRequest request = SigningRequest.roomChallenge(ROOM, "dcl-" + round);
			List<Boolean> signed = inParallel(4, thread -> !wallet.sign(request).toCompletableFuture().isCompletedExceptionally());
			assertThat(signed).containsOnlyOnce(true);
		}
	}

	@Test
	void no_text_shows_a_key_or_a_token() {
		byte[] key = new byte[32];
		Arrays.fill(key, (byte) 0xab);
		Identity wallet = Wallets.of(key, options);
		AuthChain chain = sign(wallet, "dcl-1");
		TransportException refused = refusal(wallet, SigningRequest.roomChallenge(ROOM, "dcl-1"));

		for (Object shown : List.of(wallet, options, chain, refused, refused.getMessage())) {
			assertThat(shown.toString().toLowerCase()).doesNotContain("abab").doesNotContain("-85").doesNotContain("secret-token")
					.doesNotContain(chain.links().get(1).signature().substring(2)).doesNotContain(chain.links().get(2).signature().substring(2));
		}
		assertThat(wallet).hasToString("wallet " + wallet.address());
		assertThat(Wallets.random().toString()).startsWith("guest 0x");
		key[0] = 0;
		assertThatThrownBy(() -> Wallets.of(Arrays.copyOf(key, 31), options)).message().doesNotContain("ab, ").doesNotContain("-85");
	}

	private static <T> List<T> inParallel(int threads, Task<T> task) throws Exception {
		ExecutorService pool = Executors.newFixedThreadPool(threads);
		try {
			CyclicBarrier start = new CyclicBarrier(threads);
			List<Callable<T>> calls = new ArrayList<>();
			for (int i = 0; i < threads; i++) {
				int thread = i;
				calls.add(() -> {
					start.await();
					return task.run(thread);
				});
			}
			List<T> results = new ArrayList<>();
			for (Future<T> result : pool.invokeAll(calls)) {
				results.add(result.get());
			}
			return results;
		} finally {
			pool.shutdownNow();
		}
	}

	private interface Task<T> {
		T run(int thread) throws Exception;
	}

	private static AuthChain sign(Identity identity, String challenge) {
		return identity.sign(SigningRequest.roomChallenge(ROOM, challenge)).toCompletableFuture().join();
	}

	private static void assertRefused(Identity identity, SigningRequest request) {
		assertThat(refusal(identity, request).code()).isEqualTo(TransportException.Code.REFUSED);
	}

	private static TransportException refusal(Identity identity, SigningRequest request) {
		return (TransportException) catchThrowableOfType(ExecutionException.class, () -> identity.sign(request).toCompletableFuture().get()).getCause();
	}

	private static Reason refusal(AuthChain chain, String expected, Instant now) {
		return catchThrowableOfType(AuthChainException.class, () -> AuthChains.verify(chain, expected, now)).reason();
	}

	private static final class FakeClock extends Clock {

		private volatile Instant now = START;

		@Override
		public Instant instant() {
			return now;
		}

		@Override
		public ZoneId getZone() {
			return ZoneOffset.UTC;
		}

		@Override
		public Clock withZone(ZoneId zone) {
			throw new UnsupportedOperationException();
		}
	}
}
