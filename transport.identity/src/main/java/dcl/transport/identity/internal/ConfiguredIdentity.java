package dcl.transport.identity.internal;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Hashtable;

import dcl.transport.Identity;
import dcl.transport.identity.KeyFileException;
import dcl.transport.identity.WalletOptions;
import dcl.transport.identity.Wallets;
import org.osgi.annotation.bundle.Capability;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The {@link Identity} service of a configuration; none without one.
 * <p>
 * It registers the service itself, and after the key was read: a declared service would be there, and empty, before a bad key file is noticed.
 */
@Component(configurationPid = ConfiguredIdentity.PID, configurationPolicy = ConfigurationPolicy.REQUIRE, immediate = true, service = {})
@Designate(ocd = ConfiguredIdentity.Config.class)
@Capability(namespace = "osgi.service", attribute = "objectClass:List<String>=\"dcl.transport.Identity\"", uses = Identity.class, effective = "active")
public final class ConfiguredIdentity {

	static final String PID = "dcl.transport.identity";

	private static final Logger LOG = LoggerFactory.getLogger(ConfiguredIdentity.class);

	/** Either a key file or a guest. */
	@ObjectClassDefinition(name = "Identity", description = "The wallet that transports sign with, unless they bring one of their own")
	public @interface Config {

		/** Returns the path of the key file. */
		@AttributeDefinition(name = "Key file", description = "Path of a file that only its owner can read, one line: the private key in hexadecimal digits")
		String keyFile() default "";

		/** Returns whether to make a throw-away key instead. */
		@AttributeDefinition(name = "Guest", description = "A new throw-away key, instead of a key file")
		boolean guest() default false;

		/** Returns whether ephemeral keys sign. */
		@AttributeDefinition(name = "Delegate", description = "Let short-lived keys sign in the wallet's place; otherwise the wallet's own key does")
		boolean delegate() default true;

		/** Returns the life of an ephemeral key. */
		@AttributeDefinition(name = "Ephemeral life", description = "Minutes an ephemeral key is valid, 1 to 10080; replaced after half of it")
		int ephemeralMinutes() default 10;

		/** Returns the size of the memory against replays. */
		@AttributeDefinition(name = "Remembered challenges", description = "How many room challenges are remembered, so as not to sign one twice; 1 to 1000000")
		int rememberedChallenges() default WalletOptions.DEFAULT_REMEMBERED_CHALLENGES;

		/** Returns the ranking of the service. */
		@AttributeDefinition(name = "Ranking", description = "Service ranking: where there are several identities, the highest signs")
		int service_ranking() default 0;
	}

	private final ServiceRegistration<Identity> registration;

	/** Reads the key and registers the service; whatever is wrong with the configuration ends the activation and is its message. */
	@Activate
	public ConfiguredIdentity(BundleContext context, Config config) throws KeyFileException {
		Identity identity = identity(config);
		Hashtable<String, Object> properties = new Hashtable<>();
		properties.put(Constants.SERVICE_RANKING, config.service_ranking());
		properties.put(Constants.SERVICE_DESCRIPTION, identity.toString());
		registration = context.registerService(Identity.class, identity, properties);
		LOG.info("signing as {}", identity);
	}

	@Deactivate
	void stop() {
		registration.unregister();
	}

	/** Returns the identity of a configuration. */
	static Identity identity(Config config) throws KeyFileException {
		if (config.guest() != config.keyFile().isBlank()) {
			throw new IllegalArgumentException("configuration " + PID + " names a keyFile or says guest=true; this one says "
					+ (config.guest() ? "both" : "neither"));
		}
		WalletOptions options = WalletOptions.defaults()
				.withEphemeralLife(Duration.ofMinutes(config.ephemeralMinutes()))
				.withRememberedChallenges(config.rememberedChallenges());
		if (!config.delegate()) {
			options = options.withoutDelegation();
		}
		return config.guest() ? Wallets.random(options) : Wallets.fromKeyFile(path(config.keyFile()), options);
	}

	private static Path path(String text) {
		try {
			return Path.of(text);
		} catch (InvalidPathException e) {
			throw new IllegalArgumentException("the keyFile of configuration " + PID + " is not a path: " + e.getReason());
		}
	}
}
