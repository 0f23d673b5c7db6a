/**
 * Who we are, and how to prove it: {@link dcl.transport.identity.Wallets} makes an {@link dcl.transport.Identity} that signs,
 * {@link dcl.transport.identity.AuthChains} verifies what such an identity signed.
 * <p>
 * An auth chain is ADR-44's: an owner, none or some delegations to short-lived keys, and at the end the text that was signed. Signatures are those of
 * {@code @dcl/crypto}, byte for byte: secp256k1 over the Keccak-256 hash of an Ethereum personal message, deterministic (RFC 6979), low S.
 * <p>
 * {@code null} is never accepted and never returned. Enums may gain constants in a minor release.
 */
@Export
@Version("1.1.0")
package dcl.transport.identity;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
