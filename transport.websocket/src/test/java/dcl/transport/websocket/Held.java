package dcl.transport.websocket;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;

/** Counts the payload a connection holds: the arrays and buffers reached from it, whatever it says of itself. */
final class Held {

	/** What a connection shares with others, or only knows. */
	private static final Set<Class<?>> SHARED = Set.of(Loop.class, WebSockets.class, Server.class, WebSocketLimits.class,
			WebSocketRequest.class, Masks.class,
			HandLoop.Line.class);
	private static final Map<Class<?>, List<Field>> FIELDS = new ConcurrentHashMap<>();

	private Held() {
	}

	/** Returns bytes: of arrays, of buffers that are no view of a counted array, and of the text of heads. */
	static long bytes(Object root) {
		long bytes = 0;
		Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
		Deque<Object> open = new ArrayDeque<>();
		open.add(root);
		while (!open.isEmpty()) {
			Object next = open.pop();
			if (next instanceof byte[] array) {
				bytes += array.length; // none is shared but with a view
			} else if (next instanceof ByteBuffer buffer) {
				open.push(buffer.array());
			} else if (next instanceof Collection<?> collection) {
				open.addAll(collection);
			} else if (next instanceof AtomicReference<?> reference) {
				if (reference.get() != null) {
					open.push(reference.get());
				}
			} else if (next instanceof String text) {
				bytes += text.length();
			} else if (next.getClass().getPackage() == Held.class.getPackage() && !SHARED.contains(next.getClass())
					&& !(next instanceof WebSocketListener)
					&& seen.add(next)) {
				for (Field field : FIELDS.computeIfAbsent(next.getClass(), Held::fields)) {
					try {
						Object value = field.get(next);
						if (value != null) {
							open.push(value);
						}
					} catch (IllegalAccessException e) {
						throw new IllegalStateException(e);
					}
				}
			}
		}
		return bytes;
	}

	private static List<Field> fields(Class<?> type) {
		List<Field> fields = new ArrayList<>();
		for (Class<?> each = type; each != null && each.getPackage() == Held.class.getPackage(); each = each.getSuperclass()) {
			for (Field field : each.getDeclaredFields()) {
				if (!Modifier.isStatic(field.getModifiers()) && !field.getType().isPrimitive() && !field.getType().isEnum()) {
					field.setAccessible(true);
					fields.add(field);
				}
			}
		}
		return fields;
	}
}
