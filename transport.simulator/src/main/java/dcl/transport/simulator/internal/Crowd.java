package dcl.transport.simulator.internal;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import dcl.transport.Delivery.Reliability;
import dcl.transport.PeerId;
import dcl.transport.simulator.SimulatorBehaviour;
import dcl.transport.simulator.SimulatorContext;

/**
 * People who go where they like: they walk, jog or run to a place nearby, stand there for a while, sometimes with an emote, and go on. Who moves says so
 * every interval, who stands once a second, as today's clients do. They may talk ({@code chat}), and they may come and go ({@code churn}).
 */
final class Crowd implements SimulatorBehaviour {

	/** What they do besides. */
	enum Habit {
		NONE, TALK, COME_AND_GO
	}

	private static final float MOST_METRES = 10_000;
	private static final float[] METRES_PER_SECOND = {1.5f, 4.5f, 8};
	private static final String[] EMOTES = {"wave", "dance", "clap", "fistpump", "robot"};
	private static final List<String> WORDS = List.of("Hello!", "Hi, where is everybody from?", "Nice place, this.", "Has anybody seen the art gallery?",
			"Follow me, it is just around the corner.", "One moment, my coffee is ready.", "👋", "That was fun, again?", "I cannot hear you, only read you.",
			"How do I get up there?", "Jump on the third step, then turn left.", "Ha, of course!", "Is there an event tonight?", "At eight, on the plaza.",
			"See you there.", "Who built this?", "It was finished last week.", "Look at the sky!", "My battery is nearly empty.", "Good night!");
	private static final long IDLE_NANOS = 1_000_000_000;
	private static final Duration ANNOUNCE = Duration.ofSeconds(10);
	private static final Duration SOON = Duration.ofMillis(10);
	private static final Duration LEAST = Duration.ofMillis(1);

	private final Habit habit;

	Crowd(Habit habit) {
		this.habit = habit;
	}

	@Override
	public void begin(SimulatorContext context) {
		Parameters parameters = new Parameters(context.parameters());
		float area = (float) parameters.number("area", 1, MOST_METRES, 24);
		Duration every = habit == Habit.TALK ? parameters.time("every", LEAST, Duration.ofSeconds(1)) : null;
		Duration stay = habit == Habit.COME_AND_GO ? parameters.time("stay", LEAST, Duration.ofSeconds(20)) : null;
		Duration away = habit == Habit.COME_AND_GO ? parameters.time("away", LEAST, Duration.ofSeconds(5)) : null;
		Room room = new Room(context, parameters);
		parameters.noMore();
		People people = new People(context, room, area);
		people.start();
		if (every != null) {
			people.talk(every);
		}
		if (stay != null) {
			people.comeAndGo(stay, away);
		}
	}

	private static final class Bot {

		private PeerId id;
		private boolean here;
		private float x;
		private float z;
		private float toX;
		private float toZ;
		private int gait;
		private long standsUntil;
		private long lastSaid;
		private float rotation;
		private int emotes;
	}

	private static final class People {

		private final SimulatorContext context;
		private final Room room;
		private final float area;
		private final Random random;
		private final List<Bot> bots = new ArrayList<>();
		private int addresses;

		People(SimulatorContext context, Room room, float area) {
			this.context = context;
			this.room = room;
			this.area = area;
			random = context.random();
		}

		void start() {
			for (int i = 0; i < context.peerCount(); i++) {
				Bot bot = new Bot();
				bot.id = context.peer(addresses++);
				bots.add(bot);
				enter(bot);
			}
			context.every(context.interval(), this::step);
			context.every(ANNOUNCE, () -> bots.stream().filter(bot -> bot.here).forEach(this::announce));
		}

		private void enter(Bot bot) {
			bot.here = true;
			bot.x = somewhere(room.centreX());
			bot.z = somewhere(room.centreZ());
			stand(bot);
			context.join(bot.id);
			announce(bot);
		}

		private void announce(Bot bot) {
			context.send(bot.id, Packets.profileVersion(1), Reliability.RELIABLE);
		}

		private float somewhere(float centre) {
			return centre + (random.nextFloat() - 0.5f) * 2 * area;
		}

		private void stand(Bot bot) {
			bot.toX = bot.x;
			bot.toZ = bot.z;
			bot.standsUntil = nanos() + 1_000_000L * random.nextInt(4_000);
			bot.lastSaid = nanos() - IDLE_NANOS;
		}

		private long nanos() {
			return context.now().toNanos();
		}

		private void step() {
			long now = nanos();
			float seconds = context.interval().toNanos() / 1e9f;
			for (Bot bot : bots) {
				if (bot.here) {
					step(bot, now, seconds);
				}
			}
		}

		private void step(Bot bot, long now, float seconds) {
			if (now < bot.standsUntil) {
				if (now - bot.lastSaid >= IDLE_NANOS) {
					say(bot, now, 0, 0, 0);
				}
				return;
			}
			float dx = bot.toX - bot.x;
			float dz = bot.toZ - bot.z;
			double far = Math.sqrt(dx * dx + dz * dz);
			if (far == 0) {
				bot.toX = somewhere(room.centreX());
				bot.toZ = somewhere(room.centreZ());
				bot.gait = random.nextInt(METRES_PER_SECOND.length);
				return;
			}
			float metres = METRES_PER_SECOND[bot.gait];
			float longest = metres * seconds;
			bot.rotation = degrees(dx, dz);
			if (far <= longest) {
				bot.x = bot.toX;
				bot.z = bot.toZ;
				say(bot, now, 0, 0, 0);
				stand(bot);
				bot.lastSaid = now;
				if (random.nextInt(10) == 0) {
					context.send(bot.id, Packets.emote(++bot.emotes, EMOTES[random.nextInt(EMOTES.length)], now), Reliability.RELIABLE);
				}
			} else {
				float velocityX = (float) (dx / far * metres);
				float velocityZ = (float) (dz / far * metres);
				bot.x += velocityX * seconds;
				bot.z += velocityZ * seconds;
				say(bot, now, velocityX, velocityZ, bot.gait + 1);
			}
		}

		private void say(Bot bot, long now, float velocityX, float velocityZ, float blend) {
			bot.lastSaid = now;
			context.send(bot.id, Packets.movement(now, bot.x, bot.z, velocityX, velocityZ, bot.rotation, blend), Reliability.LOSSY);
		}

		/** Degrees from north, clockwise, from 0 to 360; strict, so that the bytes are the same on every machine. */
		private static float degrees(float dx, float dz) {
			double degrees = StrictMath.toDegrees(StrictMath.atan2(dx, dz));
			return (float) (degrees < 0 ? degrees + 360 : degrees);
		}

		// ---- talking

		void talk(Duration every) {
			context.every(every, () -> {
				List<Bot> here = bots.stream().filter(bot -> bot.here).toList();
				if (!here.isEmpty()) {
					Bot bot = here.get(random.nextInt(here.size()));
					context.send(bot.id, Packets.chat(WORDS.get(random.nextInt(WORDS.size())), context.instant()), Reliability.RELIABLE);
				}
			});
		}

		// ---- coming and going

		void comeAndGo(Duration stay, Duration away) {
			for (Bot bot : bots) {
				context.after(about(stay), () -> leave(bot, stay, away));
			}
		}

		private void leave(Bot bot, Duration stay, Duration away) {
			bot.here = false;
			context.leave(bot.id);
			context.after(about(away), () -> {
				if (random.nextBoolean()) {
					bot.id = context.peer(addresses++); // somebody else
				}
				enter(bot);
				context.after(about(stay), () -> leave(bot, stay, away));
			});
		}

		/** Times between independent events are exponential; none is longer than ten times the mean. */
		private Duration about(Duration mean) {
			double times = Math.min(10, -StrictMath.log(1 - random.nextDouble()));
			Duration time = Duration.ofNanos((long) (mean.toNanos() * times));
			return time.compareTo(SOON) < 0 ? SOON : time;
		}
	}
}
