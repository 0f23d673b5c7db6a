// The attacks work: a server that believes everything falls for each of them, and the reference server, where it is sound, for none.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ATTACKS } from '../lib/attacks.mjs'
import { gullibleServer } from './gullible-server.mjs'
import { Script } from './script.mjs'

// Where the reference server is known to be wrong (it takes anybody's chain for anybody's, takes a chain that nobody signed, and dies of
// undecodable bytes from a member), or sets no limit of its own: nothing is expected of it.
const NOT_ASKED_OF_THE_REFERENCE = new Set([
  'impersonation', 'impersonation-without-delegation', 'unsigned-chain', 'text-identification',
  'text-in-room', 'garbage-in-room', 'oversized-in-room'
])

let client
let attacks = 0

before(() => { client = new Script('client.mjs') })
after(() => client.end())

async function mount(attack, url, limitMillis) {
  const id = `attack-${++attacks}`
  client.tell({ cmd: 'attack', id, attack, url, limitMillis })
  return client.expect({ id })
}

describe('a gullible server', { timeout: 60_000 }, () => {
  let server

  before(async () => { server = await gullibleServer() })
  after(() => server.close())

  for (const name of Object.keys(ATTACKS)) {
    it(`falls for ${name}`, async () => {
      const result = await mount(name, server.url, name.startsWith('silence') ? 200 : 5000)
      assert.equal(result.event, 'attacked', JSON.stringify(result))
      assert.equal(result.refused, false, JSON.stringify(result))
      assert.notEqual(result.outcome, 'broken', JSON.stringify(result))
    })
  }
})

describe('the reference server', { timeout: 60_000 }, () => {
  let server
  let listening

  before(async () => {
    server = new Script('server.mjs')
    listening = await server.expect({ event: 'listening' })
  })
  after(() => server.end())

  for (const name of Object.keys(ATTACKS).filter((it) => !NOT_ASKED_OF_THE_REFERENCE.has(it))) {
    it(`refuses ${name}`, async () => {
      const result = await mount(name, listening.url + name)
      assert.equal(result.refused, true, JSON.stringify(result))
    })
  }
})

it('an attack that cannot be mounted is an error, not a success', async () => {
  const result = await mount('impersonation', 'ws://127.0.0.1:1/rooms/x')
  assert.equal(result.event, 'error')
})

it('the attacks can be listed', async () => {
  client.tell({ cmd: 'attacks', id: 'list' })
  assert.deepEqual((await client.expect({ event: 'attacks', id: 'list' })).names, Object.keys(ATTACKS))
})
