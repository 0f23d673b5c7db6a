// A ws-room client that talks as the shipping TypeScript clients do: identification, challenge, signed chain, welcome, updates.
import { Connection, Packet, encode, member } from './wire.mjs'

/**
 * Logs in on an open connection and resolves with {alias, peers, challenge, alreadyConnected}.
 * The shipping clients give each of the server's answers one second.
 */
export async function login(connection, { address, sign }, { stepMillis = 1000 } = {}) {
  connection.send('peerIdentification', { address }).catch(() => {})
  let answer = await read(connection, stepMillis, 'the challenge')
  let challenge = null
  if (answer.$case === 'challengeMessage') {
    challenge = answer.challengeMessage
    const authChainJson = JSON.stringify(sign(challenge.challengeToSign))
    connection.send('signedChallengeForServer', { authChainJson }).catch(() => {})
    answer = await read(connection, stepMillis, 'the welcome')
  }
  if (answer.$case === 'peerKicked') {
    throw new Kicked(answer.peerKicked.reason)
  }
  if (answer.$case !== 'welcomeMessage') {
    throw new Error(`the server sent ${answer.$case} instead of a ${challenge ? 'welcome' : 'challenge'}`)
  }
  return {
    alias: answer.welcomeMessage.alias,
    peers: new Map(Object.entries(answer.welcomeMessage.peerIdentities).map(([alias, peer]) => [Number(alias), peer])),
    challenge: challenge?.challengeToSign ?? null,
    alreadyConnected: challenge?.alreadyConnected ?? false
  }
}

/** The server refused the login, with a reason. */
export class Kicked extends Error {
  constructor(reason) {
    super(`kicked: ${reason}`)
    this.reason = reason
  }
}

async function read(connection, limitMillis, what) {
  const { packet, failure } = await connection.next(limitMillis, what)
  if (failure) {
    throw failure
  }
  if (!packet.message) {
    throw new Error(`the server sent an empty packet instead of ${what}`)
  }
  return packet.message
}

/** One client in one room. Everything that happens to it goes to `tell({event, ...})`; `closed` is always the last event. */
export class RoomClient {
  #tell
  #connection = null
  #alias = 0
  #peers = new Map()

  constructor(tell) {
    this.#tell = tell
  }

  async connect(url, who, { protocols, stepMillis } = {}) {
    try {
      this.#connection = await Connection.open(url, { protocols })
    } catch (failure) {
      this.#tell({ event: 'error', phase: 'open', message: failure.message })
      this.#tell({ event: 'closed', code: 1006, reason: '' })
      return
    }
    const connection = this.#connection
    try {
      const room = await login(connection, who, { stepMillis })
      this.#alias = room.alias
      this.#peers = room.peers
      this.#tell({
        event: 'connected',
        alias: room.alias,
        address: who.address,
        peers: Object.fromEntries(room.peers),
        protocol: connection.protocol,
        challenge: room.challenge,
        alreadyConnected: room.alreadyConnected
      })
      connection.readInto((message) => this.#read(message))
    } catch (failure) {
      if (failure instanceof Kicked) {
        this.#tell({ event: 'kicked', phase: 'login', reason: failure.reason })
      } else {
        this.#tell({ event: 'error', phase: 'login', message: failure.message })
      }
      connection.close()
    }
    this.#tell({ event: 'closed', ...await connection.ended })
  }

  /** Sends an rfc4 Packet, given as ts-proto's JSON. */
  send(packet, unreliable) {
    return this.sendBody(Packet.encode(Packet.fromJSON(packet)).finish(), unreliable)
  }

  /** Sends any bytes as the body of an update. */
  async sendBody(body, unreliable = false) {
    await this.sendFrame(encode(member('peerUpdateMessage', { fromAlias: this.#alias, body, unreliable })))
    return body.length
  }

  /** Sends one WebSocket message of any bytes. */
  sendFrame(bytes, options) {
    if (!this.#connection) {
      throw new Error('not connected')
    }
    return this.#connection.sendBytes(bytes, options)
  }

  close(code, reason) {
    this.#connection?.close(code, reason)
  }

  terminate() {
    this.#connection?.terminate()
  }

  #read({ bytes, packet, failure }) {
    if (failure) {
      this.#tell({ event: 'error', phase: 'room', message: failure.message, raw: bytes.toString('hex') })
      return
    }
    const { message } = packet
    switch (message?.$case) {
      case 'peerJoinMessage': {
        const { alias, address } = message.peerJoinMessage
        this.#peers.set(alias, address)
        this.#tell({ event: 'joined', alias, address })
        break
      }
      case 'peerLeaveMessage': {
        const { alias } = message.peerLeaveMessage
        const address = this.#peers.get(alias)
        if (this.#peers.delete(alias)) {
          this.#tell({ event: 'left', alias, address })
        } else {
          this.#tell({ event: 'ignored', why: 'leave of an unknown alias', alias })
        }
        break
      }
      case 'peerUpdateMessage':
        this.#received(message.peerUpdateMessage)
        break
      case 'peerKicked':
        this.#tell({ event: 'kicked', phase: 'room', reason: message.peerKicked.reason })
        this.#connection.close()
        break
      default:
        this.#tell({ event: 'ignored', why: message ? `${message.$case} in the room` : 'empty packet', raw: bytes.toString('hex') })
    }
  }

  #received({ fromAlias, body, unreliable }) {
    const raw = Buffer.from(body).toString('hex')
    const address = this.#peers.get(fromAlias)
    if (address === undefined) {
      this.#tell({ event: 'ignored', why: 'update of an unknown alias', alias: fromAlias, raw })
      return
    }
    const received = { event: 'received', address, alias: fromAlias, unreliable, raw, kind: null, packet: null }
    try {
      const packet = Packet.decode(body)
      received.kind = packet.message?.$case ?? null
      received.packet = Packet.toJSON(packet)
    } catch (failure) {
      received.failure = failure.message
    }
    this.#tell(received)
  }
}
