// What a room server must withstand. Each attack is mounted for real and judged by what the server does about it.
//
// Attacks on the login pass for refused when the server ends the connection and never welcomes it.
// Attacks from inside the room pass for refused when nothing of them reaches another member, nobody else is hurt,
// and the room still lets people in. Whether the attacker may stay is the server's choice; it is told as `attackerEnded`.
import { AuthLinkType } from '@dcl/crypto'
import { identity } from './identity.mjs'
import { login } from './room-client.mjs'
import { Connection, Ended, TimedOut, encode, member } from './wire.mjs'

// Field 1, length 127, one byte: cut off inside a known field.
const UNDECODABLE = Uint8Array.of(0x0a, 0x7f, 0x01)

/** An intruder at the door: one connection that has not logged in. */
class Intruder {
  static async at(url, options) {
    return new Intruder(await Connection.open(url), options)
  }

  constructor(connection, { limitMillis }) {
    this.connection = connection
    this.limitMillis = limitMillis
    this.who = identity()
  }

  identify(address = this.who.address) {
    return this.connection.send('peerIdentification', { address })
  }

  /** The challenge; fails where there is none, because then the attack was never mounted. */
  async challenge() {
    const { packet } = await this.connection.next(this.limitMillis, 'the challenge')
    if (packet?.message?.$case !== 'challengeMessage') {
      throw new Error(`the attack needs a challenge, the server sent ${packet?.message?.$case}`)
    }
    return packet.message.challengeMessage.challengeToSign
  }

  answer(chain) {
    return this.answerText(JSON.stringify(chain))
  }

  answerText(authChainJson) {
    return this.connection.send('signedChallengeForServer', { authChainJson })
  }

  /** Waits for the server's reaction. A challenge where none is due is not a welcome yet: the intruder answers it as well as it can. */
  async verdict() {
    const since = Date.now()
    const facts = {}
    try {
      for (;;) {
        const { packet } = await this.connection.next(this.limitMillis, 'reaction')
        const message = packet?.message
        if (message?.$case === 'welcomeMessage') {
          this.connection.terminate()
          return { refused: false, outcome: 'welcomed', ...facts }
        }
        if (message?.$case === 'peerKicked') {
          facts.kicked = message.peerKicked.reason
        } else if (message?.$case === 'challengeMessage') {
          facts.challenged = true
          await this.answer(this.who.sign(message.challengeMessage.challengeToSign))
        }
      }
    } catch (failure) {
      if (failure instanceof Ended) {
        return { refused: true, outcome: 'ended', ...facts, ...failure.ending, millis: Date.now() - since }
      }
      this.connection.terminate()
      if (failure instanceof TimedOut) {
        return { refused: false, outcome: 'open', ...facts }
      }
      throw failure
    }
  }
}

/** An attack on the login: `mount` does its worst, the server's reaction is the verdict. */
function atTheDoor(mount) {
  return async (url, options) => {
    const intruder = await Intruder.at(url, options)
    try {
      await mount(intruder, url, options)
    } catch (failure) {
      intruder.connection.terminate()
      throw failure
    }
    return intruder.verdict()
  }
}

/** An attack on the login that gives a forged chain in answer to an honest challenge. */
function withChain(forge) {
  return atTheDoor(async (intruder) => {
    await intruder.identify()
    await intruder.answer(forge(intruder.who, await intruder.challenge()))
  })
}

/** The link that a chain begins with, and that anybody can write. */
function signer(payload) {
  return { type: AuthLinkType.SIGNER, payload, signature: '' }
}

/** An honest member of a room. */
async function join(url, { limitMillis }) {
  const connection = await Connection.open(url)
  const who = identity()
  const { alias } = await login(connection, who, { stepMillis: limitMillis })
  return { connection, alias, address: who.address.toLowerCase(), say: (text) => update(connection, alias, Buffer.from(text)) }
}

function update(connection, fromAlias, body) {
  return connection.send('peerUpdateMessage', { fromAlias, body, unreliable: false })
}

/** An attack by somebody who has logged in. `mount` sends; `harmless` judges each message that reached the witness because of it. */
function inTheRoom(mount, harmless = () => false) {
  return async (url, options) => {
    const members = []
    try {
      const witness = await join(url, options)
      members.push(witness)
      const attacker = await join(url, options)
      members.push(attacker)
      await until(witness, options, (it) => isJoin(it, attacker))

      // What follows the attack on the same connection shows that the attack is over, as does the end of that connection.
      const marker = `after the attack of ${attacker.alias}`
      const { ended } = attacker.connection
      const orEnded = (sending) => sending.catch((failure) => Promise.race([ended, afterwards(options, failure)]))
      await orEnded(mount(attacker, witness, options))
      await orEnded(attacker.say(marker))

      const over = (it) => isLeave(it, attacker) || (isUpdate(it, marker) && it.value.fromAlias === attacker.alias)
      const seen = await until(witness, options, over)
      const gone = isLeave(seen.at(-1), attacker)
      const ending = gone && await Promise.race([ended, afterwards(options, new TimedOut('the attacker left but is connected'))])

      // The room is alive: a newcomer gets in and is heard.
      const newcomer = await join(url, options)
      members.push(newcomer)
      const hello = `hello from ${newcomer.alias}`
      await newcomer.say(hello)
      seen.push(...await until(witness, options, (it) => isUpdate(it, hello)))

      const routine = (it) => isLeave(it, attacker) || isJoin(it, newcomer) || isUpdate(it, marker) || isUpdate(it, hello)
      const harm = seen.filter((it) => !routine(it) && !harmless(it, attacker))
      return {
        refused: harm.length === 0,
        outcome: harm.length === 0 ? 'withstood' : 'delivered',
        seen: harm.map(({ $case, value }) => ({ kind: $case, alias: value.fromAlias ?? value.alias, bytes: value.body?.length })),
        attackerEnded: gone,
        ...ending
      }
    } catch (failure) {
      if (failure instanceof Ended || failure instanceof TimedOut) {
        return { refused: false, outcome: 'broken', why: failure.message }
      }
      throw failure
    } finally {
      members.forEach(({ connection }) => connection.terminate())
    }
  }
}

function afterwards({ limitMillis }, failure) {
  return new Promise((_, reject) => setTimeout(reject, limitMillis, failure).unref())
}

function isJoin({ $case, value }, { alias }) {
  return $case === 'peerJoinMessage' && value.alias === alias
}

function isLeave({ $case, value }, { alias }) {
  return $case === 'peerLeaveMessage' && value.alias === alias
}

function isUpdate({ $case, value }, text) {
  return $case === 'peerUpdateMessage' && Buffer.from(value.body).toString() === text
}

/** Reads until a message is found; resolves with that and those before it. */
async function until({ connection }, { limitMillis }, found) {
  const seen = []
  do {
    const { packet, bytes } = await connection.next(limitMillis, 'message to the witness')
    const $case = packet?.message?.$case ?? null
    seen.push({ $case, value: packet?.message?.[$case] ?? { body: bytes } })
  } while (!found(seen.at(-1)))
  return seen
}

export const ATTACKS = {
  // Whose chain is it?
  'impersonation': atTheDoor(async (intruder) => {
    await intruder.identify(identity().address)
    await intruder.answer(intruder.who.sign(await intruder.challenge()))
  }),
  'impersonation-without-delegation': atTheDoor(async (intruder) => {
    await intruder.identify(identity().address)
    await intruder.answer(identity({ delegated: false }).sign(await intruder.challenge()))
  }),
  'stolen-delegation': withChain((who, challenge) => {
    const [, ...signed] = identity().sign(challenge)
    return [signer(who.address), ...signed]
  }),

  // Does the chain prove anything?
  'unsigned-chain': withChain((who, challenge) => [signer(challenge)]),
  'empty-chain': withChain(() => []),
  'signer-only-chain': withChain((who) => [signer(who.address)]),
  'ephemeral-final-chain': withChain((who) => who.delegation),
  'unknown-link-type': withChain((who, challenge) => [
    signer(who.address), { type: 'ECDSA_TRUST_ME', payload: challenge, signature: '0x' }
  ]),
  'second-signer': withChain((who, challenge) => [...who.sign(challenge), signer(challenge)]),
  'tampered-signature': withChain((who, challenge) => {
    const chain = who.sign(challenge)
    const { signature } = chain.at(-1)
    const tampered = signature.slice(0, 10) + (signature[10] === '0' ? '1' : '0') + signature.slice(11)
    return [...chain.slice(0, -1), { ...chain.at(-1), signature: tampered }]
  }),
  'expired-ephemeral': withChain((who, challenge) => identity({ key: who.owner.privateKey, minutes: -1 }).sign(challenge)),
  'other-challenge': withChain((who) => who.sign('dcl-another-challenge')),
  'replayed-chain': atTheDoor(async (intruder, url, options) => {
    const earlier = await Intruder.at(url, options)
    earlier.who = intruder.who
    await earlier.identify()
    const chain = earlier.who.sign(await earlier.challenge())
    await earlier.answer(chain)
    const first = await earlier.verdict()
    if (first.outcome !== 'welcomed') {
      throw new Error(`the chain to replay was not good the first time: ${JSON.stringify(first)}`)
    }
    await earlier.connection.ended
    await intruder.identify()
    await intruder.challenge()
    await intruder.answer(chain)
  }),

  // Is it the protocol at all?
  'bad-address': atTheDoor((intruder) => intruder.identify('0x1234')),
  'garbage-identification': atTheDoor((intruder) => intruder.connection.sendBytes(UNDECODABLE)),
  'text-identification': atTheDoor(({ connection, who }) => {
    return connection.sendBytes(encode(member('peerIdentification', { address: who.address })), { binary: false })
  }),
  'empty-identification': atTheDoor((intruder) => intruder.connection.sendBytes(new Uint8Array(0))),
  'update-before-login': atTheDoor(({ connection }) => update(connection, 1, Buffer.from('hi'))),
  'silence': atTheDoor(async () => {}),
  'garbage-chain': atTheDoor(async (intruder) => {
    await intruder.identify()
    await intruder.challenge()
    await intruder.connection.sendBytes(UNDECODABLE)
  }),
  'no-json-chain': atTheDoor(async (intruder) => {
    await intruder.identify()
    await intruder.challenge()
    await intruder.answerText('[{"type":')
  }),
  'object-chain': atTheDoor(async (intruder) => {
    await intruder.identify()
    await intruder.answerText(JSON.stringify(signer(await intruder.challenge())))
  }),
  'empty-answer': atTheDoor(async (intruder) => {
    await intruder.identify()
    await intruder.challenge()
    await intruder.connection.sendBytes(new Uint8Array(0))
  }),
  'second-identification': atTheDoor(async (intruder) => {
    await intruder.identify()
    await intruder.challenge()
    await intruder.identify(identity().address)
  }),
  'silence-after-challenge': atTheDoor(async (intruder) => {
    await intruder.identify()
    await intruder.challenge()
  }),

  // And once inside?
  'forged-alias': inTheRoom(async (attacker, witness) => {
    for (const fromAlias of [witness.alias, attacker.alias + 1000, 0]) {
      await update(attacker.connection, fromAlias, Buffer.from('not me'))
    }
  }, ({ $case, value }, attacker) => $case === 'peerUpdateMessage' && value.fromAlias === attacker.alias),
  'server-messages-in-room': inTheRoom(async ({ connection }, witness) => {
    await connection.send('welcomeMessage', { alias: witness.alias, peerIdentities: {} })
    await connection.send('peerJoinMessage', { alias: witness.alias, address: witness.address })
    await connection.send('peerLeaveMessage', { alias: witness.alias })
    await connection.send('peerKicked', { reason: 'by the attacker' })
    await connection.send('challengeMessage', { challengeToSign: 'dcl-attack', alreadyConnected: false })
  }),
  'identification-in-room': inTheRoom(async ({ connection }, witness) => {
    await connection.send('peerIdentification', { address: witness.address })
    await connection.send('signedChallengeForServer', { authChainJson: JSON.stringify(identity().sign('dcl-attack')) })
  }),
  'empty-in-room': inTheRoom(({ connection }) => connection.sendBytes(new Uint8Array(0))),
  'text-in-room': inTheRoom(({ connection }) => connection.sendBytes(Buffer.from('a text'), { binary: false })),
  'garbage-in-room': inTheRoom(({ connection }) => connection.sendBytes(UNDECODABLE)),
  'oversized-in-room': inTheRoom(({ connection, alias }, witness, { size }) => update(connection, alias, new Uint8Array(size)))
}

/**
 * Mounts an attack and resolves with {refused, outcome, ...facts}; rejects if it could not be mounted.
 * `limitMillis`: how long to wait for each reaction; `size`: bytes of the oversized body.
 */
export function attack(name, url, { limitMillis = 5000, size = 1_000_000 } = {}) {
  if (!Object.hasOwn(ATTACKS, name)) {
    throw new Error(`unknown attack ${name}; known: ${Object.keys(ATTACKS).join(', ')}`)
  }
  return ATTACKS[name](url, { limitMillis, size })
}
