package dcl.transport.rfc4;

import java.util.Locale;

/** What a packet is about: the member of the rfc4 {@code Packet} that is set. Gains a constant whenever the protocol gains a member. */
public enum Kind {
	POSITION(Rfc4Packet.POSITION_FIELD_NUMBER),
	PROFILE_VERSION(Rfc4Packet.PROFILE_VERSION_FIELD_NUMBER),
	PROFILE_REQUEST(Rfc4Packet.PROFILE_REQUEST_FIELD_NUMBER),
	PROFILE_RESPONSE(Rfc4Packet.PROFILE_RESPONSE_FIELD_NUMBER),
	CHAT(Rfc4Packet.CHAT_FIELD_NUMBER),
	SCENE(Rfc4Packet.SCENE_FIELD_NUMBER),
	VOICE(Rfc4Packet.VOICE_FIELD_NUMBER),
	MOVEMENT(Rfc4Packet.MOVEMENT_FIELD_NUMBER),
	PLAYER_EMOTE(Rfc4Packet.PLAYER_EMOTE_FIELD_NUMBER),
	SCENE_EMOTE(Rfc4Packet.SCENE_EMOTE_FIELD_NUMBER),
	MOVEMENT_COMPRESSED(Rfc4Packet.MOVEMENT_COMPRESSED_FIELD_NUMBER),
	/** From bevy-explorer this may be something else, see {@link Rfc4#decode}. */
	LOOK_AT_POSITION(Rfc4Packet.LOOK_AT_POSITION_FIELD_NUMBER),
	REACTION(Rfc4Packet.REACTION_FIELD_NUMBER),
	CHAT_REACTION(Rfc4Packet.CHAT_REACTION_FIELD_NUMBER),
	/** No member that is known here, or no packet at all. */
	UNKNOWN(0);

	private static final Kind[] BY_NUMBER = new Kind[16];

	static {
		for (Kind kind : values()) {
			BY_NUMBER[kind.number] = kind;
		}
	}

	private final int number;
	private final String member = name().toLowerCase(Locale.ROOT);

	Kind(int number) {
		this.number = number;
	}

	/** Returns the name of the member in the protocol, such as {@code player_emote}; {@code unknown} for {@link #UNKNOWN}. */
	public String member() {
		return member;
	}

	/** Returns the kind whose member has this number, {@code null} if none has. */
	static Kind byNumber(int number) {
		return number > 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : null;
	}
}
