// What a Node script and a page do alike in rooms of a LiveKit server: commands come in as objects, events go out as objects.
//
//   { do: 'connect', as, url, token }                 connected { peers } or refused { message }
//   { do: 'send', as, data, reliable, topic, to }     sent or failed { message }; data in base64, to a list of identities
//   { do: 'burst', as, sender, session, from, count, bytes, reliable, perSecond }
//                                                     as many stamps (see History.Stamp); perSecond 0 for as fast as it goes. Then burst { millis, sent,
//                                                     failed: [numbers] }
//   { do: 'stop', as }                                ends a burst
//   { do: 'count', as, upTo }                         from now on packets are counted rather than told; at upTo of them, or when told 'counted', counted {
//                                                     count, millis (between the first and the last) }
//   { do: 'counted', as }                           as soon as none has come for half a second
//   { do: 'leave', as }                               left it
//
// Events without being asked: joined and gone { peer }, data { from, data, reliable, topic, at (milliseconds) }, reconnecting, reconnected, disconnected { reason }.
// A classic script, so that a page and Node can both load it; `lib` adapts one of the two libraries.
const QUIET_MILLIS = 500

globalThis.rooms = (lib, say) => {
  const open = new Map()

  const toBase64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
  const fromBase64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0))

  const stamp = (command, number) => {
    const name = new TextEncoder().encode(command.sender)
    const bytes = new Uint8Array(Math.max(command.bytes, 15 + name.length))
    const view = new DataView(bytes.buffer)
    view.setUint8(0, command.reliable ? 1 : 0)
    view.setInt32(1, command.session)
    view.setBigInt64(5, BigInt(number))
    view.setInt16(13, name.length)
    bytes.set(name, 15)
    return bytes
  }

  const until = (time) => new Promise((resolve) => setTimeout(resolve, Math.max(0, time - performance.now())))

  const told = (as) => {
    const state = open.get(as)
    const { count, first, last } = state.counting
    state.counting = undefined
    say({ event: 'counted', as, count, millis: count > 0 ? last - first : 0 })
  }

  const does = {
    async connect({ as, url, token }) {
      const room = new lib.Room()
      const state = { room, counting: undefined, stopped: false }
      open.set(as, state)
      room.on('participantConnected', (peer) => say({ event: 'joined', as, peer: peer.identity }))
      room.on('participantDisconnected', (peer) => say({ event: 'gone', as, peer: peer.identity }))
      room.on('reconnecting', () => say({ event: 'reconnecting', as }))
      room.on('reconnected', () => say({ event: 'reconnected', as }))
      room.on('disconnected', (reason) => say({ event: 'disconnected', as, reason: lib.reason(reason) }))
      room.on('dataReceived', (payload, peer, kind, topic) => {
        const counting = state.counting
        if (counting) {
          counting.last = performance.now()
          counting.first ??= counting.last
          counting.count++
          if (counting.count === counting.upTo) {
            told(as)
          }
          return
        }
        say({ event: 'data', as, from: peer?.identity ?? '', data: toBase64(payload), reliable: lib.isReliable(kind), topic: topic ?? '', at: performance.now() })
      })
      try {
        const begin = performance.now()
        await lib.connect(room, url, token)
        say({ event: 'connected', as, millis: performance.now() - begin, peers: Array.from(room.remoteParticipants.values(), (peer) => peer.identity) })
      } catch (error) {
        say({ event: 'refused', as, message: String(error.message ?? error) })
      }
    },

    async send({ as, data, reliable, topic, to }) {
      try {
        await lib.publish(open.get(as).room, fromBase64(data), reliable, topic, to)
        say({ event: 'sent', as })
      } catch (error) {
        say({ event: 'failed', as, message: String(error.message ?? error) })
      }
    },

    async burst(command) {
      const failed = []
      const begin = performance.now()
      const state = open.get(command.as)
      state.stopped = false
      let i = 0
      for (; i < command.count && !state.stopped; i++) {
        if (command.perSecond > 0) {
          await until(begin + (i * 1000) / command.perSecond)
        }
        try {
          await lib.publish(state.room, stamp(command, command.from + i), command.reliable)
        } catch (error) {
          failed.push(command.from + i)
        }
      }
      say({ event: 'burst', as: command.as, millis: performance.now() - begin, sent: i, failed })
    },

    stop({ as }) {
      open.get(as).stopped = true
    },

    count({ as, upTo }) {
      open.get(as).counting = { upTo, count: 0, first: undefined, last: undefined }
      say({ event: 'counting', as })
    },

    async counted({ as }) {
      const state = open.get(as)
      while (state.counting && performance.now() - (state.counting.last ?? 0) < QUIET_MILLIS) {
        await until(performance.now() + QUIET_MILLIS)
      }
      if (state.counting) {
        told(as)
      }
    },

    async leave({ as }) {
      const { room } = open.get(as)
      open.delete(as)
      await room.disconnect()
      say({ event: 'left', as })
    },
  }

  return (command) => does[command.do](command)
}
