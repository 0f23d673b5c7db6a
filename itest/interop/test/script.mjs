// Starts one of the scripts and talks JSON lines with it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const LIMIT_MILLIS = 10_000

export class Script {
  #events = []
  #waiting = new Set()

  constructor(name, ...args) {
    const path = fileURLToPath(new URL(`../${name}`, import.meta.url))
    this.process = spawn(process.execPath, [path, ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
    this.stderr = ''
    this.process.stderr.on('data', (text) => { this.stderr += text })
    this.exited = once(this.process, 'exit')
    createInterface({ input: this.process.stdout }).on('line', (line) => {
      this.#events.push(JSON.parse(line))
      this.#waiting.forEach((look) => look())
    })
  }

  tell(command) {
    this.process.stdin.write(`${JSON.stringify(command)}\n`)
  }

  /** Takes the first event, come or to come, that has all of these members; what came before it stays for others. */
  expect(wanted) {
    return new Promise((resolve, reject) => {
      const look = () => {
        const at = this.#events.findIndex((event) => Object.entries(wanted).every(([name, value]) => event[name] === value))
        if (at >= 0) {
          stop()
          resolve(this.#events.splice(at, 1)[0])
        }
      }
      const fail = (why) => {
        stop()
        const told = `wanted ${JSON.stringify(wanted)}, have ${JSON.stringify(this.#events)}`
        reject(new Error(`${why}; ${told}; standard error:\n${this.stderr}`))
      }
      const exited = () => fail('the process has ended')
      const timer = setTimeout(fail, LIMIT_MILLIS, `nothing within ${LIMIT_MILLIS} ms`)
      const stop = () => {
        clearTimeout(timer)
        this.#waiting.delete(look)
        this.process.off('exit', exited)
      }
      this.#waiting.add(look)
      this.process.once('exit', exited)
      look()
    })
  }

  /** Closes its standard input, which ends it. */
  async end() {
    this.process.stdin.end()
    const [code] = await this.exited
    return code
  }
}
