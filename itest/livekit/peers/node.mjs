// Rooms of a LiveKit server by @livekit/rtc-node: commands and events (rooms.js) as JSON lines on standard input and file 3,
// since the library logs on standard output. Ends with its standard input.
import { createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { DataPacketKind, DisconnectReason, Room, dispose } from '@livekit/rtc-node'
import './rooms.js'

const lib = {
  Room,
  connect: (room, url, token) => room.connect(url, token, { autoSubscribe: false, dynacast: false }),
  publish: (room, bytes, reliable, topic, to) => room.localParticipant.publishData(bytes, { reliable, topic, destination_identities: to }),
  isReliable: (kind) => kind === DataPacketKind.KIND_RELIABLE,
  reason: (reason) => DisconnectReason[reason] ?? String(reason),
}

const out = createWriteStream(null, { fd: 3 })
const say = (event) => out.write(JSON.stringify(event) + '\n')
const handle = globalThis.rooms(lib, say)
const fail = (error) => {
  console.error(error)
  process.exit(1)
}

createInterface({ input: process.stdin })
  .on('line', (line) => Promise.resolve(handle(JSON.parse(line))).catch(fail))
  .on('close', () => dispose().finally(() => process.exit(0)))
say({ event: 'ready' })
