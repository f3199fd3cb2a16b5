/**
 * Who may import whom (schemas ← operators ← pipelines ← runtime ← server, jobs, commands ← test ← bench; nothing
 * → bench).
 */
import { imports_of, type Rule, sources, type Tree } from './tree.ts'

/** What each top-level folder may import beside itself; a folder not named here may import all but test/ and bench/. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  schemas: [],
  operators: ['schemas'],
  pipelines: ['schemas', 'operators'],
  runtime: ['schemas', 'operators', 'pipelines'],
  jobs: ['schemas', 'operators', 'pipelines', 'runtime'],
  server: ['schemas', 'operators', 'pipelines', 'runtime'],
  commands: ['schemas', 'operators', 'pipelines', 'runtime', 'server', 'jobs'],
  dashboard: ['schemas', 'server'],
}
/** Files that may import test/: what they may, and why. */
const INTO_TEST: readonly { readonly from: RegExp; readonly into: string }[] = [
  // A measurement runs on the services that the tests run on.
  { from: /^bench\//, into: 'test/' },
  // The simulated ports are test doubles; people run them by a command, to repeat a seed.
  { from: /^commands\/simulate\.ts$/, into: 'test/simulation/' },
]
const ADAPTED = /^(kafkajs|@kafkajs\/confluent-schema-registry|ioredis|@clickhouse\/client|chdb|lmdb)(\/|$)/
const PURE_FOLDERS = ['schemas', 'operators', 'pipelines']

/** Path from the root of a file of ours, or null for a package or a built-in module. */
const own = (from: string): string | null => (from.startsWith('./') ? from.slice(2) : null)
const folder_of = (path: string): string => (path.includes('/') ? path.slice(0, path.indexOf('/')) : '')

/** Complaints about every import of the given files for which `judge` gives a reason. */
const judge_imports = (
  files: readonly (readonly [string, string])[],
  judge: (path: string, from: string) => string | null | undefined | false,
): string[] =>
  files.flatMap(([path, text]) =>
    imports_of(path, text).flatMap(({ from }) => {
      const reason = judge(path, from)
      return reason ? [`${path} imports ${own(from) ?? from}: ${reason}`] : []
    }),
  )

export const folders_import_leftward: Rule = tree =>
  judge_imports(sources(tree), (path, from) => {
    const target = own(from)
    const folder = folder_of(path)
    if (target === null || folder_of(target) === folder) return null
    const wanted = folder_of(target)
    if (wanted === 'bench') return 'nothing imports bench/'
    if (folder === 'test') return null
    if (wanted === 'test') {
      const allowed = INTO_TEST.some(({ from, into }) => from.test(path) && target.startsWith(into))
      return !allowed && 'nothing imports test/'
    }
    const allowed = ALLOWED[folder]
    return allowed && !allowed.includes(wanted) && `${folder}/ may not import ${wanted || 'the root'}/`
  })

/** What is imported is looked up by the browser, which gets dashboard/ and nothing else. */
export const dashboard_imports_types_only: Rule = tree =>
  sources(tree, 'dashboard').flatMap(([path, text]) =>
    imports_of(path, text).flatMap(({ from, names }) => {
      if (own(from)?.startsWith('dashboard/')) return []
      const types = names.length > 0 && names.every(({ type_only }) => type_only)
      return types ? [] : [`${path} imports ${own(from) ?? from}: from outside dashboard/ only types`]
    }),
  )

export const adapters_only_in_runtime: Rule = tree =>
  judge_imports(
    // examples/ shows programs of other people, who do talk to Kafka.
    sources(tree, 'schemas', 'operators', 'pipelines', 'jobs', 'server', 'commands', 'dashboard'),
    (_, from) => ADAPTED.test(from) && 'only runtime/ talks to Kafka, Redis, ClickHouse and LMDB',
  )

export const pure_folders_import_rxjs_only: Rule = tree =>
  judge_imports(
    sources(tree, ...PURE_FOLDERS),
    (path, from) =>
      own(from) === null &&
      !(from === 'rxjs' && !path.startsWith('schemas/')) &&
      'no package or built-in module enters schemas/, operators/ or pipelines/ (but rxjs the last two)',
  )

export const runtime_knows_no_business: Rule = tree =>
  judge_imports(sources(tree, 'runtime'), (_, from) => {
    const target = own(from)
    if (target?.startsWith('pipelines/') && target !== 'pipelines/index.ts')
      return 'runtime/ reaches pipelines through pipelines/index.ts'
    return (
      target?.startsWith('operators/') &&
      !target.startsWith('operators/core/') &&
      'runtime/ knows operators/core/ only'
    )
  })

/** First folder below operators/, where there is one. */
const domain_of = (path: string): string => path.split('/')[1] ?? ''

export const domains_do_not_meet: Rule = tree =>
  judge_imports(sources(tree, 'operators'), (path, from) => {
    const target = own(from)
    if (!target?.startsWith('operators/'))
      return domain_of(path) === 'stats' && 'operators/stats/ imports nothing'
    const [here, there] = [domain_of(path), domain_of(target)]
    if (here === there) return null
    if (here === 'stats') return 'operators/stats/ imports nothing'
    if (here === 'core') return there !== 'stats' && 'operators/core/ knows no domain'
    return (
      there !== 'core' && there !== 'stats' && 'two domains meet in a topic or a table, never in an import'
    )
  })

export const pipelines_do_not_meet: Rule = (tree: Tree) =>
  judge_imports(
    sources(tree, 'pipelines').filter(([path]) => path !== 'pipelines/index.ts'),
    (_, from) =>
      own(from)?.startsWith('pipelines/') === true && 'pipelines meet in topics; only index.ts lists them',
  )
