/** Writes schemas/types.ts and schemas/definitions.ts from the .avsc files; `--check` only compares (exit 1 on drift). */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

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

const schemas_dir = join(import.meta.dirname, '../schemas')
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

if (import.meta.main) {
  const check = process.argv.includes('--check')
  for (const [name, text] of Object.entries(generate())) {
    const file = join(schemas_dir, name)
    if (!check) writeFileSync(file, text)
    else if (readFileSync(file, 'utf8') !== text) {
      console.error(`schemas/${name} differs from the .avsc files: run npm run generate`)
      process.exitCode = 1
    }
  }
}
