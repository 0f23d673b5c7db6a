package dcl.transport.simulator;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.osgi.service.component.annotations.ComponentPropertyType;

/** Sets {@link SimulatorBehaviour#NAME} on a component: the name of a {@link SimulatorBehaviour} or of a {@link SimulatedClock}. */
@ComponentPropertyType
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.TYPE)
public @interface SimulatorName {

	/** The name: a letter, then letters, digits, {@code .}, {@code _} or {@code -}, at most 64 characters; not that of a built-in scenario. */
	String value();
}
