package com.acme.transport;

import java.nio.file.Path;

import dcl.transport.spi.Link;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** That what was compiled against the previous API runs against the current one. */
class PreviousApiTest {

	@Test
	void the_api_here_is_newer_than_the_one_this_was_compiled_with() throws Exception {
		String here = Path.of(Link.class.getProtectionDomain().getCodeSource().getLocation().toURI()).getFileName().toString();

		assertTrue(here.startsWith("dcl.transport.api-"), here);
		assertFalse(here.contains("recorded"), here);
		assertTrue(Link.class.getMethod("confirms").isDefault(), "the previous API has no Link.confirms()"); // only there at run time
		assertEquals(AcmeLink.class, AcmeLink.class.getMethod("confirms").getDeclaringClass());
	}
}
