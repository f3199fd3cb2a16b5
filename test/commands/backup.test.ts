/** backup, restore and move as people run them: what they print and how they end. */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { topic_settings, tributary } from '../../runtime/app.ts'
import { check_format } from '../../runtime/embedded/format.ts'
import { open_log } from '../../runtime/embedded/log.ts'

const root = join(import.meta.dirname, '../..')
let dir: string

const run = (command: string, ...args: string[]) =>
  new Promise<{ code: number | null; out: string; err: string }>(resolve => {
    const child = spawn(process.execPath, [join(root, 'commands', `${command}.ts`), ...args], {
      cwd: dir,
      env: { PATH: process.env.PATH, HOME: dir },
    })
    const text = { out: '', err: '' }
    child.stdout.on('data', data => {
      text.out += data
    })
    child.stderr.on('data', data => {
      text.err += data
    })
    child.once('close', code => resolve({ code, ...text }))
  })

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'backup-'))
  const data_dir = join(dir, 'data')
  mkdirSync(data_dir)
  check_format(data_dir)
  const log = await open_log(data_dir)
  await log.ensure(topic_settings(tributary(2)))
  await log.append([0, 1, 1].map(partition => ({ topic: 'payments', partition, key: null, value: null })))
  await log.close()
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

it('a backup, and its restore into a new directory', { timeout: 60_000 }, async () => {
  const backup = await run('backup', 'archive', '--data-dir', 'data')
  expect(backup).toMatchObject({ code: 0, out: '3 records are in archive\n' })
  const [again, other, restored] = await Promise.all([
    run('backup', 'archive', '--data-dir', 'data'),
    run('restore', 'archive', '--data-dir', 'other'),
    run('restore', 'archive', '--data-dir', 'restored', '--partitions', '2'),
  ])
  expect(again).toEqual({ code: 1, out: '', err: 'archive is not empty: name a new directory\n' })
  expect(other).toMatchObject({ code: 1, err: expect.stringContaining('add --partitions 2') })
  expect(existsSync(join(dir, 'other'))).toBe(false)
  expect(restored).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^3 records of \S+ are restored: npm start/),
  })
  check_format(join(dir, 'restored'))
  const log = await open_log(join(dir, 'restored'), { read_only: true })
  expect(await log.bounds('payments', 1)).toEqual({ start: 0, end: 2 })
  await log.close()
})

it('wrong usage is told, with the usage line', { timeout: 60_000 }, async () => {
  const [backup, restore, move, nowhere] = await Promise.all([
    run('backup'),
    run('restore'),
    run('move'),
    run('move', '--from', 'data'),
  ])
  expect(backup).toEqual({ code: 2, out: '', err: 'where to? npm run backup -- DIR [options]\n' })
  expect(restore).toEqual({ code: 2, out: '', err: 'from where? npm run restore -- DIR [options]\n' })
  expect(move).toEqual({ code: 2, out: '', err: 'from where? npm run move -- --from DATA_DIR [options]\n' })
  expect(nowhere).toMatchObject({ code: 2, err: expect.stringMatching(/^move needs a cluster/) })
})
