// One packet for each member of the rfc4 oneof, as ts-proto's JSON; every field has a value that is not its default.
export const PACKETS = {
  position: {
    index: 7, positionX: 1.5, positionY: 2.25, positionZ: -3.5, rotationX: 0.5, rotationY: -0.5, rotationZ: 0.25, rotationW: 1
  },
  profileVersion: { profileVersion: 42 },
  profileRequest: { address: '0x3cf8192b993785eef2ce44cc0821089fe12851dc', profileVersion: 3 },
  profileResponse: { serializedProfile: '{"name":"zoë"}', baseUrl: 'https://peer.example.org/content' },
  chat: { message: 'olá ✓ 👋', timestamp: 45000.125, forwardedFrom: '0x97c1c9ba3cf732fc420cf61749d99fd64dc34e54' },
  scene: { sceneId: 'bafkrei-scene', data: Buffer.from([1, 0, 255, 128]).toString('base64') },
  voice: { encodedSamples: Buffer.from([9, 8, 7]).toString('base64'), index: 4_294_967_295, codec: 'VC_OPUS' },
  movement: {
    timestamp: 12.5,
    positionX: 100.25, positionY: 0.5, positionZ: -20.75, velocityX: 1.5, velocityY: -2.5, velocityZ: 3.5,
    movementBlendValue: 2, slideBlendValue: 0.5, isGrounded: true, isJumping: true, jumpCount: 2, isLongJump: true, isLongFall: true,
    isFalling: true, isStunned: true, glideState: 'GLIDING', rotationY: 180.5, isInstant: true, isEmoting: true,
    headIkYawEnabled: true, headIkPitchEnabled: true, headYaw: 45.5, headPitch: -10.25,
    pointAtX: 1, pointAtY: 2, pointAtZ: 3, isPointingAt: true
  },
  // ts-proto holds int64 as a number and refuses what is above 2^53 - 1, which is less than what explorers put into movement_data.
  movementCompressed: {
    temporalData: -2_147_483_648, movementData: 9_007_199_254_740_991, headSyncData: 12_345, pointAtData: 1_073_741_824
  },
  playerEmote: { incrementalId: 5, urn: 'urn:decentraland:matic:collections-v2:0xabc:0', timestamp: 3.5, isStopping: true, mask: 6 },
  sceneEmote: { sceneEntityId: 'entity-1', source: 'animations/wave.glb' },
  lookAtPosition: {
    timestamp: 8.5, positionX: 1, positionY: 2, positionZ: 3, targetAvatarWalletAddress: '0x3cf8192b993785eef2ce44cc0821089fe12851dc'
  },
  reaction: { emojiIndex: 11, timestamp: 2.5, count: 3 },
  chatReaction: { emojiIndex: 12, messageId: 'message-1', address: '0x97c1c9ba3cf732fc420cf61749d99fd64dc34e54' }
}
