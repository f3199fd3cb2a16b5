/**
 * The value rules of schemas/*.avsc, beyond Avro's types: `minimum`, `maximum`, `format` of a field, `any_of` of a
 * record. Written once, used by the decoder (bodies from the log) and by from-json (bodies on their way in).
 */
import { exponents, is_currency } from '../../schemas/currencies.ts'

export type Format = 'id' | 'tenant' | 'customer' | 'currency' | 'json'
export interface FieldRules {
  readonly minimum: number | undefined
  readonly maximum: number | undefined
  readonly format: Format | undefined
  /** What a violation is counted as. */
  readonly reason: 'MONEY_INVALID' | 'INVALID'
}

/** Bytes of UTF-8: ids become parts of state keys, whose size the stores bound. */
export const ID_LENGTH_MAX = 256
const CONTROL = /\p{Cc}/u
const NUMBERS: ReadonlySet<string> = new Set(['int', 'long', 'float', 'double'])

/** What is wrong with a text of that format, or null. */
const FORMATS: Readonly<Record<Format, (text: string) => string | null>> = {
  id: text => {
    if (text.length === 0) return 'is empty'
    if (text.length > ID_LENGTH_MAX || Buffer.byteLength(text) > ID_LENGTH_MAX)
      return `is longer than ${ID_LENGTH_MAX} bytes`
    return CONTROL.test(text) ? 'has a control character' : null
  },
  tenant: text => FORMATS.id(text) ?? (text.includes('|') ? "has a '|'" : null),
  customer: text => FORMATS.id(text) ?? (text.startsWith('~') ? "starts with '~'" : null),
  currency: text => (is_currency(text) ? null : `is not a currency: ${JSON.stringify(text.slice(0, 16))}`),
  json: text => {
    try {
      const value: unknown = JSON.parse(text)
      return typeof value === 'object' && !Array.isArray(value) ? null : 'is not a JSON object (or null)'
    } catch {
      return 'is not JSON'
    }
  },
}

/**
 * The rules written at a field of a schema, or null. `kind` is the kind of its non-null values. A rule that cannot
 * hold for that kind is a mistake in the schema and throws.
 */
export const field_rules = (field: Readonly<Record<string, unknown>>, kind: string): FieldRules | null => {
  const { name, minimum, maximum, format } = field
  if (minimum === undefined && maximum === undefined && format === undefined) return null
  if (format !== undefined && (kind !== 'string' || !Object.hasOwn(FORMATS, format as string)))
    throw new Error(`${name}: format ${JSON.stringify(format)} is unknown or not for ${kind}`)
  for (const bound of [minimum, maximum])
    if (bound !== undefined && (typeof bound !== 'number' || !NUMBERS.has(kind)))
      throw new Error(`${name}: minimum and maximum are numbers, of numbers, not of ${kind}`)
  const money = format === 'currency' || String(name).endsWith('_minor')
  return {
    minimum: minimum as number | undefined,
    maximum: maximum as number | undefined,
    format: format as Format | undefined,
    reason: money ? 'MONEY_INVALID' : 'INVALID',
  }
}

/** What is wrong with a non-null value under these rules, or null. Said so that it reads after the field's name. */
export const violation = (rules: FieldRules, value: unknown): string | null => {
  if (rules.format !== undefined) return FORMATS[rules.format](value as string)
  const { minimum, maximum } = rules
  if (minimum !== undefined && !((value as number) >= minimum)) return `is below ${minimum}: ${value}`
  if (maximum !== undefined && !((value as number) <= maximum)) return `is above ${maximum}: ${value}`
  return null
}

const DESCRIBED: Readonly<Record<Format, Readonly<Record<string, unknown>>>> = {
  id: { minLength: 1, maxLength: ID_LENGTH_MAX },
  tenant: { minLength: 1, maxLength: ID_LENGTH_MAX, pattern: '^[^|]*$' },
  customer: { minLength: 1, maxLength: ID_LENGTH_MAX, pattern: '^[^~]' },
  currency: { pattern: '^[A-Z]{3}$' },
  json: { contentMediaType: 'application/json' },
}

/** The rules as JSON Schema keywords, as far as it has words for them. */
export const described_rules = ({ minimum, maximum, format }: FieldRules): Record<string, unknown> => ({
  ...(format && DESCRIBED[format]),
  ...(minimum !== undefined && { minimum }),
  ...(maximum !== undefined && { maximum }),
})

/** Said of a record of which none of the `any_of` fields has a value. */
export const none_of = (names: readonly string[]): string =>
  `at least one of ${names.join(' and ')} is needed`

/**
 * A shortcut past `violation` for texts of plain ASCII: classes of the bytes that may occur, and the first byte that
 * may not. What the shortcut does not accept goes the long way, so the rule itself stands above alone.
 */
export const NON_ASCII = 1
export const CONTROL_BYTE = 2
export const PIPE = 4
export const BYTE_CLASS: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x80) return NON_ASCII
  if (byte < 0x20 || byte === 0x7f) return CONTROL_BYTE
  return byte === 0x7c ? PIPE : 0
})
interface Shortcut {
  readonly refused: number
  readonly first: number
  readonly length_max: number
}
export const shortcuts: Readonly<Partial<Record<Format, Shortcut>>> = {
  id: { refused: NON_ASCII | CONTROL_BYTE, first: -1, length_max: ID_LENGTH_MAX },
  tenant: { refused: NON_ASCII | CONTROL_BYTE | PIPE, first: -1, length_max: ID_LENGTH_MAX },
  customer: { refused: NON_ASCII | CONTROL_BYTE, first: 0x7e, length_max: ID_LENGTH_MAX },
}

/** Currency codes by their three letters packed into one integer, for the same purpose. */
export const pack_code = (a: number, b: number, c: number): number => (a << 16) | (b << 8) | c
export const packed_currencies: ReadonlyMap<number, string> = new Map(
  [...exponents.keys()].map(code => [
    pack_code(code.charCodeAt(0), code.charCodeAt(1), code.charCodeAt(2)),
    code,
  ]),
)
