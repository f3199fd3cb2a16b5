/** docs/EXTENDING.md does what it says: its blocks, in order, on a copy of the repository. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Block, copy_repository, do_block, read_blocks } from './blocks.ts'

const GUIDE = join(import.meta.dirname, '../../docs/EXTENDING.md')
const guide = readFileSync(GUIDE, 'utf8')

describe('docs/EXTENDING.md', () => {
  it('adds a field, an operator, a pipeline and a view', { timeout: 180_000 }, async () => {
    const copy = await copy_repository()
    try {
      for (const block of read_blocks(guide)) await do_block(block, copy.dir)
    } finally {
      copy.remove()
    }
  })

  it('has all four chapters, and each runs something', () => {
    const chapters = guide.split(/^## /m).slice(1)
    expect(chapters.map(text => text.split('\n')[0])).toEqual([
      '1. Add a field',
      '2. Add an operator with state and a timer',
      '3. Add a pipeline',
      '4. Add a view',
    ])
    for (const text of chapters) expect(read_blocks(text).map(({ kind }) => kind)).toContain('sh')
  })
})

describe('a block', () => {
  let dir: string
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'tributary-blocks-'))
  })
  afterAll(() => rmSync(dir, { recursive: true, force: true }))
  const only = (...lines: string[]) => read_blocks(lines.join('\n'))[0] as Block
  const text_of = (path: string) => readFileSync(join(dir, path), 'utf8')

  it('writes a new file, and never over an old one', async () => {
    const block = only('```ts file=a/b.ts', 'one', 'two', 'three', '```')
    await do_block(block, dir)
    expect(text_of('a/b.ts')).toBe('one\ntwo\nthree\n')
    await expect(do_block(block, dir)).rejects.toThrow('line 1 (a/b.ts): a/b.ts exists already')
  })

  it('changes a file wherever its context stands, and fails with its line where it does not', async () => {
    const add_below = (context: string) =>
      only(
        '',
        'Words.',
        '```diff',
        '--- a/a/b.ts',
        '+++ b/a/b.ts',
        '@@ -7 +7,2 @@',
        ` ${context}`,
        '+x',
        '```',
      )
    await do_block(add_below('two'), dir)
    expect(text_of('a/b.ts')).toBe('one\ntwo\nx\nthree\n')
    await expect(do_block(add_below('four'), dir)).rejects.toThrow(/^line 3 \(diff\)[\s\S]*does not apply/)
  })

  it('stops at the first command that fails, with its line and output', async () => {
    const block = only('', '```sh', 'echo before', 'false | true', 'touch after', '```')
    await expect(do_block(block, dir)).rejects.toThrow(/^line 2 \(sh\)[\s\S]*before/)
    expect(() => text_of('after')).toThrow('ENOENT')
  })

  it.each(['', 'ts', 'ts file=../x.ts', 'json file=/x.json', 'yaml file=x.yaml', 'bash'])(
    'is refused when it says "%s"',
    said => {
      expect(() => read_blocks(`Words.\n\`\`\`${said}\nx\n\`\`\`\n`)).toThrow(`line 2: "${said}" says not`)
    },
  )

  it('is refused when it stays open', () => {
    expect(() => read_blocks('```sh\ntrue\n')).toThrow('line 1: the block is not closed')
  })
})
