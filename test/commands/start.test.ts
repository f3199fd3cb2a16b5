/** Usage of `npm start` beyond what all commands share. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const run = (file: string, args: readonly string[], env: Record<string, string> = {}) => {
  const program = join(import.meta.dirname, '../../commands', file)
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    env: { PATH: process.env.PATH, ...env },
    encoding: 'utf8',
  })
  return { code: status, out: stdout + stderr }
}

it.each([
  ['as a flag', ['--workers', '2'], {}],
  ['in the environment', [], { TRIBUTARY_WORKERS: '2' }],
])('refuses several workers on the embedded stack in one line, %s', (_, args, env) => {
  const { code, out } = run('start.ts', args, env)
  expect([code, out.trim().split('\n').length]).toEqual([2, 1])
  expect(out).toContain('--workers 2: the embedded stack belongs to one process')
})

it('a worker is not run by hand', () => {
  const { code, out } = run('worker.ts', ['1'])
  expect([code, out.trim()]).toEqual([1, 'workers are started by: npm start -- --workers N'])
})
