// Wallets and auth chains, made by @dcl/crypto as the shipping clients make them.
import { createECDH } from 'node:crypto'
import { Authenticator, AuthLinkType } from '@dcl/crypto'
import crypto from '@dcl/crypto/dist/crypto.js'

/** A wallet from its private key ("0x" + 64 hex digits), or a new one. */
export function wallet(privateKey) {
  if (privateKey === undefined) {
    return crypto.createUnsafeIdentity()
  }
  const hex = privateKey.replace(/^0x/, '')
  const ecdh = createECDH('secp256k1')
  ecdh.setPrivateKey(hex, 'hex')
  const publicKey = ecdh.getPublicKey()
  return { privateKey: `0x${hex}`, publicKey: publicKey.toString('hex'), address: crypto.computeAddress(new Uint8Array(publicKey)) }
}

/**
 * Who logs in: an address, and how it signs a challenge.
 * `delegated`: through an ephemeral key that lives for some minutes, as explorers do; else by the wallet itself.
 */
export function identity({ key, delegated = true, minutes = 600 } = {}) {
  const owner = wallet(key)
  if (!delegated) {
    const sign = (payload) => Authenticator.createSimpleAuthChain(payload, owner.address, Authenticator.createSignature(owner, payload))
    return { address: owner.address, owner, sign }
  }
  const ephemeral = wallet()
  const message = Authenticator.getEphemeralMessage(ephemeral.address, new Date(Date.now() + minutes * 60_000))
  const delegation = [
    { type: AuthLinkType.SIGNER, payload: owner.address, signature: '' },
    { type: AuthLinkType.ECDSA_PERSONAL_EPHEMERAL, payload: message, signature: Authenticator.createSignature(owner, message) }
  ]
  return {
    address: owner.address,
    owner,
    delegation,
    sign: (payload) => Authenticator.signPayload({ ephemeralIdentity: ephemeral, authChain: delegation }, payload)
  }
}
