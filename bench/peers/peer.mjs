// What both clients share: the connection and the message.
import { createRequire } from 'node:module'
import rfc4 from '@dcl/protocol/out-js/decentraland/kernel/comms/rfc4/comms.gen.js'
import rfc5 from '@dcl/protocol/out-js/decentraland/kernel/comms/rfc5/ws_comms.gen.js'
import WebSocket from 'ws'

export const { Packet } = rfc4
export const { WsPacket } = rfc5

const { version } = createRequire(import.meta.url)('ws/package.json')

export const NAME = `ws ${version} + ts-proto, Node ${process.version}`

/** Connects to a server on loopback as the shipping clients do, but says nothing. */
export function connect(port) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/rooms/bench`, ['rfc5', 'rfc4'])
  socket.on('error', (error) => {
    console.error(error.message)
    process.exitCode = 1
  })
  return socket
}

/** An avatar that walks in circles, looks around and points: every message differs, and fills 87 bytes or a little less. */
export function movement(step) {
  const angle = step / 100
  return {
    message: {
      $case: 'movement',
      movement: {
        timestamp: step / 10,
        positionX: 100 + 10 * Math.cos(angle),
        positionY: 0.5,
        positionZ: 100 + 10 * Math.sin(angle),
        velocityX: -Math.sin(angle),
        velocityY: 0,
        velocityZ: Math.cos(angle),
        movementBlendValue: 1,
        slideBlendValue: 0,
        isGrounded: true,
        isJumping: false,
        jumpCount: 0,
        isLongJump: false,
        isLongFall: false,
        isFalling: false,
        isStunned: false,
        glideState: 0,
        rotationY: step % 360,
        isInstant: false,
        isEmoting: false,
        headIkYawEnabled: true,
        headIkPitchEnabled: true,
        headYaw: step % 90,
        headPitch: step % 45,
        pointAtX: 90,
        pointAtY: 1.5,
        pointAtZ: 110,
        isPointingAt: true
      }
    },
    protocolVersion: 100
  }
}
