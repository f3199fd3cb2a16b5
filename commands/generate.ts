/**
 * `npm run generate`: writes what follows from the schemas. That is schemas/types.ts and schemas/definitions.ts, the
 * table definitions in sql/tables/, docs/asyncapi.json, and version 1 in test/schemas/published/ of a schema that has
 * none yet. With `--check` it only compares, names what differs, and exits with 1.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run_command } from './command.ts'

type Avro =
  | string
  | Avro[]
  | { type: Avro; name?: string; items?: Avro; values?: Avro; symbols?: string[]; fields?: Field[] }
interface Field {
  name: string
  type: Avro
  doc?: string
}
interface RecordSchema {
  type: 'record'
  name: string
  doc?: string
  fields: Field[]
}

const root = join(import.meta.dirname, '..')
const schemas_dir = join(root, 'schemas')
const PUBLISHED = 'test/schemas/published'
const TABLES = 'sql/tables'
const PRIMITIVES: Record<string, string> = {
  string: 'string',
  long: 'number',
  int: 'number',
  double: 'number',
  float: 'number',
  boolean: 'boolean',
  null: 'null',
  bytes: 'Uint8Array',
}

/** Text of schemas/types.ts and schemas/definitions.ts, from the .avsc files. */
export const generate = (): Record<'types.ts' | 'definitions.ts', string> => {
  const files = ['', 'state'].flatMap(dir =>
    readdirSync(join(schemas_dir, dir))
      .filter(file => file.endsWith('.avsc'))
      .sort()
      .map(file => ({
        name: (dir ? `${dir}/` : '') + file.slice(0, -5),
        dir,
        file: join(schemas_dir, dir, file),
      })),
  )
  const declared: string[] = []
  const named = new Set<string>()
  const type_of = (t: Avro): string => {
    if (typeof t === 'string') return PRIMITIVES[t] ?? t
    if (Array.isArray(t)) return t.map(type_of).join(' | ')
    if (t.type === 'enum') return (t.symbols ?? []).map(s => `'${s}'`).join(' | ')
    if (t.type === 'array') return `readonly (${type_of(t.items ?? 'null')})[]`
    if (t.type === 'map') return `Readonly<Record<string, ${type_of(t.values ?? 'null')}>>`
    if (t.type === 'record') {
      declare(t as unknown as RecordSchema)
      return t.name ?? ''
    }
    return type_of(t.type)
  }
  const declare = (schema: RecordSchema) => {
    if (named.has(schema.name)) return
    named.add(schema.name)
    const fields = schema.fields.map(
      field =>
        `${field.doc ? `  /** ${field.doc} */\n` : ''}  readonly ${field.name}: ${type_of(field.type)}\n`,
    )
    declared.push(
      `${schema.doc ? `/** ${schema.doc} */\n` : ''}export interface ${schema.name} {\n${fields.join('')}}\n`,
    )
  }
  const definitions: string[] = []
  const topic_rows: string[] = []
  for (const { name, dir, file } of files) {
    const schema = JSON.parse(readFileSync(file, 'utf8')) as RecordSchema
    declare(schema)
    definitions.push(`  '${name}': ${JSON.stringify(schema)},`)
    if (!dir && name !== 'batch_log') topic_rows.push(`  readonly ${name}: ${schema.name}\n`)
  }
  const head = '// Generated from schemas/*.avsc by `npm run generate`. Do not edit.\n'
  return {
    'types.ts': `${head}\n${declared.join('\n')}\n/** Row type of each topic. */\nexport interface Topics {\n${topic_rows.join('')}}\n`,
    'definitions.ts': `${head}\nexport const definitions = {\n${definitions.join('\n')}\n} as const\n`,
  }
}

const avsc_names = (dir: string): string[] =>
  readdirSync(join(root, dir)).filter(file => file.endsWith('.avsc'))

/** Version 1 of every schema that has no published version, by file name. */
export const first_versions = (): Record<string, string> => {
  const published = new Set(avsc_names(PUBLISHED).map(file => file.slice(0, file.indexOf('.'))))
  const missing = avsc_names('schemas')
    .map(file => file.slice(0, -'.avsc'.length))
    .filter(name => !published.has(name))
  return Object.fromEntries(
    missing.map(name => [`${name}.v1.avsc`, readFileSync(join(schemas_dir, `${name}.avsc`), 'utf8')]),
  )
}

/** Partitions of a topic in the document, as where nobody says otherwise; a server tells its own. */
const PARTITIONS = 8

/** docs/asyncapi.json. Imports only when called: definitions.ts may just have been written. */
export const asyncapi_file = async (): Promise<Record<string, string>> => {
  const { asyncapi_document } = await import('../server/asyncapi.ts')
  const { topics } = await import('../schemas/topics.ts')
  const { definitions } = await import('../schemas/definitions.ts')
  const document = asyncapi_document({ topics, schemas: definitions, partitions: PARTITIONS })
  return { 'asyncapi.json': `${JSON.stringify(document, null, 1)}\n` }
}

/** Makes the files of a folder so, or only says which are not: paths of those that differed. */
const settle = (dir: string, files: Readonly<Record<string, string>>, check: boolean): string[] => {
  if (!check) mkdirSync(join(root, dir), { recursive: true })
  return Object.entries(files).flatMap(([name, text]) => {
    const file = join(root, dir, name)
    if (existsSync(file) && readFileSync(file, 'utf8') === text) return []
    if (!check) writeFileSync(file, text)
    return [`${dir}/${name}`]
  })
}

/** Table definitions of topics that are gone. */
const leftover_tables = (files: Readonly<Record<string, string>>, check: boolean): string[] =>
  readdirSync(join(root, TABLES))
    .filter(name => !(name in files))
    .map(name => {
      if (!check) rmSync(join(root, TABLES, name))
      return `${TABLES}/${name}`
    })

const main = async (): Promise<number> => {
  const check = process.argv.includes('--check')
  const differed = settle('schemas', generate(), check)
  // Imported only now: it reads the definitions that have just been written.
  const { table_files } = await import('../runtime/clickhouse/generate-tables.ts')
  const tables = Object.fromEntries(table_files())
  differed.push(...settle(TABLES, tables, check), ...leftover_tables(tables, check))
  differed.push(...settle('docs', await asyncapi_file(), check))
  differed.push(...settle(PUBLISHED, first_versions(), check))
  if (check && differed.length > 0) {
    process.stderr.write(`not what follows from the schemas: ${differed.join(', ')}; npm run generate\n`)
    return 1
  }
  for (const path of differed) process.stdout.write(`${path}\n`)
  return 0
}

if (import.meta.main) await run_command(main)
