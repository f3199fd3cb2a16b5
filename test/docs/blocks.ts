/** Runs the fenced blocks of a guide on a copy of the repository, so that what the guide says keeps working. */
import { execFile } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'

export type Block = {
  /** Line of the opening fence, from 1. */
  readonly line: number
  readonly text: string
} & ({ readonly kind: 'file'; readonly path: string } | { readonly kind: 'diff' | 'sh' })

const root = join(import.meta.dirname, '../..')
const BLOCK_MS = 120_000
/** Line numbers of a diff are not trusted, and a line of context on one side is enough: the files go on changing. */
const APPLY = ['apply', '--recount', '--unidiff-zero']
const OUTPUT_BYTES = 1 << 24

/** All blocks in order. Throws, with its line, at a fence whose info string is none of the kinds, or that stays open. */
export const read_blocks = (markdown: string): Block[] => {
  const blocks: Block[] = []
  const lines = markdown.split('\n')
  for (let i = 0; i < lines.length; i++) {
    const fence = /^(`{3,}|~{3,})(.*)$/.exec(lines[i] as string)
    if (!fence) continue
    const [, mark = '', said = ''] = fence
    const end = lines.indexOf(mark, i + 1)
    if (end < 0) throw new Error(`line ${i + 1}: the block is not closed`)
    blocks.push({
      line: i + 1,
      text: `${lines.slice(i + 1, end).join('\n')}\n`,
      ...kind_of(said.trim(), i + 1),
    })
    i = end
  }
  return blocks
}

const kind_of = (said: string, line: number) => {
  if (said === 'diff' || said === 'sh') return { kind: said } as const
  const path = /^(?:ts|json|sql) file=([\w./-]+)$/.exec(said)?.[1]
  if (!path || path.split('/').includes('..') || path.startsWith('/'))
    throw new Error(`line ${line}: "${said}" says not what to do with the block (file=PATH, diff or sh)`)
  return { kind: 'file', path } as const
}

/** What the program printed; rejects with all of it when the program fails. `input` is its standard input. */
const run = (program: string, args: readonly string[], cwd: string, input?: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const options = { cwd, env: environment(cwd), timeout: BLOCK_MS, maxBuffer: OUTPUT_BYTES }
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      const end = error && (error.killed ? `took more than ${BLOCK_MS} ms` : `failed with ${error.code}`)
      if (error) reject(new Error(`${program} ${end}\n${stdout}${stderr}`))
      else resolve(stdout)
    })
    // A program may end before it has read everything; then its exit code says why.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })

/**
 * What a contributor's shell has, and nothing of the run that started us: its totals and its workers are not ours. git
 * must not take a repository around the copy for the copy's.
 */
const environment = (cwd: string): NodeJS.ProcessEnv => ({
  PATH: [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter),
  HOME: process.env.HOME,
  TMPDIR: tmpdir(),
  GIT_CEILING_DIRECTORIES: dirname(cwd),
  NO_COLOR: '1',
})

/** A new directory with every file that is, or could be, committed, on the packages installed here. */
export const copy_repository = async (): Promise<{ readonly dir: string; remove(): void }> => {
  // A checkout that belongs to another user, as in a container, is read all the same.
  const files = ['-c', 'safe.directory=*', 'ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const listed = await run('git', files, root)
  const dir = mkdtempSync(join(realpathSync(tmpdir()), 'tributary-guide-'))
  for (const path of listed.split('\0'))
    if (statSync(join(root, path), { throwIfNoEntry: false })?.isFile())
      cpSync(join(root, path), join(dir, path))
  symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'))
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) }
}

/** Does in `dir` what the block says. Rejects with the block's line and what the program said. */
export const do_block = async (block: Block, dir: string): Promise<void> => {
  try {
    if (block.kind === 'file') write_new(join(dir, block.path), block.text, block.path)
    else if (block.kind === 'diff') await run('git', APPLY, dir, block.text)
    else await run('bash', ['--norc', '-euo', 'pipefail', '-c', block.text], dir)
  } catch (error) {
    const what = block.kind === 'file' ? block.path : block.kind
    throw new Error(`line ${block.line} (${what}): ${(error as Error).message}`)
  }
}

const write_new = (file: string, text: string, path: string): void => {
  if (existsSync(file)) throw new Error(`${path} exists already: show the change as a diff`)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}
