/** `npm start`: runs Tributary on this machine, or as one of many on a cluster, until it is told to stop. */
import { help_text, parse_config } from '../runtime/config.ts'
import { run_command } from './command.ts'
import { banner, run_process } from './process.ts'

const main = async (): Promise<number> => {
  const { config, help } = parse_config(process.argv.slice(2), process.env)
  if (help) {
    process.stdout.write(help_text('npm start -- [options]'))
    return 0
  }
  return run_process(config, {
    running: async served => {
      process.stdout.write(banner(served))
    },
  })
}

await run_command(main)
process.exit()
