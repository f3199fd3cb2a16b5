/** The commands that a guide tells its reader to run: its `sh` blocks. */
import { execFile } from 'node:child_process'
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

export const sh_blocks = (path: string): Commands[] => {
  const guide = readFileSync(join(ROOT, path), 'utf8')
  return guide.split(/^(?=## )/m).flatMap(text => {
    const chapter = /^## (.*)/.exec(text)?.[1]?.trim() ?? ''
    return [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(match => ({
      chapter,
      text: match[1] as string,
    }))
  })
}

/** Nothing of the machine can be reached, curl says how it was called, and every other command does nothing. */
const AS_CALLED = `
curl() { printf '%s\\0' "$@"; printf '\\1\\0'; }
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
  readonly url: URL
  readonly body: string
}

/** What such a call sends; null for one without a body. */
export const request_of = (call: readonly string[]): Request | null => {
  const url = call.find(argument => /^https?:/.test(argument))
  const at = call.findIndex(argument => /^(-d|--data|--data-binary|--data-raw)$/.test(argument))
  const body = call[at + 1]
  return url !== undefined && at >= 0 && body !== undefined ? { url: new URL(url), body } : null
}
