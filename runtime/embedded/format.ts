/** The format of a data directory, written into it when it is made: data of another format is refused, not misread. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Raised when what an older version wrote can no longer be read. */
export const FORMAT = 1

/**
 * Notes the format in a new directory, or checks the one noted.
 * @throws Error in one sentence, with the way out, for a directory of another format
 */
export const check_format = (data_dir: string, read_only = false): void => {
  const file = join(data_dir, 'format')
  const noted = existsSync(file) ? readFileSync(file, 'utf8').trim() : null
  if (noted === `tributary ${FORMAT}`) return
  const has_data = existsSync(join(data_dir, 'log'))
  if (noted === null && !has_data) {
    if (!read_only) writeFileSync(file, `tributary ${FORMAT}\n`)
    return
  }
  const theirs = noted === null ? 'before formats were numbered' : `in format '${noted.slice(0, 40)}'`
  throw new Error(
    `the data in ${data_dir} were written ${theirs}, this version reads 'tributary ${FORMAT}': ` +
      'move them away, or choose another directory with --data-dir',
  )
}
