/**
 * `npm run checkpoints -- list | reset GROUP [PARTITION]`: what the state store holds per task, and how to drop it. A task
 * without a checkpoint rebuilds its state from the log, muted, when it starts; nothing is emitted twice.
 */
import { key_groups } from '../runtime/app.ts'
import { help_text, parse_config } from '../runtime/config.ts'
import { create_logger } from '../runtime/logger.ts'
import { open_system } from '../runtime/system.ts'
import { CommandError, read_endpoints, run_command } from './command.ts'

const USAGE = 'npm run checkpoints -- list | reset GROUP [PARTITION] [options]'

const main = async (): Promise<number> => {
  const { config, help, positionals } = parse_config(process.argv.slice(2), process.env, [], 3)
  const [verb, name, partition] = positionals
  if (help || (verb !== 'list' && verb !== 'reset')) {
    process.stdout.write(help_text(USAGE))
    return help ? 0 : 2
  }
  if (!config.cluster && read_endpoints(config.data_dir))
    throw new CommandError('stop the running process first: it holds the checkpoints in memory')
  const system = await open_system(config, create_logger('warn'))
  try {
    const groups = key_groups(system.app).filter(group => verb === 'list' || group.name === name)
    if (groups.length === 0) throw new CommandError(`there is no key group ${name}`)
    for (const group of groups)
      for (let p = 0; p < group.partitions; p++) {
        if (partition !== undefined && Number(partition) !== p) continue
        const task = { app: system.app.name, group: group.name, partition: p }
        if (verb === 'reset') await system.store.wipe(task)
        const header = await system.store
          .header(task)
          .catch((error: Error) => ({ log_id: error.message, seq: '?' }))
        const holds = header ? `batch ${header.seq} of log ${header.log_id}` : 'no checkpoint'
        process.stdout.write(`${group.name}/${p}: ${holds}\n`)
      }
    return 0
  } finally {
    await system.close()
  }
}

await run_command(main)
