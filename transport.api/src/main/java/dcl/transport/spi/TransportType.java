package dcl.transport.spi;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.osgi.annotation.bundle.Attribute;
import org.osgi.annotation.bundle.Capability;
import org.osgi.service.component.annotations.ComponentPropertyType;

/**
 * Names the types a {@link TransportProvider} component serves: the service property {@code transport.type} on the service, and the capability
 * {@code dcl.transport} on the bundle, so that a resolver finds it.
 */
@ComponentPropertyType
@Capability(namespace = "dcl.transport", version = "1.0.0")
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.TYPE)
public @interface TransportType {

	/** The types, or {@value TransportProvider#ANY}. */
	@Attribute("dcl.transport")
	String[] value();
}
