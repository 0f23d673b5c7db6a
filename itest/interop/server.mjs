// Runs the reference room server, @dcl/mini-comms, as published, on a loopback port.
//
//   node server.mjs [PORT]        0 or nothing: a free port
//
// Prints {"event":"listening","port":N,"url":"ws://127.0.0.1:N/rooms/"} once it answers; logs to standard error.
// Ends with its standard input.
import { createRequire } from 'node:module'

const reference = createRequire(import.meta.resolve('@dcl/mini-comms/dist/index.js'))
const { Lifecycle } = reference('@well-known-components/interfaces')
const { getUnderlyingServer } = reference('@well-known-components/http-server')
const { initComponents } = reference('./components')
const { main } = reference('./service')

const HOST = '127.0.0.1'

process.env.HTTP_SERVER_HOST = HOST
process.env.HTTP_SERVER_PORT = process.argv[2] ?? '0'

// A test that is killed cannot clean up, but the pipe it held is closed for it.
process.stdin.on('end', () => process.exit(0)).on('error', () => process.exit(0)).resume()

// What dist/index.js of the package does, kept apart only to learn the port that the system gave.
const program = await Lifecycle.run({ main, initComponents })
const server = await getUnderlyingServer(program.components.server)
const { port } = server.address()

const status = await fetch(`http://${HOST}:${port}/status`)
if (!status.ok) {
  throw new Error(`the reference server answers ${status.status} to /status`)
}
await status.text()
console.log(JSON.stringify({ event: 'listening', port, url: `ws://${HOST}:${port}/rooms/` }))
