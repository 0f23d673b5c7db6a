package dcl.transport.itest.contract;

import java.lang.reflect.Proxy;
import java.util.Map;

/** Configurations as declarative services make them: the defaults of an annotation, and what differs. */
public final class Configs {

	private Configs() {
	}

	/** Returns a configuration with other values for some members. */
	public static <T> T with(Class<T> config, Map<String, Object> changed) {
		return config.cast(Proxy.newProxyInstance(config.getClassLoader(), new Class<?>[] {config},
				(proxy, method, arguments) -> changed.getOrDefault(method.getName(), method.getDefaultValue())));
	}
}
