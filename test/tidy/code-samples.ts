/** Samples for the rules about code: imports, purity, names, size. */
import * as imports from './import-rules.ts'
import * as names from './name-rules.ts'
import * as purity from './purity-rules.ts'
import * as size from './size-rules.ts'
import { lines, type Sample } from './tree.ts'

const many_lines = (n: number): string => '// line\n'.repeat(n)
const long_function = (n: number): string => `() => {\n${many_lines(n - 2)}}`
const avsc = (...fields: object[]): string => JSON.stringify({ type: 'record', name: 'X', fields })
const instant = { type: 'long', logicalType: 'timestamp-millis' }

const import_samples: Record<string, Sample> = {
  folders_import_leftward: {
    rule: imports.folders_import_leftward,
    breaks: {
      'schemas/a.ts': `import type { B } from '../operators/core/b.ts'`,
      'operators/x/a.ts': `export * from '../../runtime/a.ts'`,
      'runtime/a.ts': `const b = await import('../server/b.ts')`,
      'server/a.ts': `import { b } from '../test/b.ts'`,
      'jobs/a.ts': `type B = import('../commands/b.ts').B`,
      'commands/a.ts': `import { b } from '../test/simulation/b.ts'`,
      'commands/simulate.ts': `import { b } from '../test/driver/b.ts'`,
      'test/a.ts': `import { b } from '../bench/b.ts'`,
      'commands/b.ts': `import { b } from '../bench/b.ts'`,
      'dashboard/a.ts': `import type { b } from '../runtime/b.ts'`,
    },
    said: [
      'schemas/ may not import operators/',
      'operators/ may not import runtime/',
      'runtime/ may not import server/',
      'nothing imports test/',
      'jobs/ may not import commands/',
      'nothing imports test/',
      'nothing imports test/',
      'nothing imports bench/',
      'nothing imports bench/',
      'dashboard/ may not import runtime/',
    ],
    passes: {
      'commands/start.ts': lines(`import { b } from '../server/b.ts'`, `import { c } from '../runtime/c.ts'`),
      'test/a.test.ts': `import { b } from '../server/b.ts'`,
      'bench/a.ts': lines(`import { b } from '../test/services/b.ts'`, `import { c } from '../runtime/c.ts'`),
      'commands/simulate.ts': `import { run } from '../test/simulation/run.ts'`,
    },
  },
  dashboard_imports_types_only: {
    rule: imports.dashboard_imports_types_only,
    breaks: {
      'dashboard/a.ts': `import { b } from '../server/board/board.ts'`,
      'dashboard/b.ts': `import { Chart } from 'chart.js'`,
      'dashboard/panels/c.ts': `import { type B, c } from '../../schemas/types.ts'`,
      'dashboard/d.ts': `import '../server/page.ts'`,
      'dashboard/e.ts': `import { readFileSync } from 'node:fs'`,
    },
    said: ['server/board/board.ts', 'chart.js', 'schemas/types.ts', 'server/page.ts', 'node:fs'],
    passes: {
      'dashboard/a.ts': lines(
        `import type { B } from '../server/board/board.ts'`,
        `import { type C, type D } from '../schemas/types.ts'`,
        `import type { Chart } from 'chart.js'`,
        `import { e } from './panels/e.ts'`,
      ),
      'dashboard/panels/e.ts': `import { f } from '../f.ts'`,
    },
  },
  adapters_only_in_runtime: {
    rule: imports.adapters_only_in_runtime,
    breaks: {
      'server/a.ts': `import { Kafka } from 'kafkajs'`,
      'commands/a.ts': `import lz from '@kafkajs/confluent-schema-registry/dist/x.js'`,
      'jobs/a.ts': lines(
        `import type { Redis } from 'ioredis'`,
        `import c from '@clickhouse/client'`,
        `import d from 'chdb'`,
        `import e from 'lmdb'`,
      ),
    },
    said: ['kafkajs', '@kafkajs/confluent-schema-registry', 'ioredis', '@clickhouse/client', 'chdb', 'lmdb'],
    passes: {
      'runtime/kafka/a.ts': `import { Kafka } from 'kafkajs'`,
      'examples/typescript/a.ts': `import { Kafka } from 'kafkajs'`,
      'test/a.ts': `import { open } from 'lmdb'`,
    },
  },
  pure_folders_import_rxjs_only: {
    rule: imports.pure_folders_import_rxjs_only,
    breaks: {
      'operators/x/a.ts': `import { createHash } from 'node:crypto'`,
      'schemas/a.ts': `import { map } from 'rxjs'`,
    },
    said: ['node:crypto', 'rxjs'],
    passes: { 'pipelines/a.ts': `import { map } from 'rxjs'` },
  },
  runtime_knows_no_business: {
    rule: imports.runtime_knows_no_business,
    breaks: {
      'runtime/a.ts': `import a from '../pipelines/revenue-ledger.ts'`,
      'runtime/kafka/b.ts': `import { b } from '../../operators/revenue/b.ts'`,
    },
    said: ['through pipelines/index.ts', 'operators/core/ only'],
    passes: {
      'runtime/a.ts': lines(
        `import { pipelines } from '../pipelines/index.ts'`,
        `import { wire } from '../operators/core/keyed.ts'`,
      ),
    },
  },
  domains_do_not_meet: {
    rule: imports.domains_do_not_meet,
    breaks: {
      'operators/lead/a.ts': `import { b } from '../revenue/b.ts'`,
      'operators/core/a.ts': `import { b } from '../lead/b.ts'`,
      'operators/stats/a.ts': lines(
        `import { b } from '../core/b.ts'`,
        `import { c } from '../../schemas/c.ts'`,
      ),
    },
    said: ['two domains meet', 'knows no domain', 'stats/ imports nothing', 'stats/ imports nothing'],
    passes: {
      'operators/lead/a.ts': lines(
        `import { b } from './b.ts'`,
        `import { keyed } from '../core/keyed.ts'`,
        `import { c } from '../stats/c.ts'`,
      ),
    },
  },
  pipelines_do_not_meet: {
    rule: imports.pipelines_do_not_meet,
    breaks: { 'pipelines/revenue-a.ts': `import b from './revenue-b.ts'` },
    said: ['pipelines meet in topics'],
    passes: { 'pipelines/index.ts': `import b from './revenue-b.ts'` },
  },
}

const purity_samples: Record<string, Sample> = {
  operators_are_pure: {
    rule: purity.operators_are_pure,
    breaks: {
      'operators/x/a.ts': lines(`export const a = () => Date.now()`, `export const b = () => Math.random()`),
      'operators/x/b.ts': lines(
        `setTimeout(() => {}, 1)`,
        `setInterval(() => {}, 1)`,
        `const env = process.env`,
      ),
      'pipelines/x.ts': lines(
        `const p: Promise<void> = f()`,
        `const g = async () => 1`,
        `console.log(await p)`,
        `Math['random']()`,
      ),
    },
    said: [
      'Date',
      'Math.random',
      'setTimeout',
      'setInterval',
      'process',
      'Promise',
      'async',
      'console',
      'await',
      'Math.random',
    ],
    passes: {
      'operators/x/a.ts': lines(
        `// A Date would be a clock.`,
        `export const a = { process: 1, console: 2 }`,
        `a.process += 1`,
        `const word = 'await Promise'`,
      ),
      'runtime/a.ts': `export const now = () => Date.now()`,
    },
  },
  rxjs_keeps_no_state: {
    rule: purity.rxjs_keeps_no_state,
    breaks: {
      'operators/x/a.ts': lines(
        `import { map, scan, type Subject } from 'rxjs'`,
        `import { Observable } from 'rxjs'`,
      ),
      'pipelines/a.ts': lines(`import { map } from 'rxjs/operators'`, `import * as all from 'rxjs'`),
    },
    said: ['scan', 'Observable', 'map from rxjs/operators', 'takes * from rxjs'],
    passes: {
      'operators/x/a.ts': lines(
        `import { map, filter, merge, partition, mergeMap, type Observable } from 'rxjs'`,
        `import type { OperatorFunction, Subject } from 'rxjs'`,
      ),
    },
  },
}

const name_samples: Record<string, Sample> = {
  no_empty_words: {
    rule: names.no_empty_words,
    breaks: {
      'runtime/task-manager.ts': `export const a = 1`,
      'runtime/a.ts': lines(
        `const eventHandler = 1`,
        `function f(helper: string) {}`,
        `interface SinkEngine { user_info: string }`,
        `class A { #utils = 1 }`,
      ),
    },
    said: ['manager', 'eventHandler', 'helper', 'SinkEngine', 'user_info', 'utils'],
    passes: {
      'runtime/a.ts': lines(
        `logger.info('x')`,
        `server.setErrorHandler(f)`,
        `const a = { errorHandler: f, engine: 1 }`,
        `const information = 'engine'`,
      ),
      'bench/kafka-utils.ts': `const helper = 1`,
    },
  },
  domains_come_first: {
    rule: names.domains_come_first,
    breaks: {
      'operators/checkout/a.ts': '',
      'pipelines/money-ledger.ts': '',
      'sql/views/daily_revenue.sql': '',
    },
    said: ['checkout', 'money-ledger', 'daily_revenue'],
    passes: {
      'operators/core/a.ts': '',
      'operators/stats/a.ts': '',
      'operators/revenue/a.ts': '',
      'pipelines/index.ts': '',
      'pipelines/journey-sessions.ts': '',
      'sql/views/revenue_daily.sql': '',
    },
  },
  files_are_kebab_case: {
    rule: names.files_are_kebab_case,
    breaks: {
      'runtime/batchLog.ts': '',
      'runtime/batch_log.ts': '',
      'sql/views/revenue-daily.sql': '',
      'server/seedRoutes/a.ts': '',
    },
    said: ['batchLog', 'batch_log', 'revenue-daily', 'folders'],
    passes: {
      'runtime/batch-log.ts': '',
      'test/a-b.test.ts': '',
      'schemas/batch_log.avsc': '',
      'test/schemas/published/batch_log.v1.avsc': '',
      'vitest.config.ts': '',
    },
  },
  fields_say_their_unit: {
    rule: names.fields_say_their_unit,
    breaks: {
      'schemas/a.avsc': avsc(
        { name: 'userName', type: 'string' },
        { name: 'minor_amount', type: 'long' },
        { name: 'occurred', type: instant },
        { name: 'ended_at', type: 'long' },
        { name: 'price_minor', type: 'double' },
        { name: 'open_ratio', type: ['null', 'long'] },
        { name: 'buyer_id', type: 'double' },
        { name: 'total_cost', type: 'long' },
        {
          name: 'parts',
          type: { type: 'array', items: { type: 'record', fields: [{ name: 'duration', type: 'long' }] } },
        },
      ),
    },
    said: [
      'userName',
      'minor_amount',
      'occurred',
      'ended_at',
      'price_minor',
      'open_ratio',
      'buyer_id',
      'total_cost',
      'parts.duration',
    ],
    passes: {
      'schemas/a.avsc': avsc(
        { name: 'occurred_at', type: instant },
        { name: 'ended_at', type: ['null', instant] },
        { name: 'amount_minor', type: ['null', 'long'] },
        { name: 'window_ms', type: 'long' },
        { name: 'schema_id', type: ['null', 'long'] },
        { name: 'payments', type: 'long' },
      ),
      'bench/peer.avsc': avsc({ name: 'userName', type: 'string' }),
    },
  },
}

const size_samples: Record<string, Sample> = {
  files_are_short: {
    rule: size.files_are_short,
    breaks: { 'operators/x/a.ts': many_lines(201), 'runtime/a.ts': many_lines(401) },
    said: ['201 lines', '401 lines'],
    passes: {
      'operators/x/a.ts': many_lines(200),
      'runtime/a.ts': many_lines(400),
      'schemas/types.ts': many_lines(401),
    },
  },
  functions_are_short: {
    rule: size.functions_are_short,
    breaks: {
      'runtime/a.ts': `const f = ${long_function(71)}`,
      'runtime/b.ts': `function f() {\n${many_lines(40)}g(() => 1)\n${many_lines(40)}}`,
      'test/a.test.ts': `describe('x', () => {\nit('y', ${long_function(71)})\n})`,
    },
    said: ['runtime/a.ts:1', 'runtime/b.ts:1', 'test/a.test.ts:2'],
    passes: {
      'runtime/a.ts': `const f = ${long_function(70)}`,
      'runtime/b.ts': `const make = () => {\nconst f = ${long_function(60)}\nreturn { f, g: ${long_function(60)} }\n}`,
    },
  },
  every_file_has_a_test: {
    rule: size.every_file_has_a_test,
    breaks: {
      'operators/lead/a.ts': '',
      'pipelines/lead-b.ts': '',
      'sql/views/lead_c.sql': '',
      'sql/checks/d_holds.sql': '',
      'test/sql/x.test.ts': 'd_holds_too',
    },
    said: [
      'test/operators/lead/a.test.ts',
      'test/pipelines/lead-b.test.ts',
      'lead-c.test.ts',
      'd-holds.test.ts',
    ],
    passes: {
      'operators/lead/a.ts': '',
      'test/operators/lead/a.test.ts': '',
      'pipelines/index.ts': '',
      'sql/views/lead_c.sql': '',
      'test/sql/views/lead-c.test.ts': '',
      'sql/checks/d_holds.sql': '',
      'test/sql/checks.test.ts': `'d_holds'`,
    },
  },
}

export const code_samples: Readonly<Record<string, Sample>> = {
  ...import_samples,
  ...purity_samples,
  ...name_samples,
  ...size_samples,
}
