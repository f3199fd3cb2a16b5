/**
 * What the embedded warehouse must know of a statement's text: where an INSERT's data begins, which words a reader
 * may not say, and how values are quoted. Everything else is chDB's business: statements are handed on as they are.
 */

/** A string literal. Backslash and quote are the only two characters that can end one. */
export const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

/** An identifier in backticks. */
export const identifier = (name: string): string =>
  `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``

export interface InsertHead {
  /** Everything before SETTINGS and FORMAT: target and columns. */
  readonly target: string
  /** `SETTINGS a = 1`, or ''. */
  readonly settings: string
  readonly format: string
  /** Where the data begins in the text. */
  readonly data_at: number
}

export interface Token {
  /** Upper case when it is a bare word. */
  readonly word: string
  readonly start: number
  readonly end: number
}

const TOKEN =
  /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\]|\\[\s\S])*'|`(?:[^`\\]|\\[\s\S])*`|"(?:[^"\\]|\\[\s\S])*"|\w+|\S/g

/** Words and marks outside of brackets; comments, strings and what stands in brackets are passed over. */
export function* outer_tokens(text: string): Generator<Token> {
  let depth = 0
  for (const found of text.matchAll(TOKEN)) {
    const [word] = found
    const start = found.index
    if (word.startsWith('--') || word.startsWith('/*')) continue
    if (word === '(') depth += 1
    else if (word === ')') depth -= 1
    else if (depth === 0) yield { word: word.toUpperCase(), start, end: start + word.length }
  }
}

/**
 * Splits `INSERT INTO t (a, b) SETTINGS … FORMAT X` from the data behind it. null for everything that carries its rows
 * in the statement itself (VALUES, SELECT) and for every other statement: those are chDB's to read.
 */
export const insert_head = (text: string): InsertHead | null => {
  const tokens = outer_tokens(text)
  if (tokens.next().value?.word !== 'INSERT') return null
  let settings_at = -1
  for (const token of tokens) {
    if (token.word === 'SETTINGS' && settings_at < 0) settings_at = token.start
    else if (['VALUES', 'SELECT', 'WITH', 'FROM', 'WATCH'].includes(token.word)) return null
    else if (token.word === 'FORMAT') {
      const name = tokens.next().value
      if (!name || !/^\w+$/.test(name.word)) return null
      const gap =
        /^[ \t\r\f\v]*;?[ \t\r\f\v]*\n?/.exec(text.slice(name.end, name.end + 4096))?.[0].length ?? 0
      const target_end = settings_at < 0 ? token.start : settings_at
      return {
        target: text.slice(0, target_end).trim(),
        settings: settings_at < 0 ? '' : text.slice(settings_at, token.start).trim(),
        format: text.slice(name.start, name.end),
        data_at: name.end + gap,
      }
    }
  }
  return null
}

/** The same insert, its data read from a file. */
export const insert_from_file = (head: InsertHead, path: string): string =>
  // On lines of their own: the target may end in a comment.
  `${head.target}\nFROM INFILE ${quoted(path)}\n${head.settings}\nFORMAT ${head.format}`

const READS = new Set(['SELECT', 'WITH', 'SHOW', 'DESCRIBE', 'DESC', 'EXPLAIN', 'EXISTS'])
/** Functions that reach files or other hosts and are not under any grant. */
const OUTWARD = 'file|catboostEvaluate|hasColumnInTable|hasThreadFuzzer'
const OUTWARD_CALL = new RegExp(`\\b(?:${OUTWARD})\\b\\s*\\(|\\bAPPLY\\s*\\(?\\s*(?:${OUTWARD})\\b`, 'i')

/** Strings and quoted names, told apart in one pass: either may hold the other's quote. */
const QUOTED = /'(?:[^'\\]|\\[\s\S]|'')*'|`(?:[^`\\]|\\[\s\S]|``)*`|"(?:[^"\\]|\\[\s\S]|"")*"/g

/**
 * Why a reader may not run a statement, or null. `canonical` is the statement as chDB's own formatter writes it (one
 * statement, comments gone, strings in single quotes), so that nothing can hide from the words looked for here.
 */
export const refusal = (canonical: string): string | null => {
  const bare = canonical.replace(QUOTED, text => {
    if (text.startsWith("'")) return "''"
    const name = text.slice(1, -1)
    return /^\w+$/.test(name) ? name : 'quoted_name'
  })
  const first = /^[\s(]*(\w+)/.exec(bare)?.[1]?.toUpperCase() ?? ''
  if (!READS.has(first)) return `${first || 'this statement'} is not a read`
  if (/\bINTO\s+OUTFILE\b/i.test(bare)) return 'INTO OUTFILE is not allowed'
  if (/\bPARALLEL\s+WITH\b/i.test(bare)) return 'PARALLEL WITH is not allowed'
  const call = OUTWARD_CALL.exec(bare)
  return call ? `${call[0].replace(/\W+$/, '')} is not allowed` : null
}

/** The output format a statement asks for, for the response headers only. */
export const format_asked = (text: string): string | undefined =>
  /\bFORMAT\s+(\w+)\s*(?:SETTINGS\b[^']*)?;?\s*$/i.exec(text)?.[1]

const SETTING = /^[A-Za-z_][A-Za-z0-9_]*$/

/** `SET a = 'x', b = 'y'`, or '' when there is none. Throws on a name that is not one. */
export const set_statement = (settings: Iterable<readonly [string, string]>): string => {
  const parts: string[] = []
  for (const [name, value] of settings) {
    if (!SETTING.test(name)) throw new Error(`no setting can be named ${JSON.stringify(name)}`)
    parts.push(`${name} = ${quoted(value)}`)
  }
  return parts.length ? `SET ${parts.join(', ')}` : ''
}
