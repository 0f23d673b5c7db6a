// Writes authchain-more.json: what @dcl/crypto signs and how it judges chains beyond those of authchain.json.
// Run where @dcl/crypto is installed: node authchain-more.mjs <folder with node_modules> > authchain-more.json
import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'

const require = createRequire(process.argv[2] + '/')
const { Authenticator } = require('@dcl/crypto')
const { computeAddress, createEthereumMessageHash, ethSign } = require('@dcl/crypto/dist/crypto')
const { secp256k1 } = require('ethereum-cryptography/secp256k1')
const { version } = require('@dcl/crypto/package.json')

const N = secp256k1.CURVE.n
const hex = bytes => '0x' + Buffer.from(bytes).toString('hex')

function key(name) {
  const privateKey = createHash('sha256').update(name).digest()
  return { privateKey, address: computeAddress(secp256k1.getPublicKey(privateKey, false).slice(1)) }
}
const sign = (k, message) => ethSign(k.privateKey, message)

// Messages whose length in bytes is not their length in characters, and lengths around every change of the number of digits.
const messages = ['dcl-äöü', 'žluťoučký kůň', '日本語', '😀', 'a\u0000b', 'line\nbreak\r\n', ...[9, 10, 99, 100, 999, 1000, 10000].map(n => 'x'.repeat(n))]
for (let i = messages.length; i < 64; i++) messages.push('dcl-' + createHash('sha256').update('message ' + i).digest('hex').slice(0, 1 + i))
const signatures = messages.map((message, i) => {
  const k = key('key ' + i)
  return { privateKey: hex(k.privateKey), address: k.address, message, personalHash: hex(createEthereumMessageHash(message)), signature: sign(k, message) }
})

const owner = key('owner'), ephemeral = key('ephemeral'), second = key('second')
const challenge = 'dcl-0.8f3k2n1qz9p'
const now = Date.parse('2026-01-01T00:00:00.000Z')
const login = (address, date) => `Decentraland Login\nEphemeral address: ${address}\nExpiration: ${date}`
const later = '2099-12-31T23:59:59.000Z'
const signer = { type: 'SIGNER', payload: owner.address, signature: '' }
const link = (type, by, payload) => ({ type, payload, signature: sign(by, payload) })
const delegate = (by, to, date = later) => link('ECDSA_EPHEMERAL', by, login(to.address, date))
const entity = (by, payload = challenge) => link('ECDSA_SIGNED_ENTITY', by, payload)
const full = (date = later) => [signer, delegate(owner, ephemeral, date), entity(ephemeral)]
const simple = change => [signer, { ...entity(owner), ...change }]
const good = entity(owner).signature
const part = n => n.toString(16).padStart(64, '0')
const r = good.slice(2, 66), s = BigInt('0x' + good.slice(66, 130)), v = good.slice(130)
const other = v === '1b' ? '1c' : '1b'
let offCurve = 1n // an r that is no x of a point: x^3 + 7 is not a square
const P = secp256k1.CURVE.p
const pow = (b, e) => { let x = 1n; for (b %= P; e > 0n; e >>= 1n, b = b * b % P) if (e & 1n) x = x * b % P; return x }
while (pow(offCurve ** 3n + 7n, (P - 1n) / 2n) === 1n) offCurve++

const chains = {
  high_s: simple({ signature: '0x' + r + part(N - s) + other }),
  high_s_without_the_other_v: simple({ signature: '0x' + r + part(N - s) + v }),
  other_v: simple({ signature: '0x' + r + part(s) + other }),
  upper_case_digits: simple({ signature: '0x' + good.slice(2).toUpperCase() }),
  upper_case_prefix: simple({ signature: '0X' + good.slice(2) }),
  v_2: simple({ signature: good.slice(0, 130) + '02' }),
  v_26: simple({ signature: good.slice(0, 130) + '1a' }),
  v_35: simple({ signature: good.slice(0, 130) + '23' }),
  r_zero: simple({ signature: '0x' + part(0n) + part(s) + v }),
  s_zero: simple({ signature: '0x' + r + part(0n) + v }),
  r_is_n: simple({ signature: '0x' + part(N) + part(s) + v }),
  s_is_n: simple({ signature: '0x' + r + part(N) + v }),
  r_all_ones: simple({ signature: '0x' + 'f'.repeat(64) + part(s) + v }),
  r_off_the_curve: simple({ signature: '0x' + part(offCurve) + part(s) + v }),
  signature_long: simple({ signature: good + '00' }),
  signature_odd_digits: simple({ signature: good.slice(0, 131) }),
  signature_with_blank: simple({ signature: good.slice(0, 131) + ' ' }),
  two_delegations: [signer, delegate(owner, ephemeral), delegate(ephemeral, second), entity(second)],
  two_delegations_first_expired: [signer, delegate(owner, ephemeral, '2025-12-31T23:59:59.999Z'), delegate(ephemeral, second), entity(second)],
  two_delegations_wrong_order: [signer, delegate(ephemeral, second), delegate(owner, ephemeral), entity(second)],
  delegation_with_cr: [signer, { ...delegate(owner, ephemeral), payload: login(ephemeral.address, later).replace(/\n/g, '\r\n') }, entity(ephemeral)],
  delegation_signed_with_cr: [signer, link('ECDSA_EPHEMERAL', owner, login(ephemeral.address, later).replace(/\n/g, '\r\n')), entity(ephemeral)],
  delegation_to_lower_case: [signer, delegate(owner, { address: ephemeral.address.toLowerCase() }), entity(ephemeral)],
  delegation_to_upper_case: [signer, delegate(owner, { address: '0x' + ephemeral.address.slice(2).toUpperCase() }), entity(ephemeral)],
  delegation_of_two_lines: [signer, link('ECDSA_EPHEMERAL', owner, 'Ephemeral address: ' + ephemeral.address + '\nExpiration: ' + later), entity(ephemeral)],
  expires_now: full('2026-01-01T00:00:00.000Z'),
  expires_in_1_ms: full('2026-01-01T00:00:00.001Z'),
  expires_without_seconds: full('2099-12-31T23:59Z'),
  expires_with_offset: full('2026-01-01T02:00:00.001+02:00'),
  expired_with_offset: full('2026-01-01T01:59:59.999+02:00'),
  expires_on_day: full('2099-12-31'),
  expires_in_local_time: full('2099-12-31T23:59:59'),
  expires_in_words: full('Thu, 31 Dec 2099 23:59:59 GMT'),
  signer_as_delegation: [signer, { type: 'SIGNER', payload: ephemeral.address, signature: '' }, entity(ephemeral)],
  entity_as_delegation: [signer, entity(owner, ephemeral.address), entity(ephemeral)],
  empty_payload: [signer, entity(owner, '')],
  payload_not_ascii: [signer, entity(owner, 'dcl-žluťoučký 😀')],
  signer_not_an_address: [{ ...signer, payload: 'me' }, entity(owner)],
  signer_upper_case: [{ ...signer, payload: '0x' + owner.address.slice(2).toUpperCase() }, entity(owner)],
  ten_links: [signer, delegate(owner, ephemeral), ...Array(7).fill(delegate(ephemeral, ephemeral)), entity(ephemeral)],
  eleven_links: [signer, delegate(owner, ephemeral), ...Array(8).fill(delegate(ephemeral, ephemeral)), entity(ephemeral)]
}
const cases = []
for (const [name, chain] of Object.entries(chains)) {
  const authority = chain.at(-1).payload
  const { ok, message } = await Authenticator.validateSignature(authority, chain, null, now)
  cases.push({ name, chain, authority, now, expected: { ok, message: message ?? null } })
}
const about = `Written by authchain-more.mjs with @dcl/crypto ${version}. Test keys only.`
console.log(JSON.stringify({ about, signatures, cases }, null, 1))
