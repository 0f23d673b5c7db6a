package dcl.transport.cli.internal;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;

import dcl.transport.TransportException.Code;
import dcl.transport.TransportRegistry;
import dcl.transport.TransportUri;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "bots", mixinStandardHelpOptions = true,
		description = "Lets many throw-away identities join a room and walk about, and tells what became of their packets.",
		footer = {"", "Join as many as --count says, ten logins at a time. Then each sends by a schedule that was fixed before, so what the service holds up",
				"shows as delay. Every packet is numbered, and every bot counts what it gets of each other one. Use it on services you may load.",
				"Ends with 1 if a reliable packet was lost, and with the code of the first failure if a bot did not come in."})
final class BotsCommand implements Callable<Integer> {

	static final int MOST_BOTS = 2_000;
	private static final double LEAST_RATE = 0.1;
	private static final double MOST_RATE = 100;
	private static final Duration LONGEST = Duration.ofHours(24);
	/** What each bot keeps of each other one, measured with 500: its address, in the rosters of wire, transport and session, and what came of it. */
	private static final long PAIR_BYTES = 400;
	private static final long REST_BYTES = 40 << 20;
	private static final int MOST_FAILURES = 10;
	private static final int BAR = 24;
	private static final int PERCENT = 100;

	private final Io io;
	private final TransportRegistry registry;

	@Spec
	private CommandSpec spec;

	@Parameters(paramLabel = "<uri>", description = "The connection string of the room, or @FILE.")
	private String text;

	@Option(names = "--count", paramLabel = "<bots>", required = true, description = "How many, from 1 to " + MOST_BOTS + ".")
	private int count;

	@Option(names = "--rate", paramLabel = "<packets>", defaultValue = "10",
			description = "Packets a second of each, from 0.1 to 100; ${DEFAULT-VALUE} by default.")
	private double rate;

	@Option(names = "--reliable", paramLabel = "<percent>", defaultValue = "0",
			description = "How many of 100 packets are sent reliably; ${DEFAULT-VALUE} by default, as clients send movement (ADR-104).")
	private int reliable;

	@Option(names = "--seed", paramLabel = "<number>",
			description = "Gives the same identities, walks and packets each time; drawn at random by default. Who knows it has the keys.")
	private Long seed;

	@Option(names = "--for", paramLabel = "<time>", defaultValue = "60s", description = "How long they send, up to 24h; ${DEFAULT-VALUE} by default.")
	private Duration time;

	@Option(names = "--json", description = "The report as one JSON object, the last line of standard output.")
	private boolean json;

	BotsCommand(Io io, TransportRegistry registry) {
		this.io = io;
		this.registry = registry;
	}

	@Override
	public Integer call() throws InterruptedException {
		within("--count", count, 1, MOST_BOTS);
		within("--rate", rate, LEAST_RATE, MOST_RATE);
		within("--reliable", reliable, 0, PERCENT);
		long needed = (long) count * count * PAIR_BYTES + REST_BYTES;
		if (needed > Runtime.getRuntime().maxMemory()) {
			throw new ParameterException(spec.commandLine(), count + " bots know each other, which takes about " + (needed >> 20)
					+ " MiB of heap: start it with COMMS_OPTS=-Xmx" + (needed >> 20) + "m");
		}
		within("--for in hours", time.toHours(), 0, LONGEST.toHours());
		Stop stop = new Stop(null);
		try (Output out = new Output(io, json, stop::outputGone)) {
			Reporter reporter = new Reporter(out, "", false);
			try {
				return run(TransportUri.parse(text), out, reporter, stop);
			} catch (IllegalArgumentException e) {
				reporter.failed(Code.INVALID_PARAMS, e.getMessage());
				return Exit.CANNOT_RESOLVE;
			}
		}
	}

	private void within(String option, double value, double least, double most) {
		if (!(value >= least && value <= most)) { // nor NaN
			throw new ParameterException(spec.commandLine(), option + " is from " + shown(least) + " to " + shown(most));
		}
	}

	private static String shown(double number) {
		return number == Math.rint(number) ? Long.toString((long) number) : Double.toString(number);
	}

	private int run(TransportUri uri, Output out, Reporter reporter, Stop stop) throws InterruptedException {
		long used = seed == null ? new SecureRandom().nextInt(Integer.MAX_VALUE) : seed;
		AtomicInteger failures = new AtomicInteger();
		Swarm swarm = new Swarm(registry, uri, count, rate, time, reliable, used, failure -> {
			if (failures.incrementAndGet() <= MOST_FAILURES) {
				reporter.failed(failure);
			}
		});
		Runnable progress = progress(swarm);
		InterruptedException interrupted = null;
		long begun = System.nanoTime();
		try {
			if (swarm.join(stop, progress)) {
				begun = System.nanoTime();
				swarm.run(stop, progress);
			}
		} catch (InterruptedException e) {
			interrupted = e; // the report is worth telling all the same
		} finally {
			clearProgress();
		}
		Duration ran = Duration.ofNanos(System.nanoTime() - begun);
		swarm.leave();
		BotsReport report = swarm.report(used, count);
		out.offer(json ? Json.line(report.json()) : report.text(rate, ran.compareTo(time) < 0 ? ran : time, reliable));
		if (interrupted != null || stop.isOutputGone()) {
			return Exit.INTERRUPTED;
		}
		Code failure = swarm.failureCode();
		return failure != null ? Exit.of(failure) : report.lost() > 0 ? Exit.DEFECT : Exit.DONE;
	}

	/** A line that is written over and over, for people who look at a terminal. */
	private Runnable progress(Swarm swarm) {
		if (json || !io.terminal()) {
			return () -> {
			};
		}
		return () -> {
			double done = swarm.done();
			String bar = "#".repeat((int) (BAR * done)) + ".".repeat(BAR - (int) (BAR * done));
			io.err().print(String.format(Locale.ROOT, "\r[%s] %3.0f %%  %,d of %,d bots  %,d sent  %,d received ", bar, done * PERCENT, swarm.connected(), count,
					swarm.sent(), swarm.arrivals()));
			io.err().flush();
		};
	}

	private void clearProgress() {
		if (!json && io.terminal()) {
			io.err().print("\r" + " ".repeat(PERCENT - 1) + "\r");
			io.err().flush();
		}
	}
}
