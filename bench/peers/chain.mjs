// Validates chains as a room server does: node chain.mjs COUNT [WARMUP]
//
// A signed challenge's JSON is parsed, and its chain of three links, a delegated key's, validated by @dcl/crypto.
import { Authenticator, AuthLinkType } from '@dcl/crypto'
import crypto from '@dcl/crypto/dist/crypto.js'
import { createRequire } from 'node:module'
import { Meter, number } from './meter.mjs'

const CHALLENGE = 'dcl-0123456789abcdef0123456789abcdef'
const DIFFERENT = 16

const { version } = createRequire(import.meta.url)('@dcl/crypto/package.json')

const count = number(2, 'COUNT', 1)
const warmup = number(3, 'WARMUP', 0, 0)

function chain() {
  const owner = crypto.createUnsafeIdentity()
  const ephemeral = crypto.createUnsafeIdentity()
  const message = Authenticator.getEphemeralMessage(ephemeral.address, new Date(Date.now() + 3_600_000))
  const authChain = [
    { type: AuthLinkType.SIGNER, payload: owner.address, signature: '' },
    { type: AuthLinkType.ECDSA_PERSONAL_EPHEMERAL, payload: message, signature: Authenticator.createSignature(owner, message) }
  ]
  return JSON.stringify(Authenticator.signPayload({ ephemeralIdentity: ephemeral, authChain }, CHALLENGE))
}

const chains = Array.from({ length: DIFFERENT }, chain)
const meter = new Meter(`@dcl/crypto ${version}, Node ${process.version}`)
for (let i = 0; i < warmup + count; i += 1) {
  if (i === warmup) {
    meter.start()
  }
  const result = await Authenticator.validateSignature(CHALLENGE, JSON.parse(chains[i % DIFFERENT]), null)
  if (!result.ok) {
    console.error(result.message)
    process.exit(1)
  }
}
meter.report('chain', count, {})
