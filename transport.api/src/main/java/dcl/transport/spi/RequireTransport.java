package dcl.transport.spi;

import java.lang.annotation.ElementType;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.osgi.annotation.bundle.Requirement;

/**
 * Makes the resolver bring a provider of this type into a run. It is effective at {@code active} only, so a framework starts a host even when the
 * provider is deployed later.
 */
@Requirement(namespace = "dcl.transport", filter = "(dcl.transport=${#value})", version = "1.0.0", effective = "active")
@Retention(RetentionPolicy.CLASS)
@Target({ElementType.TYPE, ElementType.PACKAGE})
@Repeatable(RequireTransports.class)
public @interface RequireTransport {

	/** The type. */
	String value();
}
