/**
 * `npm run restore -- DIR`: an archive into an installation that holds nothing yet. The next start rebuilds state and tables
 * from it, without emitting anything twice.
 */

import { tributary } from '../runtime/app.ts'
import { check_fits, import_archive, open_archive } from '../runtime/archive/import.ts'
import { open_target } from '../runtime/archive/places.ts'
import { ConfigError, help_text, parse_config } from '../runtime/config.ts'
import { create_logger } from '../runtime/logger.ts'
import { run_command } from './command.ts'
import { create_progress_line } from './progress-line.ts'

const USAGE = 'npm run restore -- DIR [options]'

const main = async (): Promise<number> => {
  const { config, help, positionals } = parse_config(process.argv.slice(2), process.env, [], 1)
  if (help) {
    process.stdout.write(help_text(USAGE))
    return 0
  }
  const [dir] = positionals
  if (dir === undefined) throw new ConfigError(`from where? ${USAGE}`)
  const line = create_progress_line(process.stderr)
  line.note('checking the archive')
  const archive = open_archive(dir)
  try {
    // Before anything is created.
    check_fits(tributary(config.partitions), archive.manifest)
    const target = await open_target(config, create_logger('error'))
    try {
      const told = (done: number, all: number) => line.show('restore', done, all, 'records')
      const records = await import_archive(archive, target, told)
      target.done()
      line.end()
      process.stdout.write(
        `${records} records of ${archive.manifest.created_at} are restored: npm start rebuilds state and tables\n`,
      )
      return 0
    } finally {
      await target.close()
    }
  } finally {
    line.end()
    archive.close()
  }
}

await run_command(main)
