/**
 * `npm run backup -- DIR`: the log of a stopped installation as an archive. State and tables are made from the log again, so
 * that it is all there is to keep.
 */
import { export_archive } from '../runtime/archive/export.ts'
import { open_source } from '../runtime/archive/places.ts'
import { ConfigError, help_text, parse_config } from '../runtime/config.ts'
import { create_logger } from '../runtime/logger.ts'
import { run_command } from './command.ts'
import { create_progress_line } from './progress-line.ts'

const USAGE = 'npm run backup -- DIR [options]'

const main = async (): Promise<number> => {
  const { config, help, positionals } = parse_config(process.argv.slice(2), process.env, [], 1)
  if (help) {
    process.stdout.write(help_text(USAGE))
    return 0
  }
  const [dir] = positionals
  if (dir === undefined) throw new ConfigError(`where to? ${USAGE}`)
  const line = create_progress_line(process.stderr)
  const source = await open_source(config, create_logger('error'))
  try {
    const told = (done: number, all: number) => line.show('backup', done, all, 'records')
    const records = await export_archive(source, dir, told)
    line.end()
    process.stdout.write(`${records} records are in ${dir}\n`)
    return 0
  } finally {
    line.end()
    await source.close()
  }
}

await run_command(main)
