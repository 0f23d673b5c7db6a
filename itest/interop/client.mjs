// The reference client, steered by JSON lines: commands on standard input, events on standard output. README.md lists both.
import { createInterface } from 'node:readline'
import { ATTACKS, attack } from './lib/attacks.mjs'
import { identity } from './lib/identity.mjs'
import { RoomClient } from './lib/room-client.mjs'

const clients = new Map()

const commands = {
  async connect({ id, url, key, delegated, protocols, stepMillis }) {
    if (clients.has(id)) {
      throw new Error(`there is a client ${id} already`)
    }
    const client = new RoomClient((event) => {
      if (event.event === 'closed') {
        clients.delete(id)
      }
      tell(id, event)
    })
    clients.set(id, client)
    await client.connect(url, identity({ key, delegated }), { protocols, stepMillis })
  },
  async send({ id, packet, unreliable }) {
    tell(id, { event: 'sent', bytes: await client(id).send(packet, unreliable) })
  },
  async sendRaw({ id, hex, unreliable }) {
    tell(id, { event: 'sent', bytes: await client(id).sendBody(bytes(hex), unreliable) })
  },
  async sendWs({ id, hex }) {
    await client(id).sendFrame(bytes(hex))
    tell(id, { event: 'sent', bytes: hex.length / 2 })
  },
  async sendText({ id, text }) {
    await client(id).sendFrame(Buffer.from(text), { binary: false })
    tell(id, { event: 'sent', bytes: Buffer.byteLength(text) })
  },
  close({ id, code, reason }) {
    client(id).close(code, reason)
  },
  terminate({ id }) {
    client(id).terminate()
  },
  attacks({ id }) {
    tell(id, { event: 'attacks', names: Object.keys(ATTACKS) })
  },
  async attack({ id, attack: name, url, ...options }) {
    tell(id, { event: 'attacked', attack: name, ...await attack(name, url, options) })
  }
}

function client(id) {
  const found = clients.get(id)
  if (!found) {
    throw new Error(`there is no client ${id}`)
  }
  return found
}

function bytes(hex) {
  if (!/^([0-9a-f]{2})*$/i.test(hex)) {
    throw new Error(`not hex: ${hex}`)
  }
  return Buffer.from(hex, 'hex')
}

function tell(id, { event, ...rest }) {
  console.log(JSON.stringify({ event, id, ...rest }))
}

async function run(line) {
  let id
  try {
    const command = JSON.parse(line)
    id = command.id
    if (!Object.hasOwn(commands, command.cmd)) {
      throw new Error(`unknown command ${command.cmd}; known: ${Object.keys(commands).join(', ')}`)
    }
    await commands[command.cmd](command)
  } catch (failure) {
    tell(id, { event: 'error', phase: 'command', message: failure.message })
  }
}

// The first signature of a process takes a good part of the second that servers give for it.
identity().sign('dcl-warm-up')

// Not awaited: a command that waits (a login, an attack) must not hold up the next one.
createInterface({ input: process.stdin }).on('line', run).on('close', () => process.exit(0))
