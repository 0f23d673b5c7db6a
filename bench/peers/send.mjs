// Sends as fast as it can: node send.mjs PORT COUNT [WARMUP]
//
// COUNT times: build an rfc4 Movement, encode it, wrap it into WsPacket{peer_update_message}, send. Measured until the last has left.
// The WARMUP messages before them are not measured. Closes with 1000.
import protobuf from 'protobufjs/minimal.js'
import { Meter, number } from './meter.mjs'
import { NAME, Packet, WsPacket, connect, movement } from './peer.mjs'

const MAX_BUFFERED_BYTES = 1 << 20

const port = number(2, 'PORT', 1)
const count = number(3, 'COUNT', 1)
const warmup = number(4, 'WARMUP', 0, 0)

// One writer for all messages, as the shipping clients have it.
const writer = protobuf.Writer.create()

function craft(packet) {
  writer.reset()
  WsPacket.encode(packet, writer)
  return writer.finish()
}

const socket = connect(port)
const loop = () => new Promise((resolve) => { setImmediate(resolve) })

async function send(from, to) {
  let last
  for (let step = from; step < to; step += 1) {
    while (socket.bufferedAmount > MAX_BUFFERED_BYTES) {
      await loop()
    }
    if (socket.readyState !== socket.OPEN) {
      throw new Error(`the server hung up after ${step} messages`)
    }
    const body = Packet.encode(movement(step)).finish()
    last = craft({ message: { $case: 'peerUpdateMessage', peerUpdateMessage: { fromAlias: 0, body, unreliable: true } } })
    socket.send(last)
  }
  while (socket.bufferedAmount > 0) {
    await loop()
  }
  return last
}

socket.on('open', async () => {
  try {
    await send(0, warmup)
    const meter = new Meter(NAME)
    meter.start()
    const last = await send(warmup, warmup + count)
    meter.report('send', count, { bytesOfLast: last.length })
    socket.close(1000)
  } catch (failure) {
    console.error(failure.message)
    process.exitCode = 1
    socket.terminate()
  }
})
