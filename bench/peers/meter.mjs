// What all peers share: the command line and the meter.

/** The argument of that place as a whole number of at least `least`. */
export function number(place, name, least, otherwise) {
  const value = Number(process.argv[place] ?? otherwise)
  if (!Number.isSafeInteger(value) || value < least) {
    console.error(`${name} must be a whole number of at least ${least}, not ${process.argv[place]}`)
    process.exit(2)
  }
  return value
}

/** The CPU time of this whole process (user and system, all its threads) and the time that passes, from `start` to `report`. */
export class Meter {
  constructor(peer) {
    this.peer = peer
  }

  start() {
    this.cpu = process.cpuUsage()
    this.wall = performance.now()
  }

  report(event, messages, facts) {
    const wallMillis = performance.now() - this.wall
    const { user, system } = process.cpuUsage(this.cpu)
    console.log(JSON.stringify({
      event,
      peer: this.peer,
      messages,
      cpuMicros: user + system,
      cpuNanosPerMessage: Math.round((user + system) * 1000 / messages),
      wallMillis: Math.round(wallMillis),
      ...facts
    }))
  }
}
