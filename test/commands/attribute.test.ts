/** attribute as people run it: models chosen, what it prints, and what it says of files and options that are wrong. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const COMMAND = join(import.meta.dirname, '../../commands/attribute.ts')
let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'attribute-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const run = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, ...args], {
    cwd: dir,
    encoding: 'utf8',
  })
  return { status, out: stdout, err: stderr }
}
const file = (name: string, text: string): string => {
  writeFileSync(join(dir, name), text)
  return name
}
const HEAD = 'path,total_conversions,total_conversion_value,total_null\n'

describe('what it prints', () => {
  it('rows by model, then channel; removal effects of markov only', () => {
    const paths = file(
      'known.csv',
      'path;total_conversions;total_conversion_value;total_null\nC1 > C2 > C3;1;100.5;0\nC1;0;0;1\nC2 > C3;0;0;1\n',
    )
    expect(run(paths, '--model', 'markov,linear')).toEqual({
      status: 0,
      err: '',
      out: [
        'model,channel,conversions,value,removal_effect',
        'markov,C1,0.2,20.1,0.5',
        'markov,C2,0.4,40.2,1',
        'markov,C3,0.4,40.2,1',
        'linear,C1,0.333333333333,33.5,',
        'linear,C2,0.333333333333,33.5,',
        'linear,C3,0.333333333333,33.5,',
        '',
      ].join('\n'),
    })
    const all = run(paths).out.split('\n')
    expect([...new Set(all.slice(1, -1).map(line => line.split(',')[0]))]).toEqual(
      'first_touch last_touch linear position_based last_non_direct markov shapley shapley_rate'.split(' '),
    )
    expect(run(paths, '--model', 'markov', '--model=markov', '--order', '3').out).toContain(
      '\nmarkov,C1,0.333333333333,33.5,1\n',
    )
    expect(run(paths, '--model', 'first_touch', '--channels', 'C2,C3').out).toBe(
      'model,channel,conversions,value,removal_effect\nfirst_touch,C2,0,0,\nfirst_touch,C3,0,0,\n',
    )
  })

  it('quotes channels that hold commas or quotes', () => {
    const odd = file('odd.csv', `${HEAD}"a, b > say ""hi""",2,3.5,1\n`)
    expect(run(odd, '--model', 'first_touch').out).toBe(
      'model,channel,conversions,value,removal_effect\n' +
        'first_touch,"a, b",2,3.5,\nfirst_touch,"say ""hi""",0,0,\n',
    )
  })

  it('says so where nothing converts', () => {
    const { out, err, status } = run(file('none.csv', `${HEAD}a > b,0,0,5\n`), '--model', 'markov')
    expect([status, err]).toEqual([0, 'no path converts: there is nothing to share out\n'])
    expect(out).toContain('\nmarkov,a,0,0,0\n')
  })
})

describe('what it refuses', () => {
  it('a wrong file, in one line', () => {
    const bad = file('bad.csv', `${HEAD}a,1,2,3\n"a > b",-1,2,3\n`)
    expect(run(bad)).toEqual({
      status: 1,
      out: '',
      err: 'bad.csv:3:9: a count must not be negative, it is -1\n',
    })
    expect(run('nowhere.csv')).toEqual({ status: 1, out: '', err: 'there is no file nowhere.csv\n' })
    const good = file('good.csv', `${HEAD}a,1,2,3\n`)
    expect(run(good, '--channels', 'b').err).toBe('no path of good.csv keeps to --channels\n')
  })

  it('options it does not know, with exit code 2', () => {
    const paths = file('two.csv', `${HEAD}a,1,2,3\n`)
    const refused = (...args: string[]) => {
      const { status, err } = run(...args)
      return [status, err.trimEnd()]
    }
    expect(refused()).toEqual([2, 'FILE.csv is needed: npm run attribute -- FILE.csv [options]'])
    expect(refused(paths, '--order', '0')).toEqual([2, '--order: expected 1 to 5, not "0"'])
    expect(refused(paths, '--model', 'time_decay')[1]).toMatch(
      /^--model: expected one of first_touch, .*, not "time_decay"$/,
    )
    expect(refused(paths, '--what')).toEqual([2, "Unknown option '--what'; see --help"])
    expect(run('--help')).toMatchObject({ status: 0, out: expect.stringContaining('--order K') })
  })
})
