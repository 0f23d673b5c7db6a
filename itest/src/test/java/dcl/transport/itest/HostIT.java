package dcl.transport.itest;

import java.util.function.Supplier;

import dcl.transport.Disconnection.Reason;
import dcl.transport.Transport;
import dcl.transport.TransportRegistry;
import dcl.transport.TransportUri;
import org.junit.Test;
import org.osgi.framework.Bundle;
import org.osgi.framework.ServiceReference;

import static org.assertj.core.api.Assertions.assertThat;

/** What a host leaves open when it goes. */
public class HostIT extends FrameworkTest {

	@Test
	public void stopping_a_host_closes_what_it_left_open_and_nothing_of_others() throws Exception {
		start("echo", "1.0.0");
		Transport mine = connect("echo:mine");
		Bundle host = start("host", "1.0.0");
		Transport left = transportOf();
		Await.until("the host is connected", () -> left.state() == Transport.State.CONNECTED);

		host.stop();

		assertThat(Await.result(left.closed()).reason()).isEqualTo(Reason.CLIENT);
		Await.until("its link is closed", () -> journal.contains("echo-1.0.0 closed a link"));
		assertThat(mine.state()).isEqualTo(Transport.State.CONNECTED);
		assertThat(registry().open()).containsExactly(mine);
	}

	@Test
	public void updating_a_host_closes_the_old_ones_transport_and_the_new_one_has_its_own() throws Exception {
		start("echo", "1.0.0");
		Bundle host = start("host", "1.0.0");
		Transport left = transportOf();

		host.update(fixture("host", "1.0.1"));

		assertThat(Await.result(left.closed()).reason()).isEqualTo(Reason.CLIENT);
		Transport next = transportOf();
		assertThat(next).isNotSameAs(left);
		Await.until("the new host is connected", () -> next.state() == Transport.State.CONNECTED);
	}

	@Test
	public void giving_the_service_back_closes_what_was_opened_with_it() throws Exception {
		start("echo", "1.0.0");
		ServiceReference<TransportRegistry> reference = bundles.getServiceReference(TransportRegistry.class);
		Transport open = bundles.getService(reference).create(TransportUri.parse("echo:x"));
		Await.result(open.connect());

		bundles.ungetService(reference);

		assertThat(Await.result(open.closed()).reason()).isEqualTo(Reason.CLIENT);
	}

	private Transport transportOf() throws InterruptedException {
		Await.until("the host is there", () -> isThere(Supplier.class, "(fixture=host)"));
		return (Transport) service(Supplier.class).get();
	}
}
