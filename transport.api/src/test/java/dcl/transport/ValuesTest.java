package dcl.transport;

import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;

import dcl.transport.AuthChain.AuthLink;
import dcl.transport.Delivery.Reliability;
import dcl.transport.Disconnection.Reason;
import dcl.transport.TransportException.Code;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

@Timeout(30)
class ValuesTest {

	private static final String MIXED = "0x3cf8192b993785EeF2CE44Cc0821089fE12851dC";
	private static final TransportUri ROOM = TransportUri.parse("ws-room:wss://host/CANARY");

	// ---- PeerId

	@Test
	void an_address_is_kept_in_lower_case_and_a_name_as_it_is() {
		assertThat(PeerId.of(MIXED)).isEqualTo(PeerId.of(MIXED.toLowerCase(Locale.ROOT))).isEqualTo(new PeerId(MIXED));
		assertThat(PeerId.of(MIXED)).hasToString(MIXED.toLowerCase(Locale.ROOT));
		assertThat(PeerId.of(MIXED).isAddress()).isTrue();
		assertThat(PeerId.of("Authoritative-Server").value()).isEqualTo("Authoritative-Server");
		for (String name : List.of("Authoritative-Server", "0x", MIXED + "0", MIXED.substring(1), MIXED.substring(0, 41), "0X" + MIXED.substring(2), MIXED + "\n",
				"0x3cf8192b993785EeF2CE44Cc0821089fE12851dG")) {
			assertThat(PeerId.of(name).isAddress()).as(name).isFalse();
			assertThat(PeerId.of(name).value()).isEqualTo(name);
		}
	}

	@Test
	void a_peer_id_is_neither_empty_nor_longer_than_the_bound_but_for_the_service() {
		assertThat(PeerId.SERVICE.value()).isEmpty();
		assertThat(PeerId.SERVICE.isAddress()).isFalse();
		assertThatThrownBy(() -> PeerId.of("")).isInstanceOf(IllegalArgumentException.class);
		assertThat(PeerId.of("x".repeat(256)).value()).hasSize(256);
		assertThatThrownBy(() -> PeerId.of("x".repeat(257))).isInstanceOf(IllegalArgumentException.class).hasMessageNotContaining("xxx");
		assertThatThrownBy(() -> PeerId.of(null)).isInstanceOf(NullPointerException.class);
		assertThatThrownBy(() -> new PeerId(null)).isInstanceOf(NullPointerException.class);
	}

	// ---- Packet

	@Test
	void a_copied_packet_does_not_follow_its_source() {
		byte[] bytes = {1, 2, 3};
		Packet packet = Packet.copyOf(bytes);
		bytes[0] = 9;
		packet.toByteArray()[1] = 9;
		assertThat(packet.toByteArray()).containsExactly(1, 2, 3);
		assertThat(packet.size()).isEqualTo(3);
		assertThat(packet).hasToString("Packet[3 bytes]");
	}

	@Test
	void a_wrapped_packet_is_what_remains_of_any_kind_of_buffer() {
		byte[] bytes = {0, 1, 2, 3, 4, 5};
		ByteBuffer direct = ByteBuffer.allocateDirect(6).put(bytes).flip();
		for (ByteBuffer buffer : List.of(ByteBuffer.wrap(bytes), ByteBuffer.wrap(bytes).asReadOnlyBuffer(), direct, direct.asReadOnlyBuffer(),
				ByteBuffer.wrap(new byte[] {9, 0, 1, 2, 3, 4, 5, 9}, 1, 6).slice())) {
			buffer.position(2).limit(5);
			Packet packet = Packet.wrap(buffer);
			assertThat(buffer.position()).isEqualTo(2);
			assertThat(packet.toByteArray()).containsExactly(2, 3, 4);
			assertThat(packet).isEqualTo(Packet.copyOf(new byte[] {2, 3, 4})).hasSameHashCodeAs(Packet.copyOf(new byte[] {2, 3, 4}));
			byte[] target = new byte[5];
			packet.copyTo(target, 1);
			assertThat(target).containsExactly(0, 2, 3, 4, 0);
			assertThatThrownBy(() -> packet.copyTo(target, 3)).isInstanceOf(IndexOutOfBoundsException.class);
			ByteBuffer view = packet.asByteBuffer();
			assertThat(view.isReadOnly()).isTrue();
			assertThat(view.position()).isZero();
			assertThat(view.capacity()).as("nothing of what lies around it").isEqualTo(3);
			assertThatThrownBy(() -> view.put(0, (byte) 1)).isInstanceOf(ReadOnlyBufferException.class);
		}
		assertThat(Packet.wrap(ByteBuffer.allocate(0)).size()).isZero();
		assertThat(Packet.copyOf(new byte[] {1})).isNotEqualTo(Packet.copyOf(new byte[] {1, 1})).isNotEqualTo("x");
	}

	// ---- Delivery

	@Test
	void a_delivery_says_how_to_whom_and_under_which_topic() {
		Set<PeerId> named = new HashSet<>(Set.of(PeerId.of("a"), PeerId.of("b")));
		Delivery narrow = Delivery.lossy().to(named).withTopic("chat");
		named.clear();
		assertThat(narrow.peers()).hasSize(2);
		assertThat(narrow.reliability()).isEqualTo(Reliability.LOSSY);
		assertThat(narrow.topic()).isEqualTo("chat");
		assertThat(narrow.isBroadcast()).isFalse();
		assertThat(narrow).isEqualTo(Delivery.lossy().withTopic("chat").to(Set.of(PeerId.of("b"), PeerId.of("a")))).isNotEqualTo(Delivery.lossy());
		assertThat(narrow.toString()).startsWith("LOSSY to [").endsWith("] under a topic").doesNotContain("chat");
		assertThat(Delivery.reliable().isBroadcast()).isTrue();
		assertThat(Delivery.reliable().topic()).isEmpty();
		assertThat(Delivery.reliable()).hasToString("RELIABLE");
		assertThatThrownBy(() -> narrow.peers().clear()).isInstanceOf(UnsupportedOperationException.class);
	}

	@Test
	void a_private_packet_never_becomes_a_public_one() {
		assertThatThrownBy(() -> Delivery.reliable().to(Set.of())).isInstanceOf(IllegalArgumentException.class);
		assertThatThrownBy(() -> Delivery.reliable().to(null)).isInstanceOf(NullPointerException.class);
		assertThatThrownBy(() -> Delivery.reliable().withTopic(null)).isInstanceOf(NullPointerException.class);
	}

	// ---- AuthChain

	@Test
	void json_is_escaped_as_json_stringify_does() {
		// Left: what is in the text. Right: what JSON.stringify of V8 writes.
		Map<String, String> escapes = Map.ofEntries(Map.entry("\"", "\\\""), Map.entry("\\", "\\\\"), Map.entry("/", "/"), Map.entry("\b", "\\b"),
				Map.entry("\f", "\\f"), Map.entry("\n", "\\n"), Map.entry("\r", "\\r"), Map.entry("\t", "\\t"), Map.entry("\u0000", "\\u0000"),
				Map.entry("\u000b", "\\u000b"), Map.entry("\u001f", "\\u001f"), Map.entry("\u007f", "\u007f"), Map.entry("\u00e9", "\u00e9"),
				Map.entry("\u2028", "\u2028"), Map.entry("\ufeff", "\ufeff"), Map.entry("\uffff", "\uffff"), Map.entry("\ud83d\ude00", "\ud83d\ude00"),
				Map.entry("\ud83d", "\\ud83d"), Map.entry("\ude00", "\\ude00"), Map.entry("\ude00\ud83d", "\\ude00\\ud83d"),
				Map.entry("\ud83dx\ude00", "\\ud83dx\\ude00"), Map.entry("\ud83d\ud83d\ude00", "\\ud83d\ud83d\ude00"));
		escapes.forEach((text, json) -> assertThat(new AuthLink("T", "a" + text + "z", text).toJson())
				.isEqualTo("{\"type\":\"T\",\"payload\":\"a" + json + "z\",\"signature\":\"" + json + "\"}"));
	}

	@Test
	void a_chain_is_the_list_of_its_links_and_shows_no_signature() {
		AuthLink signer = new AuthLink("SIGNER", MIXED, "");
		AuthLink signed = new AuthLink("ECDSA_SIGNED_ENTITY", "dcl-x", "0xCANARY");
		List<AuthLink> links = new ArrayList<>(List.of(signer, signed));
		AuthChain chain = AuthChain.of(links);
		links.clear();
		assertThat(chain.links()).containsExactly(signer, signed);
		assertThat(chain.toJson()).isEqualTo("[{\"type\":\"SIGNER\",\"payload\":\"" + MIXED + "\",\"signature\":\"\"},"
				+ "{\"type\":\"ECDSA_SIGNED_ENTITY\",\"payload\":\"dcl-x\",\"signature\":\"0xCANARY\"}]");
		assertThat(chain).hasToString("AuthChain[SIGNER, ECDSA_SIGNED_ENTITY]").isEqualTo(AuthChain.of(List.of(signer, signed)));
		assertThat(chain.links().toString()).doesNotContain("CANARY");
		assertThatThrownBy(() -> chain.links().clear()).isInstanceOf(UnsupportedOperationException.class);
	}

	@Test
	void a_chain_has_two_to_ten_links() {
		AuthLink link = new AuthLink("SIGNER", MIXED, "");
		assertThatThrownBy(() -> AuthChain.of(List.of())).isInstanceOf(IllegalArgumentException.class);
		assertThatThrownBy(() -> AuthChain.of(List.of(link))).isInstanceOf(IllegalArgumentException.class);
		assertThat(AuthChain.of(Collections.nCopies(10, link)).links()).hasSize(10);
		assertThatThrownBy(() -> AuthChain.of(Collections.nCopies(11, link))).isInstanceOf(IllegalArgumentException.class);
		assertThatThrownBy(() -> new AuthLink("SIGNER", null, "")).isInstanceOf(NullPointerException.class);
	}

	// ---- SigningRequest

	@ParameterizedTest
	@ValueSource(strings = {"dcl-0.8f3k2n1qz9p", "dcl-x", "dcl-~!#$%&'()*+,-./0189;<=>?@AZ[\\]^_`az{|}"})
	void a_challenge_as_servers_make_them_is_signed_as_it_is(String challenge) {
		SigningRequest request = SigningRequest.roomChallenge(ROOM, challenge);
		assertThat(request.payload()).isEqualTo(challenge);
		assertThat(request.purpose()).isEqualTo(SigningRequest.Purpose.ROOM_CHALLENGE);
		assertThat(request.uri()).isEqualTo(ROOM);
		assertThat(request).hasToString("ROOM_CHALLENGE for ws-room:wss://host/…");
	}

	@ParameterizedTest
	@ValueSource(strings = {
			"", "dcl-", "dcl", "DCL-x", "Dcl-x", " dcl-x", "dcl-x ", "dcl- x", "dcl-x\n", "dcl-x\r\ny", "dcl-\tx", "dcl-\u0000", "dcl-\u001b[31m",
			"dcl-\u007f", "dcl-\u00e9", "dcl-\u202ex", "dcl-\ud83d\ude00", "dcl\u2010x", "x-dcl-x", "\u0000dcl-x",
			"get:/path:1700000000000:{}", "post:/comms:1:{\"intent\":\"dcl:explorer:comms-handshake\"}", "dcl-get:/path:1:{}", "dcl-x:1", "dcl-:",
			"Decentraland Login\nEphemeral address: 0x67325e163834F474c0b3119A72abD5D1B9f6780b\nExpiration: 2099-12-31T23:59:59.000Z",
			"dcl-Decentraland Login\nEphemeral address: 0x67325e163834F474c0b3119A72abD5D1B9f6780b",
			"\u0019Ethereum Signed Message:\n3dcl", "0xf86c0a8502540be400825208944bbeeb066ed09b7aed07bf39eee0460dfa261520880de0b6b3a7640000801ca0",
			"{\"types\":{\"EIP712Domain\":[]},\"primaryType\":\"Permit\"}", "example.org wants you to sign in with your Ethereum account:",
			"QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG", "dcl-<script>:alert(1)</script>"})
	void a_text_that_is_anything_else_is_never_signed(String challenge) {
		Throwable refused = catchThrowable(() -> SigningRequest.roomChallenge(ROOM, challenge));
		assertThat(refused).isInstanceOf(IllegalArgumentException.class);
		if (challenge.length() > 8) {
			assertThat(refused.getMessage()).doesNotContain(challenge);
		}
	}

	@Test
	void a_challenge_is_short() {
		assertThat(SigningRequest.roomChallenge(ROOM, "dcl-" + "x".repeat(252)).payload()).hasSize(256);
		assertThatThrownBy(() -> SigningRequest.roomChallenge(ROOM, "dcl-" + "x".repeat(253))).isInstanceOf(IllegalArgumentException.class);
		assertThatThrownBy(() -> SigningRequest.roomChallenge(ROOM, "dcl-" + "x".repeat(10_000_000))).isInstanceOf(IllegalArgumentException.class);
		assertThatThrownBy(() -> SigningRequest.roomChallenge(ROOM, null)).isInstanceOf(NullPointerException.class);
		assertThatThrownBy(() -> SigningRequest.roomChallenge(null, "dcl-x")).isInstanceOf(NullPointerException.class);
	}

	@Test
	void a_signed_fetch_is_made_of_its_parts_in_lower_case() {
		SigningRequest request = SigningRequest.signedFetch(ROOM, "POST", "/Get-Comms/World.dcl.eth", Instant.ofEpochMilli(1_700_000_000_123L), "{\"Intent\":\"X\"}");
		assertThat(request.payload()).isEqualTo("post:/get-comms/world.dcl.eth:1700000000123:{\"intent\":\"x\"}");
		assertThat(request.purpose()).isEqualTo(SigningRequest.Purpose.SIGNED_FETCH);
		assertThat(request.toString()).doesNotContain("intent");
	}

	@Test
	void a_signed_fetch_of_anything_but_a_method_and_a_path_is_refused() {
		for (String method : List.of("", "GET:", "GET ", "G3T", "dcl-", "GET\n", "x".repeat(17))) {
			assertThatThrownBy(() -> SigningRequest.signedFetch(ROOM, method, "/", Instant.EPOCH, "{}")).isInstanceOf(IllegalArgumentException.class);
		}
		for (String path : List.of("", "path", "?", "/a?b", "/a#b", "https://host/a")) {
			assertThatThrownBy(() -> SigningRequest.signedFetch(ROOM, "GET", path, Instant.EPOCH, "{}")).isInstanceOf(IllegalArgumentException.class);
		}
		assertThatThrownBy(() -> SigningRequest.signedFetch(ROOM, "GET", "/", Instant.EPOCH, null)).isInstanceOf(NullPointerException.class);
		assertThatThrownBy(() -> SigningRequest.signedFetch(ROOM, "GET", "/", null, "{}")).isInstanceOf(NullPointerException.class);
	}

	// ---- the rest

	@Test
	void options_are_immutable_and_show_no_values() {
		TransportOptions one = TransportOptions.none().with("secret", "CANARY");
		TransportOptions two = one.with("secret", "other").with("name", "x");
		assertThat(one.values()).containsExactly(Map.entry("secret", "CANARY"));
		assertThat(two.values()).containsOnly(Map.entry("secret", "other"), Map.entry("name", "x"));
		assertThat(TransportOptions.none().values()).isEmpty();
		assertThat(one.toString()).contains("secret").doesNotContain("CANARY");
		assertThat(one.identity()).isEmpty();
		Identity identity = new Identity() {
			@Override
			public PeerId address() {
				return PeerId.of(MIXED);
			}

			@Override
			public boolean isGuest() {
				return true;
			}

			@Override
			public CompletionStage<AuthChain> sign(SigningRequest request) {
				throw new UnsupportedOperationException();
			}
		};
		assertThat(TransportOptions.of(identity).with("a", "b").identity()).containsSame(identity);
		assertThatThrownBy(() -> TransportOptions.of(null)).isInstanceOf(NullPointerException.class);
		assertThatThrownBy(() -> one.with("a", null)).isInstanceOf(NullPointerException.class);
		assertThatThrownBy(() -> one.values().clear()).isInstanceOf(UnsupportedOperationException.class);
	}

	@Test
	void what_may_be_tried_again_without_a_persons_doing() {
		assertThat(Reason.values()).filteredOn(Reason::isRetryable).containsExactly(Reason.SERVER, Reason.LOST, Reason.OVERRUN, Reason.PROVIDER_GONE);
		assertThat(Code.values()).filteredOn(Code::isRetryable).containsExactly(Code.NO_PROVIDER, Code.NO_IDENTITY, Code.UNREACHABLE, Code.BUSY, Code.TIMEOUT,
				Code.CONGESTED, Code.PROVIDER_GONE);
	}

	@Test
	void a_failure_has_a_code_and_perhaps_a_cause_or_a_time_to_wait() {
		Throwable cause = new IllegalStateException();
		assertThat(new TransportException(Code.TLS, "x", cause)).hasCause(cause).hasMessage("x");
		assertThat(new TransportException(Code.BUSY, "x", Duration.ofSeconds(3)).retryAfter()).contains(Duration.ofSeconds(3));
		assertThat(new TransportException(Code.BUSY, "x").retryAfter()).isEmpty();
		assertThatThrownBy(() -> new TransportException(null, "x")).isInstanceOf(NullPointerException.class);
		assertThatThrownBy(() -> new Disconnection(Reason.LOST, null)).isInstanceOf(NullPointerException.class);
		assertThatThrownBy(() -> new Disconnection(null, "")).isInstanceOf(NullPointerException.class);
	}
}
