// A room server that believes everything and passes everything on: what the attacks must succeed against, or they prove nothing.
import { WebSocketServer } from 'ws'
import { encode, member } from '../lib/wire.mjs'

export async function gullibleServer() {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await new Promise((resolve) => server.once('listening', resolve))
  const room = new Map()
  let aliases = 0
  let challenges = 0
  server.on('connection', (socket) => {
    const alias = ++aliases
    const tellOthers = (bytes) => [...room].filter(([other]) => other !== alias).forEach(([, it]) => it.send(bytes))
    let steps = 0
    const step = () => {
      steps += 1
      if (steps === 1) {
        socket.send(encode(member('challengeMessage', { challengeToSign: `dcl-${++challenges}`, alreadyConnected: false })))
      } else if (steps === 2) {
        room.set(alias, socket)
        socket.send(encode(member('welcomeMessage', { alias, peerIdentities: {} })))
        tellOthers(encode(member('peerJoinMessage', { alias, address: `0x${'0'.repeat(40)}` })))
      }
    }
    socket.on('message', (bytes) => (steps < 2 ? step() : tellOthers(bytes)))
    socket.on('close', () => {
      if (room.delete(alias)) {
        tellOthers(encode(member('peerLeaveMessage', { alias })))
      }
    })
  })
  return {
    url: `ws://127.0.0.1:${server.address().port}/rooms/`,
    close() {
      server.clients.forEach((it) => it.terminate())
      server.close()
    }
  }
}
