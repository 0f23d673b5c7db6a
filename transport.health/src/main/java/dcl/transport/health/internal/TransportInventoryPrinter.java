package dcl.transport.health.internal;

import java.io.PrintWriter;

import org.apache.felix.inventory.Format;
import org.apache.felix.inventory.InventoryPrinter;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** The inventory for web consoles and support dumps; enabled where the API of Apache Felix Inventory is. */
@Component(name = TransportInventoryPrinter.NAME, service = InventoryPrinter.class, enabled = false, property = {
	InventoryPrinter.NAME + "=dcl-transports", InventoryPrinter.TITLE + "=DCL transports", InventoryPrinter.FORMAT + "=TEXT", InventoryPrinter.FORMAT + "=JSON"})
public final class TransportInventoryPrinter implements InventoryPrinter {

	static final String NAME = "dcl.transport.health.inventory";

	private final HealthComponent health;

	/** Takes who knows. */
	@Activate
	public TransportInventoryPrinter(@Reference HealthComponent health) {
		this.health = health;
	}

	@Override
	public void print(PrintWriter out, Format format, boolean isZip) {
		if (format == Format.JSON) {
			Inventory.json(health.status(), health.warnings(), out);
		} else {
			Inventory.text(health.status(), health.warnings(), out);
		}
	}
}
