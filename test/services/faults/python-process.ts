/** A Python program of this folder that is asked by lines and answers each with a line of JSON. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const children = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

export class PythonProcess {
  readonly #child: ChildProcess
  readonly #name: string
  #errors = ''
  #waiting: { resolve(answer: unknown): void; reject(error: Error): void }[] = []

  private constructor(python: string, program: string, options: object) {
    this.#name = program
    const argv = [join(import.meta.dirname, program), JSON.stringify(options)]
    const child = spawn(python, argv, { stdio: ['pipe', 'pipe', 'pipe'] })
    this.#child = child
    children.add(child)
    child.stderr?.on('data', text => {
      this.#errors = (this.#errors + text).slice(-4000)
    })
    child.stdin?.on('error', () => undefined)
    createInterface({ input: child.stdout! }).on('line', line =>
      this.#waiting.shift()?.resolve(JSON.parse(line)),
    )
    const ended = (): void => {
      children.delete(child)
      for (const { reject } of this.#waiting.splice(0)) reject(this.#ended_error())
    }
    child.once('error', ended)
    child.once('close', ended)
  }

  /** Resolves when the program has said its first line. */
  static async start(python: string, program: string, options: object): Promise<PythonProcess> {
    const started = new PythonProcess(python, program, options)
    await started.#answer()
    return started
  }

  async ask<T>(command: string): Promise<T> {
    const answer = this.#answer()
    this.#child.stdin?.write(`${command}\n`)
    return (await answer) as T
  }

  end(): void {
    this.#child.stdin?.end()
    this.#child.kill('SIGKILL')
  }

  #answer(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#child.exitCode !== null) reject(this.#ended_error())
      else this.#waiting.push({ resolve, reject })
    })
  }

  #ended_error(): Error {
    return new Error(`${this.#name} ended (${this.#child.exitCode}): ${this.#errors.trim()}`)
  }
}
