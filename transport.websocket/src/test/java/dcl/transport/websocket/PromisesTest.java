package dcl.transport.websocket;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestTemplate;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.platform.commons.support.AnnotationSupport;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the engine promises against misbehaving peers and against the defects of Java-WebSocket 1.6.0, and where each is proven. The
 * table is the content; the test holds that what it names is there, so that a test is not renamed or dropped without being missed.
 */
@Timeout(60)
class PromisesTest {

	record Promise(String what, String... tests) {

		@Override
		public String toString() {
			return what;
		}
	}

	static final List<Promise> PROMISES = List.of(
			// attacks and faults, over ws, and over wss where TLS lies between
			new Promise("a full backlog ends by the connect time", "FaultsTest.a_full_backlog_is_given_up_in_time"),
			new Promise("refused at once, no address told as such", "FaultsTest.a_refused_connection_is_unreachable_at_once",
					"FaultsTest.a_host_without_address_is_told_as_dns"),
			new Promise("mute after TCP is up", "FaultsTest.a_mute_server_is_given_up_in_time",
					"TlsTest.a_mute_server_is_given_up_in_time_and_never_gets_clear_text",
					"HandshakeTest.a_slow_acceptor_and_a_slow_client_are_given_up_in_time"),
			new Promise("another status than 101 is told with it", "HandshakeTest.an_answer_opens_or_is_refused",
					"HandshakeTest.a_refusal_may_name_the_seconds_to_wait"),
			new Promise("an endless head stops at the bound", "HandshakeTest.an_answer_opens_or_is_refused", "HandshakeTest.a_request_is_answered",
					"HandshakeFuzzTest.heads"),
			new Promise("a head that HTTP does not allow opens nothing", "HandshakeTest.a_request_is_answered", "HandshakeFuzzTest.heads"),
			new Promise("a peer that ignores pings", "FaultsTest.a_peer_that_ignores_pings_is_half_open",
					"TlsTest.a_peer_that_ignores_pings_in_tls_is_half_open"),
			new Promise("a peer that ignores a close", "FaultsTest.a_peer_that_ignores_a_close_is_left_in_time",
					"TlsTest.a_peer_that_ignores_a_close_in_tls_is_left"),
			new Promise("a frame too big is refused on its head, nothing allocated", "FramesTest.frames_are_taken_or_refused",
					"BoundsTest.a_frame_costs_what_has_arrived_of_it_and_not_what_it_announces", "TlsTest.frames_are_refused_in_tls_as_without"),
			new Promise("endless fragments, empty ones too, close with 1009", "FramesTest.frames_are_taken_or_refused",
					"BoundsTest.fragments_count_while_they_arrive"),
			new Promise("reserved bits (compression), opcodes, control frames, lengths, UTF-8, close codes",
					"FramesTest.frames_are_taken_or_refused", "FramesFuzzTest.frames",
					"Utf8Test.it_agrees_with_the_decoder_of_the_jdk", "TlsTest.frames_are_refused_in_tls_as_without"),
			new Promise("an extension nobody offered", "HandshakeTest.an_answer_opens_or_is_refused",
					"HandshakeTest.the_request_is_what_the_rfc_asks_for_and_offers_no_extension"),
			new Promise("a callback that throws, or whose code is gone", "FaultsTest.a_listener_that_throws_keeps_its_connection",
					"FaultsTest.a_listener_whose_classes_are_gone_loses_its_connection_and_no_other"),
			new Promise("a reader that stalls costs the queue alone",
					"FaultsTest.a_stalled_reader_costs_no_more_than_the_queue_and_gets_the_rest_when_it_returns",
					"FaultsTest.a_reader_that_stalls_ends_as_a_write_stall",
							"TlsTest.a_reader_that_stalls_in_tls_costs_no_more_than_the_queue_and_ends_as_a_write_stall",
					"TlsTest.a_slow_reader_stalls_neither_its_handshake_nor_another_connection"),
			new Promise("lossy gives way to reliable, nothing in vain",
					"SendQueueTest.lossy_messages_give_way_to_a_reliable_one_the_oldest_first_and_no_more_than_needed",
					"SendQueueTest.it_does_what_the_model_does"),
			new Promise("a slow listener stops the sender", "FaultsTest.a_slow_listener_stops_the_sender_and_loses_nothing"),
			new Promise("a flood of control frames", "FramesTest.frames_are_taken_or_refused", "WakeUpTest.a_clock_below_zero_is_as_good_as_any"),
			new Promise("one ending, the last event", "LifeTest.an_abort_in_any_phase_is_told_once_and_frees_the_socket",
					"LifeTest.a_thousand_closes_at_once_are_one",
					"FramesFuzzTest.frames", "HandshakeFuzzTest.heads", "TlsFuzzTest.records"),
			// TLS
			new Promise("the name in the certificate, and its time", "TlsTest.a_certificate_for_another_name_is_refused",
					"TlsTest.certificates_out_of_their_time_are_refused",
					"TlsTest.an_untrusted_certificate_is_refused"),
			new Promise("never in clear text, never an old protocol", "TlsTest.a_server_without_tls_ends_the_attempt_and_never_gets_clear_text",
					"TlsTest.an_old_protocol_is_refused",
					"TlsFuzzTest.records"),
			new Promise("hostile records, in any phase", "TlsFuzzTest.records", "TlsTest.hostile_records_end_the_attempt",
					"TlsTest.a_cut_in_the_handshake_ends_as_tls",
					"TlsTest.a_changed_byte_ends_that_connection_and_no_other", "TlsTest.a_tls_server_survives_hostile_clients"),
			new Promise("keys are updated, nothing is renegotiated", "TlsTest.a_megabyte_comes_back_as_it_was_over_a_blocking_server",
					"TlsTest.a_server_that_renegotiates_is_left"),
			new Promise("an end without close_notify is a loss; we send ours", "TlsTest.an_end_of_stream_without_close_notify_is_a_loss",
					"TlsTest.a_closing_peer_gets_close_notify"),
			new Promise("no lost tail of a full socket, and sessions that resume", "TlsTest.many_megabytes_pass_between_our_two_roles",
					"TlsTest.a_second_connection_resumes_the_session"),
			// defects of Java-WebSocket
			new Promise("its server loses wake-ups", "WakeUpTest.a_message_queued_after_the_loop_looked_at_the_queue_makes_another_turn",
					"WakeUpTest.a_message_queued_between_two_looks_at_the_selector_is_written_without_waiting",
					"WakeUpTest.a_task_left_between_the_look_and_the_sleep_wakes_the_selector", "StressTest.no_round_trip_stalls_when_others_reply",
					"StressTest.no_round_trip_stalls_in_tls"),
			new Promise("it counts fragments at the end of a message only", "BoundsTest.fragments_count_while_they_arrive", "FramesFuzzTest.frames"),
			new Promise("a null pointer at a close reason that is not UTF-8", "FramesTest.frames_are_taken_or_refused", "FramesFuzzTest.frames"),
			new Promise("64 KiB for ever for a head in two parts", "BoundsTest.a_handshake_in_pieces_leaves_no_buffer_behind"),
			new Promise("it allocates what a head announces", "BoundsTest.a_frame_costs_what_has_arrived_of_it_and_not_what_it_announces"),
			new Promise("masked frames of a server, and lengths that are not minimal, are accepted", "FramesTest.frames_are_taken_or_refused",
					"FramesFuzzTest.frames"),
			new Promise("good frames before a broken one are lost", "FramesTest.frames_are_taken_or_refused", "FrameReaderTest.any_split_gives_the_same",
					"FramesFuzzTest.frames"),
			new Promise("an empty close is reported as 1000", "FramesTest.frames_are_taken_or_refused"),
			new Promise("a reason of more than 123 bytes makes an illegal frame", "BoundsTest.a_reason_that_does_not_fit_is_cut_at_a_character"),
			new Promise("repeated headers are joined", "HandshakeTest.an_answer_opens_or_is_refused", "HandshakeTest.a_request_is_answered"),
			new Promise("its trace log holds heads and frames", "SecretsTest.nothing_logged_holds_a_secret"),
			new Promise("frames behind a head count as head (a defect of ours once)",
					"HandshakeTest.an_answer_and_frames_may_come_together_and_more_than_a_head_may_hold"));

	static Stream<Promise> promises() {
		return PROMISES.stream();
	}

	@ParameterizedTest
	@MethodSource("promises")
	void each_promise_names_tests_that_are_there(Promise promise) throws Exception {
		for (String test : promise.tests) {
			String[] name = test.split("\\.");
			Class<?> type = Class.forName(PromisesTest.class.getPackageName() + "." + name[0]);
			List<Method> methods = Arrays.stream(type.getDeclaredMethods()).filter(m -> m.getName().equals(name[1])).toList();
			assertThat(methods).as(test).hasSize(1);
			assertThat(AnnotationSupport.isAnnotated(methods.get(0), Test.class) || AnnotationSupport.isAnnotated(methods.get(0),
					TestTemplate.class)).as(test).isTrue();
		}
	}
}
