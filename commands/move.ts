/**
 * `npm run move -- --from DATA_DIR`: what a laptop holds, onto the cluster that the environment names: a backup and a
 * restore in one. The data directory stays as it is.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { tributary } from '../runtime/app.ts'
import { export_archive } from '../runtime/archive/export.ts'
import { check_partitions, import_archive, open_archive } from '../runtime/archive/import.ts'
import { open_directory_source, open_target } from '../runtime/archive/places.ts'
import { type Config, ConfigError, help_text, type Option, parse_config } from '../runtime/config.ts'
import { create_logger } from '../runtime/logger.ts'
import { run_command } from './command.ts'
import { create_progress_line, type ProgressLine } from './progress-line.ts'

const USAGE = 'npm run move -- --from DATA_DIR [options]'

const own = [
  {
    name: 'from',
    flag: 'from',
    value: 'DATA_DIR',
    type: z.string().min(1, 'a directory'),
    meaning: 'data directory of the embedded installation; no process may run on it',
  },
] as const satisfies readonly Option[]

const main = async (): Promise<number> => {
  const { config, own: chosen, help } = parse_config(process.argv.slice(2), process.env, own)
  if (help) {
    process.stdout.write(help_text(USAGE, own))
    return 0
  }
  if (chosen.from === undefined) throw new ConfigError(`from where? ${USAGE}`)
  if (!config.cluster)
    throw new ConfigError('move needs a cluster to go to: set KAFKA_BROKERS and the other three')
  const line = create_progress_line(process.stderr)
  const dir = mkdtempSync(join(tmpdir(), 'tributary-move-'))
  try {
    const records = await move(chosen.from, config, dir, line)
    line.end()
    process.stdout.write(
      `${records} records are on the cluster: npm start there rebuilds state and tables; ${chosen.from} is as it was\n`,
    )
    return 0
  } finally {
    line.end()
    rmSync(dir, { recursive: true, force: true })
  }
}

const move = async (from: string, config: Config, dir: string, line: ProgressLine): Promise<number> => {
  const source = await open_directory_source(from)
  try {
    check_partitions(tributary(config.partitions), source.app.partitions)
    const target = await open_target(config, create_logger('error'))
    try {
      await export_archive(source, dir, (done, all) => line.show('read', done, all, 'records'))
      const archive = open_archive(dir)
      try {
        return await import_archive(archive, target, (done, all) => line.show('write', done, all, 'records'))
      } finally {
        archive.close()
      }
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

await run_command(main)
