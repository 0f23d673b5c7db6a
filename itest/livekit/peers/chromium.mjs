// Rooms of a LiveKit server by livekit-client, in a page of headless Chromium (the command in the first argument): commands and events (rooms.js) as
// JSON lines on standard input and file 3. Ends, with the browser, with its standard input.
import { createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const file = (path) => fileURLToPath(new URL(path, import.meta.url))
const out = createWriteStream(null, { fd: 3 })
const fail = (error) => {
  console.error(error)
  process.exit(1)
}

const browser = await chromium.launch({
  executablePath: process.argv[2],
  args: [
    '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update', '--disable-sync',
    // The addresses of the namespace are no secret, and there is no resolver for names that hide them; a page from nowhere may use loopback.
    '--disable-features=WebRtcHideLocalIpsWithMdns,LocalNetworkAccessChecks',
  ],
})
const page = await browser.newPage()
page.on('console', (message) => console.error(message.text().slice(0, 300)))
page.on('pageerror', (error) => console.error(error))
page.on('crash', () => fail('the page crashed'))
await page.exposeFunction('tell', (lines) => void out.write(lines))
// A page of its own, from nowhere: no server has to serve it.
await page.route('http://localhost/', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>rooms</title>' }))
await page.goto('http://localhost/')
await page.addScriptTag({ path: file('../node_modules/livekit-client/dist/livekit-client.umd.js') })
await page.addScriptTag({ path: file('rooms.js') })
await page.evaluate(() => {
  const { DataPacket_Kind, DisconnectReason, Room } = globalThis.LivekitClient
  let waiting = ''
  const say = (event) => {
    if (waiting === '') {
      // many at once: each call out of the page costs a round trip
      setTimeout(() => {
        const lines = waiting
        waiting = ''
        globalThis.tell(lines)
      }, 5)
    }
    waiting += JSON.stringify(event) + '\n'
  }
  globalThis.handle = globalThis.rooms(
    {
      Room,
      connect: (room, url, token) => room.connect(url, token, { autoSubscribe: false }),
      publish: (room, bytes, reliable, topic, to) => room.localParticipant.publishData(bytes, { reliable, topic, destinationIdentities: to }),
      isReliable: (kind) => kind === DataPacket_Kind.RELIABLE,
      reason: (reason) => DisconnectReason[reason] ?? String(reason),
    },
    say,
  )
})

createInterface({ input: process.stdin })
  .on('line', (line) => page.evaluate((command) => void globalThis.handle(command), JSON.parse(line)).catch(fail))
  .on('close', () => browser.close().finally(() => process.exit(0)))
out.write('{"event":"ready"}\n')
