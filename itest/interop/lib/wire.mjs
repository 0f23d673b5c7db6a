// The wire of a ws-room (rfc5, ADR-105): one WebSocket, binary messages, each of them a WsPacket.
import WebSocket from 'ws'
import rfc5 from '@dcl/protocol/out-js/decentraland/kernel/comms/rfc5/ws_comms.gen.js'
import rfc4 from '@dcl/protocol/out-js/decentraland/kernel/comms/rfc4/comms.gen.js'

export const { WsPacket } = rfc5
export const { Packet } = rfc4

/** The connection ended while something was waited for. */
export class Ended extends Error {
  constructor(ending, what) {
    super(`the connection ended (${ending.code} ${ending.reason}) while waiting for ${what}`)
    this.ending = ending
  }
}

/** Nothing came in time. */
export class TimedOut extends Error {}

/** The bytes of a WsPacket; `message` is a member of the oneof as ts-proto holds it: {$case, [$case]: {...}}. */
export function encode(message) {
  return WsPacket.encode({ message }).finish()
}

/** A member of the WsPacket oneof. */
export function member($case, value) {
  return { $case, [$case]: value }
}

/** A WebSocket whose messages are WsPackets, read one after the other or by a sink. */
export class Connection {
  /** Resolves with {code, reason} when the WebSocket is closed; never rejects. */
  ended
  #socket
  #ending
  #inbox = []
  #waiting = null
  #sink = null

  constructor(socket) {
    this.#socket = socket
    socket.on('message', (data, binary) => this.#arrived(data, binary))
    // An error is always followed by close, which tells the code.
    socket.on('error', (error) => { this.error = error })
    this.ended = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        this.#ending = { code, reason: reason.toString() }
        this.#waiting?.reject()
        resolve(this.#ending)
      })
    })
  }

  /** Opens a WebSocket as the shipping clients do, offering rfc5 before rfc4; rejects if the server does not upgrade. */
  static async open(url, { protocols = ['rfc5', 'rfc4'], limitMillis = 10_000 } = {}) {
    const socket = new WebSocket(url, protocols, { handshakeTimeout: limitMillis })
    const connection = new Connection(socket)
    await new Promise((resolve, reject) => {
      socket.once('open', resolve)
      socket.once('close', (code) => reject(connection.error ?? new Error(`closed with ${code} before it was open`)))
    })
    return connection
  }

  get isOpen() {
    return this.#socket.readyState === WebSocket.OPEN
  }

  /** The sub-protocol that the server chose; '' if it chose none. */
  get protocol() {
    return this.#socket.protocol
  }

  /** Sends a member of the WsPacket oneof. */
  send($case, value) {
    return this.sendBytes(encode(member($case, value)))
  }

  /** Sends one message of any bytes; resolves when it has left, rejects if it cannot. A text message is the bytes read as UTF-8. */
  sendBytes(bytes, { binary = true } = {}) {
    return new Promise((resolve, reject) => {
      this.#socket.send(bytes, { binary }, (error) => (error ? reject(error) : resolve()))
    })
  }

  /** The next message: {bytes, binary, packet} or, if it is no WsPacket, {bytes, binary, failure}. */
  async next(limitMillis, what) {
    if (this.#inbox.length === 0 && !this.#ending) {
      await new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new TimedOut(`no ${what} within ${limitMillis} ms`)), limitMillis)
        const done = () => {
          clearTimeout(timer)
          resolve()
        }
        this.#waiting = { resolve: done, reject: done }
      }).finally(() => { this.#waiting = null })
    }
    if (this.#inbox.length > 0) {
      return this.#inbox.shift()
    }
    throw new Ended(this.#ending, what)
  }

  /** Hands over everything that has come and will come. */
  readInto(sink) {
    this.#sink = sink
    this.#inbox.splice(0).forEach(sink)
  }

  close(code, reason) {
    this.#socket.close(code, reason)
  }

  /** Drops the TCP connection without a closing handshake. */
  terminate() {
    this.#socket.terminate()
  }

  #arrived(bytes, binary) {
    const message = { bytes, binary }
    try {
      message.packet = WsPacket.decode(bytes)
    } catch (failure) {
      message.failure = failure
    }
    if (this.#sink) {
      this.#sink(message)
    } else {
      this.#inbox.push(message)
      this.#waiting?.resolve()
    }
  }
}
