// A signed-login server whose verification is @dcl/platform-crypto-middleware, as published, on a free loopback port.
//
//   node login-server.mjs CONNECTION-STRING
//
// Answers every good login with {"fixedAdapter":CONNECTION-STRING}, and what the middleware throws as worlds do: its status and {"ok":false,"message":…}.
// Prints {"event":"listening","url":"http://127.0.0.1:N/"} once it listens, then {"event":"login","auth","metadata","headers"} or {"event":"refused","status","message"}.
// Ends with its standard input.
import { createServer } from 'node:http'
import middleware from '@dcl/platform-crypto-middleware'

const HOST = '127.0.0.1'
const fixedAdapter = process.argv[2]

const say = (event) => console.log(JSON.stringify(event))

const server = createServer(async (request, response) => {
  let status = 200
  let body
  try {
    const { pathname } = new URL(request.url, `http://${HOST}`)
    const { auth, authMetadata } = await middleware.verify(request.method, pathname, request.headers, {})
    say({ event: 'login', auth, metadata: authMetadata, headers: request.headers })
    body = { fixedAdapter }
  } catch (error) {
    status = error.statusCode ?? 500
    body = { ok: false, message: error.message }
    say({ event: 'refused', status, message: error.message })
  }
  const text = JSON.stringify(body)
  // in chunks, as Node does without a length
  response.writeHead(status, { 'content-type': 'application/json' }).end(text)
})
server.listen(0, HOST, () => say({ event: 'listening', url: `http://${HOST}:${server.address().port}/` }))

process.stdin.on('end', () => process.exit(0)).on('error', () => process.exit(0)).resume()
