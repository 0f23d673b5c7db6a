package dcl.transport.webrtc.internal;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import dcl.transport.webrtc.DataChannelOptions;
import dcl.transport.webrtc.IceServer;
import dcl.transport.webrtc.WebRtcUnavailableException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

@Timeout(value = 30, unit = TimeUnit.SECONDS)
class PartsTest {

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = {
			"libpulse.so.0: cannot open shared object file: No such file or directory                     | libpulse.so.0     | libpulse0",
			"/tmp/x.so: libXcomposite.so.1: cannot open shared object file: No such file or directory     | libXcomposite.so.1 | libxcomposite1",
			"Error loading shared library libX11.so.6: No such file or directory (needed by /tmp/x.so)    | libX11.so.6       | libx11-6",
			"libdbus-1.so.3: cannot open shared object file: No such file or directory                    | libdbus-1.so.3    | libdbus-1-3"})
	void a_missing_library_is_named_with_its_package(String words, String library, String debian) {
		WebRtcUnavailableException failure = NativeLibrary.unavailable(words);

		assertThat(failure.library()).isEqualTo(library);
		assertThat(failure).hasMessageContaining(library).hasMessageContaining("(Debian package " + debian + ")");
		assertThat(failure.fix()).startsWith("apt-get install ").contains(debian);
	}

	@Test
	void other_reasons_of_the_linker_are_told() {
		assertThat(NativeLibrary.unavailable("libm.so.6: version `GLIBC_2.99' not found (required by x)")).hasMessageContaining("GLIBC_2.99");
		assertThat(NativeLibrary.unavailable("x: failed to map segment from shared object").fix()).contains("java.io.tmpdir");
		assertThat(NativeLibrary.unavailable("libz.so.9: cannot open shared object file: No such file or directory")).satisfies(unknown -> {
			assertThat(unknown.library()).isEqualTo("libz.so.9");
			assertThat(unknown.fix()).isEqualTo("install libz.so.9");
		});
		assertThat(NativeLibrary.unavailable("something else")).hasMessageContaining("something else");
	}

	@ParameterizedTest
	@CsvSource({"Linux, amd64, linux-x86_64", "Linux, aarch64, linux-aarch64", "Mac OS X, x86_64, macos-x86_64", "Mac OS X, aarch64, macos-aarch64",
			"Windows 11, amd64, windows-x86_64"})
	void platforms_are_named_as_the_fragments_are(String os, String architecture, String platform) throws Exception {
		assertThat(NativeLibrary.platform(os, architecture)).isEqualTo(platform);
	}

	@ParameterizedTest
	@CsvSource({"Linux, s390x", "SunOS, amd64", "Windows 11, aarch64"})
	void other_platforms_are_refused_with_those_there_are(String os, String architecture) {
		assertThatThrownBy(() -> NativeLibrary.platform(os, architecture)).isInstanceOf(WebRtcUnavailableException.class).hasMessageContaining(architecture)
				.hasMessageContaining("x86-64");
	}

	@ParameterizedTest
	@CsvSource({"a=max-message-size:65536, 65536", "a=max-message-size:1073741823, 262144", "a=max-message-size:0, 262144", "a=sctp-port:5000, 65536",
			"a=max-message-size:999999999999999999, 262144", "a=max-message-size:1000, 1000"})
	void the_largest_message_is_what_the_other_side_says_and_libwebrtc_can(String line, int bytes) {
		assertThat(Connection.maxMessageBytes("v=0\r\n" + line + "\r\n")).isEqualTo(bytes);
	}

	@Test
	void a_credential_is_not_shown() {
		IceServer server = new IceServer(List.of("turn:example.org"), "user", "S3cr3t");

		assertThat(server.toString()).contains("turn:example.org").doesNotContain("S3cr3t").doesNotContain("user");
		assertThatIllegalArgumentException().isThrownBy(() -> new IceServer(List.of(), "", ""));
	}

	@Test
	void options_have_bounds() {
		DataChannelOptions options = DataChannelOptions.lossy().ordered(true).maxRetransmits(3).negotiated(7).maxBufferedBytes(1_000).bufferedLowBytes(10);

		assertThat(options.isOrdered()).isTrue();
		assertThat(options.maxRetransmits()).hasValue(3);
		assertThat(options.negotiatedId()).hasValue(7);
		assertThat(options.maxBufferedBytes()).isEqualTo(1_000);
		assertThat(options.bufferedLowBytes()).isEqualTo(10);
		assertThat(DataChannelOptions.reliable().maxRetransmits()).isEmpty();
		assertThat(DataChannelOptions.reliable().negotiatedId()).isEmpty();
		assertThatIllegalArgumentException().isThrownBy(() -> options.maxRetransmits(65_536));
		assertThatIllegalArgumentException().isThrownBy(() -> options.negotiated(1_023));
		assertThatIllegalArgumentException().isThrownBy(() -> options.maxBufferedBytes(16 << 20));
		assertThatIllegalArgumentException().isThrownBy(() -> options.bufferedLowBytes(1_001));
		assertThatIllegalArgumentException().isThrownBy(() -> new Settings(0, 1, 1)).withMessageContaining("maxConnections");
		assertThatIllegalArgumentException().isThrownBy(() -> new Settings(1, 0, 1)).withMessageContaining("maxWaitingMessages");
		assertThatIllegalArgumentException().isThrownBy(() -> new Settings(1, 1, 0)).withMessageContaining("maxWaitingBytes");
	}

	@Test
	void waiting_messages_are_bounded_in_number_and_bytes_and_other_tasks_are_not() {
		ArrayDeque<Runnable> thread = new ArrayDeque<>();
		Serial serial = new Serial(thread::add, 3, 100);
		List<String> done = new ArrayList<>();

		assertThat(serial.message(() -> done.add("large"), 1_000)).as("one alone may be larger").isTrue();
		assertThat(serial.message(() -> done.add("never"), 1)).isFalse();
		assertThat(serial.execute(() -> done.add("task"))).isTrue();
		thread.remove().run();
		assertThat(serial.message(() -> done.add("1"), 40)).isTrue();
		assertThat(serial.message(() -> done.add("2"), 60)).isTrue();
		assertThat(serial.message(() -> done.add("never"), 1)).as("bytes").isFalse();
		thread.remove().run();
		for (String name : List.of("3", "4", "5")) {
			assertThat(serial.message(() -> done.add(name), 0)).isTrue();
		}
		assertThat(serial.message(() -> done.add("never"), 0)).as("number").isFalse();
		assertThat(thread).hasSize(1);
		thread.remove().run();

		assertThat(done).containsExactly("large", "task", "1", "2", "3", "4", "5");
		assertThat(thread).isEmpty();
	}

	@Test
	void once_the_thread_is_stopped_nothing_is_taken() {
		Serial serial = new Serial(task -> false, 10, 10);

		assertThat(serial.execute(() -> { })).isFalse();
		assertThat(serial.message(() -> { }, 1)).isFalse();
		assertThat(serial.execute(() -> { })).isFalse();
	}

	@Test
	void a_task_that_fails_holds_up_none_behind_it_and_a_long_queue_lets_others_have_their_turn() {
		ArrayDeque<Runnable> thread = new ArrayDeque<>();
		Serial serial = new Serial(thread::add, 1, 1);
		List<Integer> done = new ArrayList<>();
		serial.execute(() -> {
			throw new IllegalStateException("meant to");
		});
		for (int i = 0; i < 300; i++) {
			int number = i;
			serial.execute(() -> done.add(number));
		}

		thread.remove().run();
		assertThat(done).hasSizeLessThan(300);
		assertThat(thread).hasSize(1);
		thread.remove().run();
		assertThat(done).hasSize(300).isSorted();
	}
}
