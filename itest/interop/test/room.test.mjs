// The reference client against the reference server: what must hold before a red test can be blamed on anybody else.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, beforeEach, describe, it } from 'node:test'
import { identity, wallet } from '../lib/identity.mjs'
import { PACKETS } from './packets.mjs'
import { Script } from './script.mjs'

describe('two reference clients in a room of the reference server', { timeout: 60_000 }, () => {
  let server
  let client
  let listening
  let room
  let rooms = 0

  before(async () => {
    server = new Script('server.mjs')
    client = new Script('client.mjs')
    listening = await server.expect({ event: 'listening' })
  })

  after(async () => {
    await client.end()
    await server.end()
  })

  beforeEach(() => {
    rooms += 1
    room = `${listening.url}room-${rooms}`
  })

  async function connect(id, options = {}) {
    // More patience than the shipping clients have (1 s), because a busy build machine must not decide about this test.
    client.tell({ cmd: 'connect', id, url: room, stepMillis: 10_000, ...options })
    return client.expect({ event: 'connected', id })
  }

  async function bothConnected() {
    const alice = await connect('alice')
    const bob = await connect('bob')
    await client.expect({ event: 'joined', id: 'alice', alias: bob.alias })
    return { alice, bob }
  }

  async function bothClosed() {
    for (const id of ['alice', 'bob']) {
      client.tell({ cmd: 'close', id })
      await client.expect({ event: 'closed', id })
    }
  }

  it('meet, and see each other leave', async () => {
    const alice = await connect('alice')
    assert.deepEqual(alice.peers, {})
    assert.equal(alice.protocol, 'rfc5')
    assert.match(alice.challenge, /^dcl-[^:]+$/)

    const bob = await connect('bob', { delegated: false })
    assert.deepEqual(bob.peers, { [alice.alias]: alice.address.toLowerCase() })
    const joined = await client.expect({ event: 'joined', id: 'alice' })
    assert.deepEqual([joined.alias, joined.address], [bob.alias, bob.address.toLowerCase()])

    client.tell({ cmd: 'close', id: 'alice' })
    await client.expect({ event: 'closed', id: 'alice' })
    const left = await client.expect({ event: 'left', id: 'bob' })
    assert.deepEqual([left.alias, left.address], [alice.alias, alice.address.toLowerCase()])
    client.tell({ cmd: 'terminate', id: 'bob' })
    assert.equal((await client.expect({ event: 'closed', id: 'bob' })).code, 1006)
  })

  it('exchange every kind of packet both ways', async () => {
    const { alice, bob } = await bothConnected()
    for (const [from, to, sender] of [['alice', 'bob', alice], ['bob', 'alice', bob]]) {
      for (const [kind, value] of Object.entries(PACKETS)) {
        for (const unreliable of [false, true]) {
          const packet = { [kind]: value, protocolVersion: 100 }
          client.tell({ cmd: 'send', id: from, packet, unreliable })
          const received = await client.expect({ event: 'received', id: to })
          assert.equal(received.kind, kind)
          assert.deepEqual(received.packet, packet)
          assert.equal(received.unreliable, unreliable)
          assert.deepEqual([received.alias, received.address], [sender.alias, sender.address.toLowerCase()])
        }
      }
    }
    await bothClosed()
  })

  it('know every member of the oneof', () => {
    const schema = readFileSync(new URL(import.meta.resolve('@dcl/protocol/proto/decentraland/kernel/comms/rfc4/comms.proto')), 'utf8')
    const oneof = /message Packet \{[\s\S]*?oneof message \{([\s\S]*?)\}/.exec(schema)[1]
    const camelCase = (name) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase())
    const members = [...oneof.matchAll(/^\s*\w+ (\w+) = \d+;/gm)].map(([, name]) => camelCase(name))
    assert.equal(members.length, 14)
    assert.deepEqual(Object.keys(PACKETS).sort(), members.sort())
  })

  it('carry bytes that are no packet', async () => {
    await bothConnected()
    client.tell({ cmd: 'sendRaw', id: 'alice', hex: '0a7f01', unreliable: false })
    const received = await client.expect({ event: 'received', id: 'bob' })
    assert.deepEqual([received.raw, received.kind, received.packet], ['0a7f01', null, null])
    assert.ok(received.failure)
    // The same as a whole WsPacket: peer_update_message {body: 0x2a00}, an empty chat.
    client.tell({ cmd: 'sendWs', id: 'alice', hex: '1a0412022a00' })
    assert.equal((await client.expect({ event: 'received', id: 'bob' })).kind, 'chat')
    await bothClosed()
  })

  it('are kicked by a second login of the same wallet', async () => {
    const { privateKey } = wallet()
    await connect('watcher')
    const first = await connect('first', { key: privateKey })
    assert.equal(first.alreadyConnected, false)
    const second = await connect('second', { key: privateKey })
    assert.equal(second.alreadyConnected, true)
    assert.equal(second.address, first.address)

    const kicked = await client.expect({ event: 'kicked', id: 'first' })
    assert.deepEqual([kicked.phase, kicked.reason], ['room', 'Already logged in'])
    assert.equal((await client.expect({ event: 'closed', id: 'first' })).code, 1005)
    assert.equal((await client.expect({ event: 'left', id: 'watcher' })).alias, first.alias)
    assert.equal((await client.expect({ event: 'joined', id: 'watcher', alias: second.alias })).address, second.address.toLowerCase())
    for (const id of ['second', 'watcher']) {
      client.tell({ cmd: 'close', id })
      await client.expect({ event: 'closed', id })
    }
  })

  it('are told of a command that cannot be done', async () => {
    client.tell({ cmd: 'dance', id: 'nobody' })
    assert.match((await client.expect({ event: 'error', id: 'nobody' })).message, /unknown command dance/)
    client.tell({ cmd: 'close', id: 'nobody' })
    assert.match((await client.expect({ event: 'error', id: 'nobody' })).message, /no client nobody/)
  })
})

describe('the scripts', { timeout: 30_000 }, () => {
  it('tell that nobody listens', async () => {
    const client = new Script('client.mjs')
    client.tell({ cmd: 'connect', id: 'alice', url: 'ws://127.0.0.1:1/rooms/x' })
    assert.match((await client.expect({ event: 'error', id: 'alice' })).message, /ECONNREFUSED/)
    await client.expect({ event: 'closed', id: 'alice' })
    assert.equal(await client.end(), 0)
  })

  it('end with their standard input, and a killed server ends its rooms', async () => {
    const server = new Script('server.mjs')
    const client = new Script('client.mjs')
    const { url } = await server.expect({ event: 'listening' })
    client.tell({ cmd: 'connect', id: 'alice', url: `${url}x`, stepMillis: 10_000 })
    await client.expect({ event: 'connected', id: 'alice' })
    assert.equal(await server.end(), 0)
    assert.equal((await client.expect({ event: 'closed', id: 'alice' })).code, 1006)
    assert.equal(await client.end(), 0)
  })
})

it('the wallet of a private key has the address of that key', () => {
  const made = wallet()
  assert.equal(wallet(made.privateKey).address, made.address)
  // The generator point of secp256k1.
  assert.equal(identity({ key: `0x${'0'.repeat(63)}1` }).address, '0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf')
})
