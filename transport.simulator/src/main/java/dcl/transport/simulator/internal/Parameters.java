package dcl.transport.simulator.internal;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A built-in scenario's own parameters: each is asked for once, and then none may be left. */
final class Parameters {

	private final Map<String, String> values;
	private final List<String> known = new ArrayList<>();

	Parameters(Map<String, String> values) {
		this.values = values;
	}

	/** Reads a number as the first web explorer did, where zero and nothing stand for the default. */
	double historic(String name, double least, double most, double otherwise) {
		String text = text(name);
		if (text.isEmpty()) {
			return otherwise;
		}
		double number = Values.number(where(name), text, least, most);
		return number == 0 ? otherwise : number;
	}

	double number(String name, double least, double most, double otherwise) {
		String text = text(name);
		return text.isEmpty() ? otherwise : Values.number(where(name), text, least, most);
	}

	Duration time(String name, Duration least, Duration otherwise) {
		String text = text(name);
		return text.isEmpty() ? otherwise : Values.time(where(name), text, least);
	}

	/** Reads a parcel, {@code x,y}; {@code null} for none. */
	int[] parcel(String name, int most) {
		String text = text(name);
		if (text.isEmpty()) {
			return null;
		}
		String[] parts = Values.COMMA.split(text, -1);
		if (parts.length != 2) {
			throw new Invalid(where(name), "a parcel such as 10,-20 expected");
		}
		return new int[] {(int) Values.whole(where(name), parts[0], -most, most), (int) Values.whole(where(name), parts[1], -most, most)};
	}

	/** To be called last. */
	void noMore() {
		for (String name : values.keySet()) {
			if (!known.contains(name)) {
				throw new Invalid(where(name), "not known; this scenario has " + known);
			}
		}
	}

	private String text(String name) {
		known.add(name);
		return values.getOrDefault(name, "");
	}

	/** The registry blackens what it finds of the connection string in a message, so a place is given too. */
	private String where(String name) {
		return "parameter '" + name + "' (" + (List.copyOf(values.keySet()).indexOf(name) + 1) + " of the scenario's own)";
	}
}
