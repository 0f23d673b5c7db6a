package dcl.transport.bench;

/** One flat JSON object on a line of standard output: what one measured process says to the one that started it. Names and texts need no escapes. */
final class Line {

	private final StringBuilder text = new StringBuilder();

	Line(String event) {
		text.append("{\"event\":\"").append(event).append('"');
	}

	Line with(String name, String value) {
		text.append(",\"").append(name).append("\":\"").append(value).append('"');
		return this;
	}

	Line with(String name, long value) {
		text.append(",\"").append(name).append("\":").append(value);
		return this;
	}

	void print() {
		System.out.println(text + "}");
	}
}
