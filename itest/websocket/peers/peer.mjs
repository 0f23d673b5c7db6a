// Node `ws`, both roles, steered by lines on standard input; see README.md. Ends with its standard input.
import { readFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { createInterface } from 'node:readline'
import { WebSocket, WebSocketServer } from 'ws'

const LIMIT = 1 << 20
const sockets = new Map()

const tell = (...words) => process.stdout.write(words.join(' ') + '\n')

function pattern(size) {
  return Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8) * 17 + 7) & 255)
}

function serve(id, socket) {
  sockets.set(id, socket)
  socket.on('message', (data, binary) => socket.send(data, { binary }))
  socket.on('pong', (data) => tell(id, 'pong', data))
  socket.on('error', (error) => tell(id, 'error', error.message))
  socket.on('close', (code, reason) => {
    sockets.delete(id)
    tell(id, 'closed', code, reason)
  })
}

function listen(cert, key) {
  const server = cert === '-' ? http.createServer() : https.createServer({ cert: readFileSync(cert), key: readFileSync(key) })
  const handleProtocols = (offered, request) => !request.url.endsWith('/none') && offered.has('rfc5') && 'rfc5'
  new WebSocketServer({ server, maxPayload: LIMIT, handleProtocols }).on('connection', (socket, request) => {
    const id = request.url.split('/')[1]
    serve(id, socket)
    tell(id, 'open', socket.protocol || '-')
  })
  server.listen(0, '127.0.0.1', () => tell('listening', server.address().port))
}

function connect(id, url, protocols, ca) {
  const socket = new WebSocket(url, protocols === '-' ? [] : protocols.split(','), {
    maxPayload: LIMIT, ca: ca === '-' ? undefined : readFileSync(ca)
  })
  const failed = (error) => tell(id, 'failed', error.message)
  socket.once('error', failed)
  socket.once('open', () => {
    socket.off('error', failed)
    serve(id, socket)
    tell(id, 'open', socket.protocol || '-')
  })
}

function fragments(socket, size, count) {
  const whole = pattern(size)
  const part = Math.ceil(size / count)
  for (let i = 0; i < count; i++) {
    socket.send(whole.subarray(i * part, (i + 1) * part), { binary: true, fin: i === count - 1 })
  }
}

function burst(id, socket, count, size) {
  for (let i = 0; i < count; i++) {
    const message = Buffer.alloc(size)
    message.writeInt32BE(i)
    socket.send(message, i < count - 1 ? undefined : () => tell(id, 'sent'))
  }
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const [first, verb, ...rest] = line.split(' ')
  if (first === 'listen') {
    listen(verb, rest[0])
  } else if (verb === 'connect') {
    connect(first, ...rest)
  } else {
    const socket = sockets.get(first)
    switch (verb) {
      case 'fragments': return fragments(socket, Number(rest[0]), Number(rest[1]))
      case 'burst': return burst(first, socket, Number(rest[0]), Number(rest[1]))
      case 'ping': return socket.ping(rest[0])
      case 'pause': return socket.pause()
      case 'resume': return socket.resume()
      case 'close': return rest.length === 0 ? socket.close() : socket.close(Number(rest[0]), rest.slice(1).join(' '))
      default: throw new Error('expected a command, got ' + line)
    }
  }
}).on('close', () => process.exit())
