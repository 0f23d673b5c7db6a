package dcl.transport.simulator.internal;

import java.util.Random;

import dcl.transport.Delivery.Reliability;
import dcl.transport.PeerId;
import dcl.transport.simulator.SimulatorBehaviour;
import dcl.transport.simulator.SimulatorContext;

/**
 * The circle of the first web explorer's simulator, with its parameters: bot i of n walks to the angle {@code 4 pi i / n + t * speed} on a circle of
 * {@code i * distance + 3} metres around the centre, by 5 metres and up to {@code random} more a step, and says where it is. A fifth of the steps come with
 * a profile version, which is the number of the step.
 */
final class Walk implements SimulatorBehaviour {

	private static final double MOST = 1e6;
	private static final double NEAREST_METRES = 3;
	private static final double STEP_METRES = 5;
	private static final double ANNOUNCE = 0.2;
	private static final double NANOS_PER_MILLI = 1e6;

	@Override
	public void begin(SimulatorContext context) {
		Parameters parameters = new Parameters(context.parameters());
		double more = parameters.historic("random", 0, MOST, 1);
		double speed = parameters.historic("speed", -MOST, MOST, 0.0001);
		double distance = parameters.historic("distance", 0, MOST, 0.03);
		Room room = new Room(context, parameters);
		parameters.noMore();
		new Circle(context, room, more, speed, distance).start();
	}

	private static final class Circle {

		private final SimulatorContext context;
		private final Room room;
		private final double more;
		private final double speed;
		private final double distance;
		private final PeerId[] bots;
		private final double[] sines;
		private final double[] cosines;
		private final double[] x;
		private final double[] z;
		private final Random random;
		private int step;

		Circle(SimulatorContext context, Room room, double more, double speed, double distance) {
			this.context = context;
			this.room = room;
			this.more = more;
			this.speed = speed;
			this.distance = distance;
			int n = context.peerCount();
			bots = new PeerId[n];
			sines = new double[n];
			cosines = new double[n];
			x = new double[n];
			z = new double[n];
			random = context.random();
			for (int i = 0; i < n; i++) {
				bots[i] = context.peer(i);
				double angle = 4 * Math.PI * i / n;
				sines[i] = StrictMath.sin(angle); // strict: the same bytes on every machine
				cosines[i] = StrictMath.cos(angle);
				x[i] = room.centreX();
				z[i] = room.centreZ();
			}
		}

		void start() {
			for (PeerId bot : bots) {
				context.join(bot);
				context.send(bot, Packets.profileVersion(0), Reliability.RELIABLE);
			}
			context.every(context.interval(), this::step);
		}

		private void step() {
			double turned = context.now().toNanos() / NANOS_PER_MILLI * speed;
			double sine = StrictMath.sin(turned);
			double cosine = StrictMath.cos(turned);
			step++;
			for (int i = 0; i < bots.length; i++) {
				double radius = i * distance + NEAREST_METRES;
				// the sine and cosine of the two angles' sum
				double toX = room.centreX() + (sines[i] * cosine + cosines[i] * sine) * radius - x[i];
				double toZ = room.centreZ() + (cosines[i] * cosine - sines[i] * sine) * radius - z[i];
				double far = Math.sqrt(toX * toX + toZ * toZ);
				double longest = STEP_METRES + random.nextDouble() * more;
				double part = far > longest ? longest / far : 1;
				x[i] += toX * part;
				z[i] += toZ * part;
				context.send(bots[i], Packets.position(step, (float) x[i], 0, (float) z[i]), Reliability.LOSSY);
				if (random.nextDouble() < ANNOUNCE) {
					context.send(bots[i], Packets.profileVersion(step), Reliability.RELIABLE);
				}
			}
		}
	}
}
