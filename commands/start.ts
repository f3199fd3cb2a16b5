/** `npm start`: runs Tributary on this machine, or as one of many on a cluster, until it is told to stop. */
import { ConfigError, help_text, parse_config, start_options } from '../runtime/config.ts'
import { run_command } from './command.ts'
import { banner, run_process } from './process.ts'

const main = async (): Promise<number> => {
  const argv = process.argv.slice(2)
  const { config, own, help } = parse_config(argv, process.env, start_options)
  if (help) {
    process.stdout.write(help_text('npm start -- [options]', start_options))
    return 0
  }
  const count = own.workers
  if (count > 1 && !config.cluster)
    throw new ConfigError(
      `--workers ${count}: the embedded stack belongs to one process; set KAFKA_BROKERS and what belongs to it, or leave it at 1`,
    )
  return run_process(config, {
    ...(count > 1 && { workers: { count, argv } }),
    running: async served => {
      process.stdout.write(banner(served))
    },
  })
}

await run_command(main)
process.exit()
