package com.acme.transport;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the params of an {@code acme} connection string say: {@code host:port/room?token=…}. */
record AcmeAddress(String host, int port, String room, String token) {

	private static final Pattern FORM = Pattern.compile("([A-Za-z0-9.-]{1,253}|\\[[0-9A-Fa-f:.]{2,45}]):([0-9]{1,5})/([A-Za-z0-9_-]{1,64})\\?token=([!-~]{1,1024})");

	static Optional<AcmeAddress> of(String params) {
		Matcher parts = FORM.matcher(params);
		if (!parts.matches() || Integer.parseInt(parts.group(2)) > 65_535) {
			return Optional.empty();
		}
		String host = parts.group(1).startsWith("[") ? parts.group(1).substring(1, parts.group(1).length() - 1) : parts.group(1);
		return Optional.of(new AcmeAddress(host, Integer.parseInt(parts.group(2)), parts.group(3), parts.group(4)));
	}

	/** Without the token. */
	@Override
	public String toString() {
		return host + " port " + port;
	}
}
