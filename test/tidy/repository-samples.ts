/** Samples for the rules about SQL and about the repository as a whole. */
import * as repository from './repository-rules.ts'
import * as sql from './sql-rules.ts'
import { lines, type Sample } from './tree.ts'

const generated = { 'types.ts': 'new', 'definitions.ts': 'same' }

const sql_samples: Record<string, Sample> = {
  nothing_adds_up_inserts: {
    rule: sql.nothing_adds_up_inserts,
    breaks: {
      'sql/tables/a.sql': 'create table a engine = SummingMergeTree order by x',
      'sql/tables/b.sql':
        'create table b engine = ReplicatedAggregatingMergeTree order by x\ncreate table c engine = AggregatingMergeTree',
      'sql/views/c.sql': 'create materialized  view c',
    },
    said: ['SummingMergeTree', 'AggregatingMergeTree', 'materialized'],
    passes: {
      'sql/tables/a.sql': lines(
        '-- no MATERIALIZED VIEW',
        'create table a engine = ReplacingMergeTree order by x',
      ),
    },
  },
  views_take_their_time: {
    rule: sql.views_take_their_time,
    breaks: { 'sql/views/a.sql': 'select now(), 1', 'sql/views/b.sql': 'select TODAY ()' },
    said: ['now()', 'TODAY()'],
    passes: {
      'sql/views/a.sql': lines('-- not now()', 'select {as_of:DateTime64(3)}, known()'),
      'sql/migrations/a.sql': 'select now()',
    },
  },
  views_say_what_they_answer: {
    rule: sql.views_say_what_they_answer,
    breaks: {
      'sql/views/a.sql': lines('-- answers: what?', '-- grain:', '-- reads: ledger', 'select 1 -- holds: x'),
    },
    said: ['grain:', 'holds:'],
    passes: {
      'sql/views/a.sql':
        '-- answers: what?   grain: one row per day\n-- reads: ledger\n-- holds: revenue_sums\nselect 1',
    },
  },
}

const whole_samples: Record<string, Sample> = {
  no_machine_of_ours: {
    rule: repository.no_machine_of_ours,
    breaks: {
      'README.md': `cd ${'/'}root/tributary`,
      'runtime/a.ts': `const dir = '${'/'}work/main'`,
      '.npmrc': `registry=${'http'}://10.0.0.1:4873/`,
      'package-lock.json': '"resolved": "http://mirror.example/x.tgz"',
    },
    said: ['README.md:1', 'runtime/a.ts:1', '.npmrc:1', 'mirror.example'],
    passes: {
      'README.md': 'see ../shared/data and https://example.com/work/x',
      'package-lock.json': '"resolved": "https://registry.npmjs.org/x.tgz"',
      'docker-compose.yml': 'SCHEMA_REGISTRY_URL: http://registry:8080/apis/ccompat/v7',
    },
  },
  every_test_runs: {
    rule: repository.every_test_runs,
    breaks: {
      'test/a.test.ts': lines(
        `it.skip('x', f)`,
        `describe.only('x', f)`,
        `test.todo('x')`,
        `it.concurrent.skip('x', f)`,
        `xit('x', f)`,
      ),
      'test/b.test.ts': `it.skipIf(true)('x', f)`,
      'test/runtime/c.test.ts': `it.runIf(true)('x', f)`,
      'test/services/d.test.ts': `describe.skipIf(true)('x', f)`,
    },
    said: [
      'it.skip',
      'describe.only',
      'test.todo',
      'it.skip',
      'xit',
      'it.skipIf',
      'it.runIf',
      'describe.skipIf',
    ],
    passes: {
      'test/a.test.ts': lines(
        `it('x', f)`,
        `reader.skip(1)`,
        `describe.each([1])('x', f)`,
        `it('y', async () => {})`,
      ),
      'test/browser/a.test.ts': `describe.runIf(chromium)('x', f)`,
      'test/services/a.test.ts': `test.runIf(docker)('x', f)`,
      'test/reference/a.test.ts': `describe.runIf(present).each(stacks)('x', f)`,
    },
  },
  tests_do_not_sleep: {
    rule: repository.tests_do_not_sleep,
    breaks: {
      'test/a.test.ts': `import { setTimeout as sleep } from 'node:timers/promises'`,
      'test/b.test.ts': lines(`await new Promise(done => setTimeout(done, 50))`, `setInterval(f, 1)`),
    },
    said: ['node:timers/promises', 'setTimeout', 'setInterval'],
    passes: {
      'test/services/a.test.ts': `setTimeout(f, 1)`,
      'test/a.test.ts': lines(`vi.waitFor(f)`, `clearTimeout(x)`),
    },
  },
  generated_is_fresh: {
    rule: repository.generated_is_fresh(generated),
    breaks: { 'schemas/types.ts': 'old', 'schemas/definitions.ts': 'same' },
    said: ['schemas/types.ts'],
    passes: { 'schemas/types.ts': 'new', 'schemas/definitions.ts': 'same' },
  },
  lock_serves_every_platform: {
    rule: repository.lock_serves_every_platform,
    breaks: {
      'package-lock.json': JSON.stringify({
        packages: {
          'node_modules/a': { optionalDependencies: { 'a-linux': '1.0.0', 'a-darwin': '1.0.0' } },
          'node_modules/a-linux': {},
        },
      }),
    },
    said: ['lacks a-darwin'],
    passes: {
      'package-lock.json': JSON.stringify({
        packages: {
          'node_modules/a': { optionalDependencies: { 'a-linux': '1.0.0', 'a-darwin': '1.0.0' } },
          'node_modules/a-linux': {},
          'node_modules/a/node_modules/a-darwin': {},
        },
      }),
    },
  },
  options_are_documented: {
    rule: repository.options_are_documented([{ flag: 'port', env: 'APP_PORT' }]),
    breaks: { 'README.md': 'takes `--port`' },
    said: ['APP_PORT'],
    passes: { 'README.md': '| `--port` | `APP_PORT` |' },
  },
  operators_keep_their_names: {
    rule: repository.operators_keep_their_names,
    breaks: {
      'operators/names.lock': lines(
        'score-lead 1',
        'score-lead 2',
        'route-lead 1 removed',
        'watch-lead 1',
        '',
      ),
      'operators/lead/a.ts': `export const a = keyed({ name: 'score-lead', version: 3, state: S })`,
      'operators/lead/b.ts': `export const b: Keyed<I, O, S> = { name: 'route-lead', version: 1 }`,
      'operators/lead/c.ts': `export const c = keyed({ name: label, version: 1 })`,
      'operators/lead/d.ts': `export const d = keyed({ name: 'score-lead', version: 2 })`,
    },
    said: [
      '"score-lead 3" is not in',
      '"route-lead 1" was removed',
      'are literals',
      'is the name of',
      '"score-lead 1" is gone',
      '"watch-lead 1" is gone',
    ],
    passes: {
      'operators/names.lock': lines('# every name ever', 'score-lead 1 removed', 'score-lead 2', ''),
      'operators/lead/a.ts': `export const a = keyed({ name: 'score-lead', version: 2 })`,
      'operators/core/windows.ts': `export const w = spec => keyed({ name: spec.name, version: spec.version })`,
    },
  },
}

export const repository_samples: Readonly<Record<string, Sample>> = { ...sql_samples, ...whole_samples }
