package dcl.transport.cli.internal;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import dcl.transport.Disconnection.Reason;
import dcl.transport.TransportException.Code;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** The small parts: times, waits, texts, the queue to standard output, schemas. */
@Timeout(value = 30, unit = TimeUnit.SECONDS)
class PartsTest {

	@ParameterizedTest
	@CsvSource({"500ms,PT0.5S", "30s,PT30S", "5m,PT5M", "2h,PT2H", "999999999s,PT277777H46M39S"})
	void times_are_written_as_people_write_them(String text, Duration time) {
		assertThat(Durations.parse(text)).isEqualTo(time);
	}

	@ParameterizedTest
	@ValueSource(strings = {"", "30", "s", "-1s", "0s", "1.5s", "1d", "1 s", "9999999999s"})
	void other_times_are_refused(String text) {
		assertThatThrownBy(() -> Durations.parse(text)).isInstanceOf(TypeConversionException.class);
	}

	@ParameterizedTest
	@EnumSource(Code.class)
	void every_failure_has_an_exit_code_and_a_place_in_the_schema(Code code) {
		assertThat(Exit.of(code)).isBetween(1, 8);
		Event failed = Event.of("failed").with("code", code.name()).with("message", "m").with("retryable", true);
		Schemas.assertValid("connect", List.of(Json.line(failed.members())));
	}

	@ParameterizedTest
	@EnumSource(Reason.class)
	void every_ending_has_an_exit_code_and_a_place_in_the_schema(Reason reason) {
		assertThat(Exit.of(reason)).isBetween(0, 8);
		Event disconnected = Event.of("disconnected").with("reason", reason.name()).with("detail", "").with("retryable", true);
		Schemas.assertValid("connect", List.of(Json.line(disconnected.members())));
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`', value = {
			"connect | {'event':'dancing','at':'2026-01-01T00:00:00.000Z'}",
			"connect | {'event':'joined','peer':'x'}",
			"connect | {'event':'joined','at':'2026-01-01T00:00:00Z','peer':'x'}",
			"connect | {'event':'joined','at':'2026-01-01T00:00:00.000Z'}",
			"connect | {'event':'joined','at':'2026-01-01T00:00:00.000Z','peer':'x','more':1}",
			"demo | {'event':'joined','at':'2026-01-01T00:00:00.000Z','peer':'x'}",
			"room | {'event':'joined','at':'2026-01-01T00:00:00.000Z','peer':'x'}",
			"providers | {'type':'x','bundle':'b','version':'1'}",
			"resolve | {'type':'x','uri':'x:','provider':'b','why':'w','candidates':[],'warnings':[]}"})
	void the_schemas_refuse_what_is_not_as_agreed(String schema, String line) {
		assertThat(Schemas.isValid(schema, line.replace('\'', '"'))).isFalse();
	}

	@Test
	void a_reader_who_stops_holds_up_nobody_and_costs_a_bounded_number_of_lines() throws Exception {
		CountDownLatch reads = new CountDownLatch(1);
		CountDownLatch writing = new CountDownLatch(1);
		ByteArrayOutputStream read = new ByteArrayOutputStream();
		ByteArrayOutputStream err = new ByteArrayOutputStream();
		OutputStream stuck = new OutputStream() {
			@Override
			public void write(int b) throws IOException {
				write(new byte[] {(byte) b}, 0, 1);
			}

			@Override
			public void write(byte[] bytes, int offset, int length) throws IOException {
				try {
					writing.countDown();
					reads.await();
				} catch (InterruptedException e) {
					throw new IOException(e);
				}
				read.write(bytes, offset, length);
			}
		};
		Io io = new Io(new ByteArrayInputStream(new byte[0]), stuck, new PrintStream(err, true, StandardCharsets.UTF_8));
		try (Output out = new Output(io, true, () -> {
		})) {
			out.offer(Event.of("first"));
			writing.await();
			for (int i = 0; i < Output.MAX_LINES + 7; i++) {
				out.offer(Event.of("more"));
			}
			reads.countDown();
		}

		assertThat(read.toString(StandardCharsets.UTF_8).lines()).hasSize(Output.MAX_LINES + 1);
		assertThat(err.toString(StandardCharsets.UTF_8)).startsWith("standard output was too slow: 7 lines were left out").hasLineCount(1);
	}
}
