// Counts what a server streams: node receive.mjs PORT [WARMUP]
//
// The server sends WsPacket{peer_update_message{from_alias 1, body, unreliable true}}, the body an rfc4 Movement, and closes with 1000.
// Each is decoded, its sender looked up, and handed to a listener, as in the shipping clients. The first WARMUP messages are not measured.
import { Meter, number } from './meter.mjs'
import { NAME, Packet, WsPacket, connect } from './peer.mjs'

const port = number(2, 'PORT', 1)
const warmup = number(3, 'WARMUP', 0, 0)

const addresses = new Map([[1, '0x3cf8192b993785eef2ce44cc0821089fe12851dc']])
const meter = new Meter(NAME)
let seen = 0
let movements = 0
let bytes = 0
let sum = 0

function listener(address, packet) {
  if (packet.message?.$case === 'movement') {
    movements += 1
    sum += packet.message.movement.positionX
  }
}

const socket = connect(port)
socket.on('message', (data) => {
  if (seen === warmup) {
    meter.start()
  }
  seen += 1
  bytes += data.length
  const { message } = WsPacket.decode(data)
  if (message?.$case === 'peerUpdateMessage') {
    const address = addresses.get(message.peerUpdateMessage.fromAlias)
    if (address !== undefined) {
      listener(address, Packet.decode(message.peerUpdateMessage.body))
    }
  }
})
socket.on('close', (code) => {
  if (code !== 1000 || seen <= warmup || movements !== seen) {
    console.error(`closed with ${code} after ${seen} messages, of which ${movements} were movements; warm-up ${warmup}`)
    process.exitCode = 1
    return
  }
  meter.report('receive', seen - warmup, { bytesPerMessage: Math.round(bytes / seen), sum: Math.round(sum) })
})
