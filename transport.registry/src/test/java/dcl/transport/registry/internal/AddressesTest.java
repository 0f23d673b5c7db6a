package dcl.transport.registry.internal;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;

import dcl.transport.TransportException;
import dcl.transport.TransportException.Code;
import dcl.transport.TransportUri;
import dcl.transport.spi.LinkContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static dcl.transport.registry.internal.Rig.await;
import static dcl.transport.registry.internal.Rig.failure;
import static org.assertj.core.api.Assertions.assertThat;

@Timeout(30)
class AddressesTest {

	private Rig rig = new Rig();

	@AfterEach
	void stop() {
		rig.close();
	}

	/** The context of a connection string a host named. */
	private LinkContext unrestricted() {
		rig.create("echo:x").connect();
		return rig.echo.lastContext();
	}

	/** The context of a connection string that came out of a remote document, whose server was at these hosts. */
	private LinkContext child(String... parentHosts) {
		FakeProvider login = new FakeProvider();
		Candidate logins = rig.add(login, "login");
		login.opening = (uri, context) -> {
			CompletionStage<?> looked = CompletableFuture.completedFuture(null);
			for (String host : parentHosts) {
				looked = looked.thenCompose(nothing -> context.addresses(host));
			}
			return looked.thenCompose(nothing -> context.open(TransportUri.parse("echo:x")));
		};
		await(rig.create("login:x").connect());
		rig.registry.remove(logins.id());
		return rig.echo.lastContext();
	}

	/** By textual address, so that nothing is asked of a name server. */
	@ParameterizedTest
	@CsvSource({
			// of the public internet
			"1.1.1.1,true", "8.8.8.8,true", "9.255.255.255,true", "11.0.0.0,true", "100.63.255.255,true", "100.128.0.0,true", "126.255.255.255,true",
			"128.0.0.1,true", "169.253.255.255,true", "169.255.0.0,true", "172.15.255.255,true", "172.32.0.0,true", "192.0.1.1,true", "192.0.3.1,true",
			"192.167.255.255,true", "192.169.0.0,true", "198.17.255.255,true", "198.20.0.0,true", "203.0.112.255,true", "203.0.114.0,true",
			"223.255.255.255,true", "2606:4700:4700::1111,true", "2a00:1450:4001:80b::200e,true", "::ffff:8.8.8.8,true", "64:ff9b::808:808,true",
			"2002:808:808::1,true", "2001:4860:4860::8888,true", "0177.0.0.1,true",
			// this host and this network
			"0.0.0.0,false", "0.1.2.3,false", "127.0.0.1,false", "127.1,false", "127.255.255.254,false", "2130706433,false", "::1,false", "::,false",
			"[::1],false", "0:0:0:0:0:0:0:1,false", "::ffff:127.0.0.1,false", "::ffff:7f00:1,false", "::127.0.0.1,false", "::7f00:1,false", "::2,false",
			// private, shared, link-local, unique local
			"10.0.0.1,false", "10.255.255.255,false", "172.16.0.1,false", "172.31.255.255,false", "192.168.0.1,false", "192.168.255.255,false",
			"100.64.0.1,false", "100.127.255.254,false", "169.254.169.254,false", "169.254.0.1,false", "fe80::1,false", "febf::1,false", "fec0::1,false",
			"fc00::1,false", "fd12:3456::1,false", "::ffff:10.0.0.1,false", "::ffff:169.254.169.254,false", "::ffff:192.168.1.1,false",
			// translated and tunnelled
			"64:ff9b::7f00:1,false", "64:ff9b::a00:1,false", "64:ff9b::a9fe:a9fe,false", "64:ff9b:1::1,false", "64:ff9b:1:fffe::8.8.8.8,false",
			"2002:7f00:1::,false", "2002:a00:1::1,false", "2002:c0a8:101::1,false", "2001::1,false", "2001:0:4136:e378:8000:63bf:3fff:fdd2,false",
			"2001:db8::1,false", "100::1,false",
			// protocol assignments, documentation, benchmarks, relays, multicast, reserved, broadcast
			"192.0.0.1,false", "192.0.0.170,false", "192.0.2.1,false", "198.51.100.7,false", "203.0.113.9,false", "198.18.0.1,false", "198.19.255.255,false",
			"192.88.99.1,false", "224.0.0.1,false", "239.255.255.255,false", "240.0.0.1,false", "255.255.255.255,false", "ff02::1,false", "ff0e::1,false",
			"4000::1,false", "e000::1,false", "3fff::1,false", "5f00::1,false"})
	void the_policy_lets_pass_what_is_public_and_nothing_else(String text, boolean passes) {
		LinkContext free = unrestricted();
		List<InetAddress> found = await(free.addresses(text));
		assertThat(found).as("a connection string the host named leads anywhere").isNotEmpty();
		assertThat(found).allMatch(address -> AddressPolicy.isPublic(address) == passes);
	}

	@ParameterizedTest
	@ValueSource(strings = {"127.0.0.1", "::1", "::ffff:127.0.0.1", "169.254.169.254", "10.1.2.3", "localhost", "localhost.", "2130706433", "127.1", "fd00::1"})
	void a_connection_string_out_of_a_remote_document_does_not_reach_this_network(String host) {
		TransportException refused = failure(child("8.8.8.8").addresses(host));
		assertThat(refused.code()).isEqualTo(Code.UNREACHABLE);
	}

	@Test
	void it_reaches_a_network_that_is_allowed() {
		rig.close();
		rig = new Rig(settings -> settings.allowedNetwork = "10.0.0.0/8");
		LinkContext child = child("8.8.8.8");
		assertThat(await(child.addresses("10.1.2.3"))).hasSize(1);
		assertThat(failure(child.addresses("127.0.0.1")).code()).isEqualTo(Code.UNREACHABLE);
	}

	@Test
	void it_reaches_the_public_internet() {
		assertThat(await(child("8.8.8.8").addresses("1.1.1.1"))).hasSize(1);
	}

	@Test
	void it_reaches_this_machine_when_its_parent_was_on_this_machine() {
		assertThat(await(child("127.0.0.1").addresses("127.0.0.1"))).hasSize(1);
		assertThat(await(child("::1", "localhost").addresses("10.0.0.1"))).hasSize(1);
	}

	@Test
	void a_parent_only_partly_on_this_machine_or_nowhere_at_all_is_not() {
		assertThat(failure(child("127.0.0.1", "8.8.8.8").addresses("127.0.0.1")).code()).isEqualTo(Code.UNREACHABLE);
		assertThat(failure(child("8.8.8.8", "127.0.0.1").addresses("127.0.0.1")).code()).isEqualTo(Code.UNREACHABLE);
		assertThat(failure(child("10.0.0.1").addresses("127.0.0.1")).code()).isEqualTo(Code.UNREACHABLE);
		assertThat(failure(child().addresses("127.0.0.1")).code()).isEqualTo(Code.UNREACHABLE);
	}

	@ParameterizedTest
	@ValueSource(strings = {"", " ", "256.256.256.256", "host name", "::1::", "no\u0000name", "a..b"})
	void a_host_without_address_is_unreachable(String host) {
		assertThat(failure(unrestricted().addresses(host)).code()).isEqualTo(Code.UNREACHABLE);
	}

	@Test
	void the_answer_comes_on_a_pool_thread() {
		AtomicReference<String> thread = new AtomicReference<>();
		await(unrestricted().addresses("127.0.0.1").thenRun(() -> thread.set(Thread.currentThread().getName())));
		assertThat(thread.get()).matches("dcl-transport-\\d+|main|junit.*"); // the adding thread if it was there already
	}

	@Test
	void look_ups_take_four_threads_at_most() {
		LinkContext context = unrestricted();
		List<CompletionStage<List<InetAddress>>> all = new ArrayList<>();
		for (int i = 0; i < 300; i++) {
			all.add(context.addresses("127.0.0." + i % 250));
		}
		assertThat(Rig.threads("dcl-transport-dns")).isLessThanOrEqualTo(4);
		all.forEach(Rig::await);
	}

	@Test
	void the_failure_names_no_host() {
		rig.create("echo:wss://10.0.0.1/secret").connect();
		TransportException refused = failure(rig.echo.lastContext().addresses("secret.invalid..canary"));
		assertThat(refused).hasMessage("no address is known for the host of echo:wss://10.0.0.1/…");
	}
}
