package dcl.transport.itest;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.DynamicMessage;
import dcl.transport.Delivery;
import dcl.transport.Disconnection.Reason;
import dcl.transport.Identity;
import dcl.transport.Message;
import dcl.transport.Packet;
import dcl.transport.Transport;
import dcl.transport.identity.Wallets;
import dcl.transport.rfc4.Kind;
import dcl.transport.rfc4.Rfc4;
import dcl.transport.rfc4.Rfc4Packet;
import dcl.transport.roomserver.RoomServer;
import dcl.transport.roomserver.RoomServerOptions;
import dcl.transport.roomserver.RoomServers;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;
import org.osgi.framework.Bundle;

import static org.assertj.core.api.Assertions.assertThat;

/** Real rooms: our server and our client, both as bundles of one framework, with a socket between them. */
public class RoomIT extends FrameworkTest {

	private static final String ROOM = "lobby";
	private static final int KINDS = 14;

	private RoomServer server;

	@Before
	public void openServer() throws IOException, InterruptedException {
		server = service(RoomServers.class).open(RoomServerOptions.defaults());
	}

	@After
	public void closeServer() {
		if (server != null) {
			server.close();
		}
	}

	@Test
	public void two_guests_meet_and_part() throws Exception {
		Identity aliceKey = Wallets.random();
		Identity bobKey = Wallets.random();
		Guest alice = enter(aliceKey);
		assertThat(alice.transport().peers()).isEmpty();

		Guest bob = enter(bobKey);
		assertThat(bob.transport().peers()).containsExactly(aliceKey.address());
		bob.awaits(aliceKey.address() + " is there");
		alice.awaits(bobKey.address() + " joins");
		assertThat(alice.transport().peers()).containsExactly(bobKey.address());

		Await.result(bob.transport().disconnect());
		bob.awaits("ends: CLIENT");
		alice.awaits(bobKey.address() + " leaves");
		assertThat(alice.transport().peers()).isEmpty();
		assertThat(alice.transport().state()).isEqualTo(Transport.State.CONNECTED);
	}

	@Test
	public void every_kind_of_packet_goes_both_ways_reliably_and_lossily() throws Exception {
		Identity aliceKey = Wallets.random();
		Identity bobKey = Wallets.random();
		Guest alice = enter(aliceKey);
		Guest bob = enter(bobKey);
		alice.awaits(bobKey.address() + " joins");
		List<Rfc4Packet> packets = onePacketOfEachKind();
		assertThat(packets).extracting(packet -> Rfc4.kind(Rfc4.encode(packet)))
				.hasSize(KINDS).doesNotHaveDuplicates().doesNotContain(Kind.UNKNOWN);

		for (Rfc4Packet packet : packets) {
			for (Delivery delivery : List.of(Delivery.reliable(), Delivery.lossy())) {
				pass(packet, delivery, alice, aliceKey, bob);
				pass(packet, delivery, bob, bobKey, alice);
			}
		}

		assertThat(alice.transport().stats().sent()).isEqualTo(2L * KINDS);
		assertThat(alice.transport().stats().received()).isEqualTo(2L * KINDS);
		assertThat(alice.transport().stats().invalid()).isZero();
	}

	@Test
	public void a_second_login_puts_the_first_one_out() throws Exception {
		Identity key = Wallets.random();
		Guest first = enter(key);

		Guest second = enter(key);

		assertThat(Await.result(first.transport().closed()).reason()).isEqualTo(Reason.KICKED);
		first.awaits("ends: KICKED");
		assertThat(second.transport().state()).isEqualTo(Transport.State.CONNECTED);
		Await.until("one is left", () -> server.stats().users() == 1);
	}

	@Test
	public void a_configured_identity_signs_where_the_host_brings_none() throws Exception {
		configure("dcl.transport.identity", Map.of("guest", true));
		Identity configured = service(Identity.class);
		Guest alice = enter(Wallets.random());

		Transport mine = connect("ws-room:" + server.url() + ROOM);

		alice.awaits(configured.address() + " joins");
		assertThat(mine.state()).isEqualTo(Transport.State.CONNECTED);
	}

	@Test
	public void when_the_client_bundle_is_stopped_the_others_see_its_guests_leave() throws Exception {
		Identity key = Wallets.random();
		Guest guest = enter(key);
		Bundle wsroom = bundleNamed("dcl.transport.wsroom");
		try {
			wsroom.stop();

			assertThat(Await.result(guest.transport().closed()).reason()).isEqualTo(Reason.PROVIDER_GONE);
			guest.awaits("ends: PROVIDER_GONE");
			Await.until("the server has seen it", () -> server.stats().users() == 0);
		} finally {
			wsroom.start();
		}
		assertThat(enter(key).transport().state()).isEqualTo(Transport.State.CONNECTED);
	}

	@Test
	public void a_setting_of_the_client_ends_its_rooms_and_holds_for_the_next() throws Exception {
		Guest guest = enter(Wallets.random());

		configure("dcl.transport.wsroom", Map.of("maxPacketBytes", 1_000));

		assertThat(Await.result(guest.transport().closed()).reason()).isEqualTo(Reason.PROVIDER_GONE);
		Await.result(registry().whenAvailable(guest.transport().uri(), Duration.ofSeconds(Await.LIMIT_SECONDS)));
		Guest next = enter(Wallets.random());
		assertThat(Await.failure(next.transport().send(Packet.copyOf(new byte[1_001]), Delivery.reliable()))).hasMessageContaining("1000");
		unconfigure("dcl.transport.wsroom");
		assertThat(Await.result(next.transport().closed()).reason()).isEqualTo(Reason.PROVIDER_GONE);
	}

	@Test
	public void closing_the_server_ends_its_rooms_in_good_order() throws Exception {
		Guest guest = enter(Wallets.random());

		server.close();

		assertThat(Await.result(guest.transport().closed()).reason()).isEqualTo(Reason.SERVER);
		guest.awaits("ends: SERVER");
	}

	@Test
	public void stopping_the_server_bundle_ends_its_rooms_in_good_order() throws Exception {
		Guest guest = enter(Wallets.random());
		Bundle bundle = bundleNamed("dcl.transport.roomserver");
		try {
			bundle.stop();

			assertThat(Await.result(guest.transport().closed()).reason()).isEqualTo(Reason.SERVER);
		} finally {
			bundle.start();
		}
	}

	private Guest enter(Identity identity) throws Exception {
		return Guest.enters(registry(), server.url(), ROOM, identity);
	}

	private static void pass(Rfc4Packet packet, Delivery delivery, Guest from, Identity sender, Guest to) throws Exception {
		Packet encoded = Rfc4.encode(packet);
		from.send(encoded, delivery);
		Message message = to.next();
		assertThat(message.from()).isEqualTo(sender.address());
		assertThat(message.reliability()).isEqualTo(delivery.reliability());
		assertThat(Rfc4.decode(message.packet())).isEqualTo(Rfc4.decode(encoded));
		assertThat(message.packet().toByteArray()).isEqualTo(encoded.toByteArray());
	}

	/** Returns a packet for each member of the schema, with something in each of its fields. */
	private static List<Rfc4Packet> onePacketOfEachKind() {
		List<Rfc4Packet> packets = new ArrayList<>();
		for (FieldDescriptor member : Rfc4Packet.getDescriptor().getOneofs().get(0).getFields()) {
			Rfc4Packet.Builder packet = Rfc4Packet.newBuilder();
			com.google.protobuf.Message.Builder body = packet.newBuilderForField(member);
			for (FieldDescriptor field : member.getMessageType().getFields()) {
				if (field.isRepeated()) {
					body.addRepeatedField(field, something(field));
				} else {
					body.setField(field, something(field));
				}
			}
			packets.add(packet.setField(member, body.build()).build());
		}
		return packets;
	}

	private static Object something(FieldDescriptor field) {
		return switch (field.getJavaType()) {
			case BOOLEAN -> true;
			case INT -> 7;
			case LONG -> 7L;
			case FLOAT -> 1.5f;
			case DOUBLE -> 2.5;
			case STRING -> field.getName();
			case BYTE_STRING -> ByteString.copyFromUtf8(field.getName());
			case ENUM -> field.getEnumType().getValues().get(0);
			case MESSAGE -> DynamicMessage.newBuilder(field.getMessageType()).build();
		};
	}
}
