package dcl.transport.shell.internal;

import java.util.List;

/** One line of a table. Implementations are public, since Gogo calls their methods by name; all their texts are fit for a terminal. */
public interface Row {

	/** The names of the columns. */
	List<String> columns();

	/** What is in the columns, as many. */
	List<String> cells();
}
