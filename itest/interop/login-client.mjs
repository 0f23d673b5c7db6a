// Logs in as the shipping clients do: decentraland-crypto-fetch, as published, with a wallet of its own.
//
//   node login-client.mjs
//
// Reads JSON lines: {"id","url","metadata","aheadMillis","repeat"}, all but the first two optional (repeat: the same request was made before);
// answers {"event":"answer","id","status","body","retryAfter","address","headers"}, headers being what was sent.
// Ends with its standard input.
import { createInterface } from 'node:readline'
import fetchPackage from 'decentraland-crypto-fetch'
import { Authenticator } from '@dcl/crypto'
import { wallet } from './lib/identity.mjs'

const { signedFetchFactory } = fetchPackage

const METADATA = { origin: 'https://play.decentraland.org', intent: 'dcl:explorer:comms-handshake', signer: 'dcl:explorer', isGuest: true }

async function login({ id, url, metadata = METADATA, aheadMillis = 0, repeat }) {
  const owner = wallet()
  const identity = await Authenticator.initializeAuthChain(owner.address, wallet(), 10, async (message) => Authenticator.createSignature(owner, message))
  const sent = {}
  const signedFetch = signedFetchFactory({
    fetch: async (request) => {
      request.headers.forEach((value, name) => { sent[name] = value })
      if (repeat) {
        await fetch(request.clone())
      }
      return fetch(request)
    }
  })
  const now = Date.now
  Date.now = () => now() + aheadMillis
  let asked
  try {
    asked = signedFetch(url, { method: 'POST', metadata, identity })
  } finally {
    Date.now = now
  }
  const response = await asked
  const text = await response.text()
  console.log(JSON.stringify({ event: 'answer', id, status: response.status, body: JSON.parse(text), retryAfter: response.headers.get('retry-after'), address: owner.address, headers: sent }))
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const command = JSON.parse(line)
  login(command).catch((error) => console.log(JSON.stringify({ event: 'error', id: command.id, message: String(error) })))
}).on('close', () => process.exit(0))
