package com.acme.transport;

import java.lang.annotation.Annotation;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

import dcl.transport.PeerId;
import dcl.transport.TransportUri;
import dcl.transport.spi.TransportProvider;
import dcl.transport.testkit.Ability;
import dcl.transport.testkit.Relay;
import dcl.transport.testkit.TransportDriver;

/** Acme's server, behind a relay that breaks connections. */
final class AcmeDriver implements TransportDriver {

	private static final String TOKEN = "canary-7f3a";

	/** Short times, so that the tests are. */
	private static final class Quick implements AcmeProvider.Config {

		@Override
		public long handshakeTimeoutMillis() {
			return 30_000;
		}

		@Override
		public long pingIntervalMillis() {
			return 100;
		}

		@Override
		public long silenceMillis() {
			return 3_000;
		}

		@Override
		public Class<? extends Annotation> annotationType() {
			return AcmeProvider.Config.class;
		}
	}

	private AcmeServer server;
	private Relay relay;

	@Override
	public void start() throws Exception {
		server = new AcmeServer();
		relay = Relay.to(server.address());
	}

	@Override
	public void stop() throws Exception {
		relay.close();
		server.close();
	}

	@Override
	public TransportProvider activate() {
		return new AcmeProvider(new Quick());
	}

	@Override
	public void deactivate(TransportProvider provider) {
		((AcmeProvider) provider).stop();
	}

	@Override
	public TransportUri uri(String room) {
		return TransportUri.parse("acme:127.0.0.1:" + relay.port() + "/" + room + "?token=" + TOKEN);
	}

	@Override
	public TransportUri hanging() {
		return TransportUri.parse("acme:127.0.0.1:" + relay.hangingPort() + "/nowhere?token=" + TOKEN);
	}

	@Override
	public Set<String> secrets() {
		return Set.of(TOKEN);
	}

	@Override
	public Optional<Relay> relay() {
		return Optional.of(relay);
	}

	@Override
	public Set<Ability> abilities() {
		Set<Ability> abilities = EnumSet.of(Ability.PEERS, Ability.KICK, Ability.REFUSE, Ability.GARBAGE, Ability.END, Ability.PAUSE);
		abilities.addAll(Ability.ofRelay());
		return abilities;
	}

	@Override
	public Duration lostWithin() {
		return Duration.ofSeconds(4);
	}

	@Override
	public String kick(PeerId who) {
		server.kick(who.value(), "enough is enough");
		return "enough is enough";
	}

	@Override
	public void refuse() {
		server.refuse();
	}

	@Override
	public void garbage() {
		server.garbage();
	}

	@Override
	public void end() {
		server.goodbye();
	}
}
