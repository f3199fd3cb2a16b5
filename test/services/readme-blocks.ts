/** The commands that a guide tells its reader to run: its `sh` blocks, and what it says that they print. */
import { execFile, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
export const ROOT = join(import.meta.dirname, '../..')

export interface Commands {
  /** Of the chapter (`## …`) the block stands in; '' before the first. */
  readonly chapter: string
  readonly text: string
}

/** What stands right behind the commands as their output: of `json` a part, of `text` all of it. */
export interface Shown {
  readonly kind: 'json' | 'text'
  readonly text: string
}
export interface Told extends Commands {
  readonly shown: Shown | null
}

/** Fenced blocks of these languages in the guide, in order, with their chapters. */
const blocks_of = (path: string, languages: string): (Commands & { readonly language: string })[] => {
  const guide = readFileSync(join(ROOT, path), 'utf8')
  return guide.split(/^(?=## )/m).flatMap(text => {
    const chapter = /^## (.*)/.exec(text)?.[1]?.trim() ?? ''
    const fence = new RegExp(`^\`\`\`(${languages})\\n([\\s\\S]*?)^\`\`\`$`, 'gm')
    return [...text.matchAll(fence)].map(match => ({ chapter, language: match[1]!, text: match[2]! }))
  })
}

export const sh_blocks = (path: string): Commands[] =>
  blocks_of(path, 'sh').map(({ chapter, text }) => ({ chapter, text }))

/** The commands of one chapter, each with what the guide shows of its output. Throws for an output without commands. */
export const told_in = (path: string, chapter: string): Told[] => {
  const told: Told[] = []
  for (const { language, text, ...block } of blocks_of(path, 'sh|json|text')) {
    if (block.chapter !== chapter) continue
    const before = told.at(-1)
    if (language === 'sh') told.push({ chapter, text, shown: null })
    else if (!before || before.shown) throw new Error(`${path}: whose output is this?\n${text}`)
    else told[told.length - 1] = { ...before, shown: { kind: language as Shown['kind'], text } }
  }
  return told
}

/** Whether the output has what the guide shows. JSON may be the whole output or the data of a server-sent event. */
export const shows = (output: string, { kind, text }: Shown): boolean => {
  if (kind === 'text') return output.trimEnd() === text.trimEnd()
  const part = JSON.parse(text) as unknown
  const events = [...output.matchAll(/^data: (.*)$/gm)].map(match => match[1]!)
  return [output, ...events].some(found => is_part(part, parsed(found)))
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Every field of the part is in the whole, with an equal value; of an array the first elements. */
const is_part = (part: unknown, whole: unknown): boolean => {
  if (typeof part !== 'object' || part === null) return Object.is(part, whole)
  if (typeof whole !== 'object' || whole === null || Array.isArray(part) !== Array.isArray(whole))
    return false
  // An empty array is said of one that is empty.
  if (Array.isArray(part) && part.length === 0) return (whole as unknown[]).length === 0
  return Object.entries(part).every(([name, value]) =>
    is_part(value, (whole as Record<string, unknown>)[name]),
  )
}

/** Nothing of the machine can be reached, curl says how it was called, and every other command does nothing. */
const AS_CALLED = `
curl() { printf '%s\\0' "$@"; printf '\\1\\0'; }
date() { printf '%(%s)T' -1; }
command_not_found_handle() { :; }
PATH=/nowhere
`

/** The arguments of every curl in the block, as the shell would give them. */
export const curl_calls = async ({ text }: Commands): Promise<string[][]> => {
  const { stdout } = await run('bash', ['--norc', '-c', `${AS_CALLED}\n${text}`])
  return stdout
    .split('\x01\0')
    .slice(0, -1)
    .map(call => call.split('\0').slice(0, -1))
}

export interface Request {
  readonly method: string
  readonly url: URL
  readonly body: string
}

/** What such a call sends; null for one without a body. */
export const request_of = (call: readonly string[]): Request | null => {
  const url = call.find(argument => /^https?:/.test(argument))
  const at = call.findIndex(argument => /^(-d|--data|--data-binary|--data-raw)$/.test(argument))
  const body = call[at + 1]
  const named = call.findIndex(argument => /^(-X|--request)$/.test(argument))
  const method = (named >= 0 && call[named + 1]) || 'POST'
  return url !== undefined && at >= 0 && body !== undefined ? { method, url: new URL(url), body } : null
}

/** Runs commands in bash until they end, or until `enough` says so of what they have printed: a stream has no end. */
export const run_in_bash = (
  text: string,
  env: NodeJS.ProcessEnv,
  enough: (output: string) => boolean,
): Promise<{ readonly output: string; readonly errors: string; readonly code: number | null }> =>
  new Promise((resolve, reject) => {
    const child = spawn('bash', ['--norc', '-euo', 'pipefail', '-c', text], {
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let [output, errors, stopped] = ['', '', false]
    child.stderr.on('data', data => {
      errors += data
    })
    child.stdout.on('data', data => {
      output += data
      if (stopped || !enough(output) || !/ -N /.test(text)) return
      stopped = true
      // The group: curl is bash's child.
      process.kill(-child.pid!, 'SIGTERM')
    })
    child.on('error', reject)
    child.on('close', code => resolve({ output, errors, code: stopped ? 0 : code }))
  })
