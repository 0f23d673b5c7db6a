package dcl.transport.shell.internal;

import org.apache.felix.service.command.Converter;
import org.osgi.service.component.annotations.Component;

/** Shows tables on a terminal and in a pipe to {@code grep}; scripts get the objects. Stateless. */
@Component(service = Converter.class, property = "osgi.converter.classes=dcl.transport.shell.internal.Rows")
public final class TableConverter implements Converter {

	@Override
	public Object convert(Class<?> desiredType, Object in) {
		return null; // converts nothing, as the interface has it
	}

	@Override
	public CharSequence format(Object target, int level, Converter escape) {
		if (target instanceof Rows<?> rows) {
			return rows.toString();
		}
		if (target instanceof Row row) {
			return level == INSPECT ? Rows.describe(row) : String.join(" ", row.cells());
		}
		return null;
	}
}
