// The peers measure what they say they measure.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { WebSocketServer } from 'ws'
import { Packet, WsPacket, movement } from '../peer.mjs'

const COUNT = 20_000
const WARMUP = 5_000

async function run(script, ...args) {
  const peer = spawn(process.execPath, [fileURLToPath(new URL(`../${script}`, import.meta.url)), ...args.map(String)])
  let stdout = ''
  let stderr = ''
  peer.stdout.on('data', (text) => { stdout += text })
  peer.stderr.on('data', (text) => { stderr += text })
  const [code] = await once(peer, 'close')
  return { code, stdout, stderr }
}

function update(step) {
  const body = Packet.encode(movement(step)).finish()
  return WsPacket.encode({ message: { $case: 'peerUpdateMessage', peerUpdateMessage: { fromAlias: 1, body, unreliable: true } } }).finish()
}

describe('the peers', { timeout: 60_000 }, () => {
  let server
  let port

  before(async () => {
    server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
    await once(server, 'listening')
    port = server.address().port
  })
  after(() => server.close())

  it('receive: counts what comes after the warm-up', async () => {
    server.once('connection', (socket) => {
      for (let step = 0; step < WARMUP + COUNT; step += 1) {
        socket.send(update(step))
      }
      socket.close(1000)
    })
    const { code, stdout, stderr } = await run('receive.mjs', port, WARMUP)
    assert.equal(code, 0, stderr)
    const report = JSON.parse(stdout)
    assert.equal(report.event, 'receive')
    assert.equal(report.messages, COUNT)
    assert.ok(report.cpuNanosPerMessage > 0 && report.wallMillis > 0, stdout)
    assert.ok(Math.abs(report.sum - 100 * (WARMUP + COUNT)) < WARMUP, stdout)
  })

  it('receive: a stream that breaks off is no result', async () => {
    server.once('connection', (socket) => socket.send(update(0), () => socket.terminate()))
    const { code, stdout, stderr } = await run('receive.mjs', port)
    assert.equal(code, 1)
    assert.equal(stdout, '')
    assert.match(stderr, /closed with 1006 after 1 messages/)
  })

  it('send: sends that many different movements', async () => {
    const steps = new Set()
    let received = 0
    server.once('connection', (socket) => socket.on('message', (data) => {
      const { message } = WsPacket.decode(data)
      const packet = Packet.decode(message.peerUpdateMessage.body)
      received += 1
      steps.add(packet.message.movement.timestamp)
      assert.equal(packet.protocolVersion, 100)
    }))
    const { code, stdout, stderr } = await run('send.mjs', port, COUNT, WARMUP)
    assert.equal(code, 0, stderr)
    const report = JSON.parse(stdout)
    assert.equal(report.event, 'send')
    assert.equal(report.messages, COUNT)
    assert.ok(report.cpuNanosPerMessage > 0, stdout)
    assert.equal(received, COUNT + WARMUP)
    assert.equal(steps.size, COUNT + WARMUP)
  })

  it('send: a server that hangs up is no result', async () => {
    server.once('connection', (socket) => socket.terminate())
    const { code, stdout } = await run('send.mjs', port, 1_000_000)
    assert.equal(code, 1)
    assert.equal(stdout, '')
  })

  it('chain: validates chains of three links', async () => {
    const { code, stdout, stderr } = await run('chain.mjs', 20, 5)
    assert.equal(code, 0, stderr)
    const report = JSON.parse(stdout)
    assert.equal(report.event, 'chain')
    assert.equal(report.messages, 20)
    assert.ok(report.cpuNanosPerMessage > 0, stdout)
  })

  it('refuse nonsense', async () => {
    assert.equal((await run('send.mjs', port, 'many')).code, 2)
    assert.equal((await run('receive.mjs', 1)).code, 1)
  })
})
