/** What generated decoders call: the parts of reading a body that are not worth repeating inline. */

import { isUtf8 } from 'node:buffer'
import { type Reason, refuse } from './refused.ts'
import {
  BYTE_CLASS,
  type FieldRules,
  NON_ASCII,
  pack_code,
  packed_currencies,
  shortcuts,
  violation,
} from './rules.ts'

/** Items of all arrays and maps of one body together. */
export const ITEMS_MAX = 10_000

/** Position behind what was read last, and the first broken rule: thrown after the walk, as a malformed body comes first. */
export interface Cursor {
  at: number
  broken: { readonly reason: Reason; readonly detail: string } | null
}
export const cursor: Cursor = { at: 0, broken: null }

/** Remembers the first broken rule of the body. */
export const broken = (reason: Reason, detail: string): void => {
  cursor.broken ??= { reason, detail }
}

export const truncated = (path: string): never =>
  refuse('TRUNCATED_OR_TRAILING', `the body ends within ${path}`)

/**
 * A zigzag varint of any length from `p`; the position behind it is in `cursor.at`. Numbers beyond 2^53 come out
 * inexact but still beyond it. Four bytes at a time, because 28 bits fit a small integer.
 */
export const read_varint = (buf: Buffer, p: number, end: number, path: string): number => {
  let low = 0
  let middle = 0
  let high = 0
  let shift = 0
  for (let i = 0; i < 10; i++) {
    if (p >= end) truncated(path)
    const byte = buf[p++] as number
    const bits = byte & 0x7f
    if (i < 4) low |= bits << shift
    else if (i < 8) middle |= bits << shift
    else if (i === 9 && byte > 1) refuse('DECODE', `${path}: a varint of more than 64 bits`)
    else high |= bits << shift
    shift = i === 3 || i === 7 ? 0 : shift + 7
    if (byte < 0x80) {
      cursor.at = p
      const magnitude = high * 2 ** 55 + middle * 2 ** 27 + (low >>> 1)
      return low & 1 ? -magnitude - 1 : magnitude
    }
  }
  return refuse('DECODE', `${path}: a varint of more than 10 bytes`)
}

/** As read_varint, refusing what a JavaScript number does not hold exactly. */
export const read_long = (buf: Buffer, p: number, end: number, path: string): number => {
  const value = read_varint(buf, p, end, path)
  return Number.isSafeInteger(value) ? value : refuse('RANGE', `${path} is beyond ±(2^53 − 1)`)
}

/** Node's own slice, without the range checks and option reading of toString; not in its published types. */
const latin1 = (buf: Buffer, p: number, end: number): string =>
  (buf as Buffer & { latin1Slice(from: number, to: number): string }).latin1Slice(p, end)

const classes = (buf: Buffer, p: number, end: number): number => {
  let seen = 0
  for (let i = p; i < end; i++) seen |= BYTE_CLASS[buf[i] as number] as number
  return seen
}

/** Up to here a text is made faster from its codes (20 ns) than by Node's slice (40 ns), which is a call out of JavaScript. */
const SHORT_MAX = 24
const CODES = Array.from({ length: SHORT_MAX + 1 }, (_, length) => new Array<number>(length).fill(0))
/** Classes of the bytes of the text read last. */
let seen = 0

/** The text if it is ASCII, which `seen` tells afterwards; else anything. */
const ascii = (buf: Buffer, p: number, end: number): string => {
  const length = end - p
  if (length > SHORT_MAX) {
    seen = classes(buf, p, end)
    return seen & NON_ASCII ? '' : latin1(buf, p, end)
  }
  const codes = CODES[length] as number[]
  let found = 0
  for (let i = 0; i < length; i++) {
    const byte = buf[p + i] as number
    found |= BYTE_CLASS[byte] as number
    codes[i] = byte
  }
  seen = found
  return String.fromCharCode.apply(null, codes)
}

const text_beyond_ascii = (buf: Buffer, p: number, end: number, path: string): string => {
  const text = buf.toString('utf8', p, end)
  // What is not UTF-8 is replaced by U+FFFD, which may also have been written so.
  if (text.includes('\ufffd') && !isUtf8(buf.subarray(p, end))) refuse('DECODE', `${path} is not UTF-8`)
  return text
}

/** The text from `p` to `end`, which lie within the body. */
export const read_text = (buf: Buffer, p: number, end: number, path: string): string => {
  const text = ascii(buf, p, end)
  return seen & NON_ASCII ? text_beyond_ascii(buf, p, end, path) : text
}

/** The text, whatever is no UTF-8 in it replaced. */
export const text_of = (buf: Buffer, p: number, end: number): string => {
  const text = ascii(buf, p, end)
  return seen & NON_ASCII ? buf.toString('utf8', p, end) : text
}

/** As read_text, also held against the field's rule. */
export const read_ruled = (buf: Buffer, p: number, end: number, path: string, rules: FieldRules): string => {
  const text = read_text(buf, p, end, path)
  const wrong = violation(rules, text)
  if (wrong !== null) broken(rules.reason, `${path} ${wrong}`)
  return text
}

type ReadText = (buf: Buffer, p: number, end: number, path: string) => string
type CheckText = (buf: Buffer, p: number, end: number, path: string) => void

/** Reader and checker of the texts of one ruled field: short plain ASCII is judged byte by byte. */
export const ruled_text = (rules: FieldRules): { readonly read: ReadText; readonly check: CheckText } => {
  if (rules.format === 'currency') {
    const read: ReadText = (buf, p, end, path) => {
      const code =
        end - p === 3
          ? packed_currencies.get(pack_code(buf[p] as number, buf[p + 1] as number, buf[p + 2] as number))
          : undefined
      return code ?? read_ruled(buf, p, end, path, rules)
    }
    return { read, check: read }
  }
  const shortcut = rules.format && shortcuts[rules.format]
  if (!shortcut) {
    const read: ReadText = (buf, p, end, path) => read_ruled(buf, p, end, path, rules)
    return { read, check: read }
  }
  const { refused, first, length_max } = shortcut
  const plain = (buf: Buffer, p: number, end: number, bytes: number): boolean =>
    end > p && end - p <= length_max && buf[p] !== first && (bytes & refused) === 0
  return {
    read: (buf, p, end, path) => {
      const text = ascii(buf, p, end)
      return plain(buf, p, end, seen) ? text : read_ruled(buf, p, end, path, rules)
    },
    check: (buf, p, end, path) => {
      if (!plain(buf, p, end, classes(buf, p, end))) read_ruled(buf, p, end, path, rules)
    },
  }
}

const KEPT = 64
const KEPT_LENGTH_MAX = 16
/** After so many texts of a field it is known whether they come again. */
const TRIAL = 1024

/**
 * The reader, remembering a few of the short texts of its field: a channel, a country or a tenant comes again and again, and is
 * found faster than made. A field whose texts do not come again is soon left alone.
 */
export const remembering = (read: ReadText): ReadText => {
  const kept = new Array<string>(KEPT).fill('')
  let [hits, misses] = [0, 0]
  return (buf, p, end, path) => {
    const length = end - p
    if (length === 0 || length > KEPT_LENGTH_MAX || (misses > TRIAL && misses > hits))
      return read(buf, p, end, path)
    const place =
      ((buf[p] as number) * 7 + (buf[p + (length >> 1)] as number) * 5 + (buf[end - 1] as number) + length) %
      KEPT
    const text = kept[place] as string
    let i = text.length === length ? 0 : length + 1
    while (i < length && text.charCodeAt(i) === buf[p + i]) i++
    if (i === length) {
      hits++
      return text
    }
    misses++
    const made = read(buf, p, end, path)
    // Plain ASCII that breaks no rule: then equal bytes are an equal text.
    if (made.length === length && cursor.broken === null) kept[place] = made
    return made
  }
}

/** Adds an entry of a map; an assignment to `__proto__` would change the object instead. */
export const put_entry = (map: Record<string, string>, key: string, value: string): void => {
  if (key === '__proto__')
    Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true })
  else map[key] = value
}
