/** What the commands that read a CSV share: how a file gets into the parser, and what is said where it cannot be read. */
import { createReadStream } from 'node:fs'
import { CsvError, type Parser } from 'csv-parse'
import { CommandError } from './command.ts'

/** A count beyond this is no longer a whole number to the last digit. */
export const MOST_COUNT = 1e15
/** Beyond this the squares and sums of a calculation overflow. */
export const MOST_VALUE = 1e100

/** The parser, fed with the file; it fails with what the reading fails with. */
export const feed = (file: string, parser: Parser): Parser => {
  createReadStream(file)
    .on('error', error => parser.destroy(error))
    .pipe(parser)
  return parser
}

const REASONS: Readonly<Record<string, string>> = {
  EISDIR: 'it is a directory',
  EACCES: 'permission denied',
  ENOENT: 'it is not there',
}

/** An error of the parser or of the file as one that a person can act on; `column` follows the line, like ":1". Others as they are. */
export const read_error = (file: string, error: unknown, column = ''): unknown => {
  if (error instanceof CsvError) {
    const { lines } = error as CsvError & { lines?: number }
    return new CommandError(`${file}:${lines ?? 1}${column}: ${error.message}`)
  }
  const { code, syscall, message } = error as NodeJS.ErrnoException
  return syscall === undefined
    ? error
    : new CommandError(`${file} cannot be read: ${REASONS[code ?? ''] ?? message}`)
}
