package dcl.transport.rfc5;

import java.util.LinkedHashMap;
import java.util.Map;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;

/** Between the messages and their bytes. */
final class Wire {

	static final byte TAG_PEER_UPDATE = WsProto.WsPacket.PEER_UPDATE_MESSAGE_FIELD_NUMBER << 3 | 2;
	static final byte TAG_FROM_ALIAS = WsProto.WsPeerUpdate.FROM_ALIAS_FIELD_NUMBER << 3;
	static final byte TAG_BODY = WsProto.WsPeerUpdate.BODY_FIELD_NUMBER << 3 | 2;
	static final byte TAG_UNRELIABLE = WsProto.WsPeerUpdate.UNRELIABLE_FIELD_NUMBER << 3;

	private static final long NOT_PLAIN = -1;
	private static final byte[] NOTHING = {};

	private Wire() {
	}

	/**
	 * Reads a message that is one update and nothing else, which nearly all of them are, without touching its body.
	 *
	 * @return {@code null} for everything out of the ordinary, good or bad: that is for {@link #parse}
	 */
	static WsPacket.PeerUpdate plainUpdate(byte[] bytes, int from, int to) {
		if (from >= to || bytes[from] != TAG_PEER_UPDATE) {
			return null;
		}
		long read = readVarint(bytes, from + 1, to);
		if (read == NOT_PLAIN || value(read) != to - next(read)) {
			return null;
		}
		int at = next(read);
		int fromAlias = 0;
		byte[] array = NOTHING;
		int offset = 0;
		int length = 0;
		boolean unreliable = false;
		while (at < to) {
			byte tag = bytes[at];
			read = readVarint(bytes, at + 1, to);
			if (read == NOT_PLAIN) {
				return null;
			}
			at = next(read);
			if (tag == TAG_FROM_ALIAS) {
				fromAlias = value(read);
			} else if (tag == TAG_UNRELIABLE) {
				unreliable = value(read) != 0;
			} else if (tag == TAG_BODY && value(read) >= 0 && value(read) <= to - at) {
				array = bytes;
				offset = at;
				length = value(read);
				at += length;
			} else {
				return null;
			}
		}
		return new WsPacket.PeerUpdate(fromAlias, array, offset, length, unreliable);
	}

	/** Reads a number of at most 32 bits; its low half is the value, its high half where to go on. {@link #NOT_PLAIN} if there is none. */
	private static long readVarint(byte[] bytes, int from, int to) {
		int value = 0;
		for (int i = 0; i < 5 && from + i < to; i++) {
			byte b = bytes[from + i];
			if (i == 4 && (b & 0xf0) != 0) {
				return NOT_PLAIN;
			}
			value |= (b & 0x7f) << 7 * i;
			if (b >= 0) {
				return (long) (from + i + 1) << 32 | value & 0xffff_ffffL;
			}
		}
		return NOT_PLAIN;
	}

	private static int value(long read) {
		return (int) read;
	}

	private static int next(long read) {
		return (int) (read >>> 32);
	}

	static int varintSize(int value) {
		return value == 0 ? 1 : (38 - Integer.numberOfLeadingZeros(value)) / 7;
	}

	static int writeVarint(byte[] target, int at, int value) {
		int next = at;
		int rest = value;
		while ((rest & ~0x7f) != 0) {
			target[next++] = (byte) (rest | 0x80);
			rest >>>= 7;
		}
		target[next++] = (byte) rest;
		return next;
	}

	/** Reads any message by the generated parser. */
	static WsPacket parse(byte[] bytes, int offset, int length) throws MalformedWsPacketException {
		WsProto.WsPacket packet;
		try {
			packet = WsProto.WsPacket.parser().parseFrom(bytes, offset, length);
		} catch (InvalidProtocolBufferException e) {
			throw new MalformedWsPacketException("a WsPacket (rfc5) expected; what came is none, in " + length + " bytes: " + e.getMessage(), e);
		}
		switch (packet.getMessageCase()) {
			case WELCOME_MESSAGE :
				Map<Integer, String> peers = new LinkedHashMap<>();
				packet.getWelcomeMessage().getPeerIdentitiesMap().forEach((alias, address) -> peers.put(alias, address.toStringUtf8()));
				return new WsPacket.Welcome(packet.getWelcomeMessage().getAlias(), peers);
			case PEER_JOIN_MESSAGE :
				return new WsPacket.PeerJoin(packet.getPeerJoinMessage().getAlias(), packet.getPeerJoinMessage().getAddress().toStringUtf8());
			case PEER_LEAVE_MESSAGE :
				return new WsPacket.PeerLeave(packet.getPeerLeaveMessage().getAlias());
			case PEER_UPDATE_MESSAGE :
				WsProto.WsPeerUpdate update = packet.getPeerUpdateMessage();
				return WsPacket.PeerUpdate.of(update.getFromAlias(), update.getBody().toByteArray(), update.getUnreliable());
			case CHALLENGE_MESSAGE :
				WsProto.WsChallengeRequired challenge = packet.getChallengeMessage();
				return new WsPacket.Challenge(challenge.getChallengeToSign().toStringUtf8(), challenge.getAlreadyConnected());
			case SIGNED_CHALLENGE_FOR_SERVER :
				return new WsPacket.SignedChallenge(packet.getSignedChallengeForServer().getAuthChainJson().toStringUtf8());
			case PEER_IDENTIFICATION :
				return new WsPacket.Identification(packet.getPeerIdentification().getAddress().toStringUtf8());
			case PEER_KICKED :
				return new WsPacket.Kicked(packet.getPeerKicked().getReason().toStringUtf8());
			default :
				return new WsPacket.Unknown();
		}
	}

	static WsProto.WsPacket generated(WsPacket packet) {
		WsProto.WsPacket.Builder to = WsProto.WsPacket.newBuilder();
		if (packet instanceof WsPacket.Welcome welcome) {
			WsProto.WsWelcome.Builder message = to.getWelcomeMessageBuilder().setAlias(welcome.alias());
			welcome.peers().forEach((alias, address) -> message.putPeerIdentities(alias, utf8(address)));
		} else if (packet instanceof WsPacket.PeerJoin join) {
			to.getPeerJoinMessageBuilder().setAlias(join.alias()).setAddress(utf8(join.address()));
		} else if (packet instanceof WsPacket.PeerLeave leave) {
			to.getPeerLeaveMessageBuilder().setAlias(leave.alias());
		} else if (packet instanceof WsPacket.PeerUpdate update) {
			to.getPeerUpdateMessageBuilder().setFromAlias(update.fromAlias()).setBody(ByteString.copyFrom(update.body()))
					.setUnreliable(update.unreliable());
		} else if (packet instanceof WsPacket.Challenge challenge) {
			to.getChallengeMessageBuilder().setChallengeToSign(utf8(challenge.challengeToSign())).setAlreadyConnected(challenge.alreadyConnected());
		} else if (packet instanceof WsPacket.SignedChallenge signed) {
			to.getSignedChallengeForServerBuilder().setAuthChainJson(utf8(signed.authChainJson()));
		} else if (packet instanceof WsPacket.Identification identification) {
			to.getPeerIdentificationBuilder().setAddress(utf8(identification.address()));
		} else if (packet instanceof WsPacket.Kicked kicked) {
			to.getPeerKickedBuilder().setReason(utf8(kicked.reason()));
		}
		return to.build();
	}

	private static ByteString utf8(String text) {
		return ByteString.copyFromUtf8(text);
	}
}
