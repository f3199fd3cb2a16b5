/**
 * `npm run rebuild -- GROUP`: a key group's history worked off anew by today's code, while no process works it. The answer
 * to a pipeline that was set aside, a new pipeline whose past is wanted, an operator that was wrong.
 */

import { z } from 'zod'
import { help_text, type Option, parse_config } from '../runtime/config.ts'
import { create_logger } from '../runtime/logger.ts'
import { type Emission, rebuild_group } from '../runtime/rebuild.ts'
import { as_installed, open_system } from '../runtime/system.ts'
import { unobserved } from '../runtime/worker-types.ts'
import { CommandError, read_endpoints, run_command } from './command.ts'

const EMISSIONS = ['nothing', 'difference', 'all'] as const
const own = [
  {
    name: 'emit',
    flag: 'emit',
    default: 'difference',
    value: 'WHAT',
    type: z.enum(EMISSIONS, `one of ${EMISSIONS.join(', ')}`),
    meaning:
      'rows that go out: nothing, difference (to what stands in the topics), all (also unchanged ones of topics with versions)',
  },
  {
    name: 'pipelines',
    flag: 'pipelines',
    default: '',
    value: 'P,Q',
    type: z.string().transform(text => text.split(',').filter(name => name !== '')),
    meaning: 'only rows of these pipelines go out; without it, of all',
  },
] as const satisfies readonly Option[]

const USAGE = 'npm run rebuild -- GROUP [options]   (stop the processes that work the group first)'
/** A killed member is missed by its group only after its session has ended. */
const ALONE_WITHIN_MS = 45_000

const main = async (): Promise<number> => {
  const { config, own: chosen, help, positionals } = parse_config(process.argv.slice(2), process.env, own, 1)
  const [group] = positionals
  if (help || group === undefined) {
    process.stdout.write(help_text(USAGE, own))
    return help ? 0 : 2
  }
  if (!config.cluster && read_endpoints(config.data_dir))
    throw new CommandError('stop the running process first: it works the group')
  const stop = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort())
  const system = await open_system(await as_installed(config), create_logger(config.log_level))
  try {
    const request = {
      group,
      emit: chosen.emit satisfies Emission,
      pipelines: chosen.pipelines,
      alone_within_ms: ALONE_WITHIN_MS,
    }
    const told = (task: string, batches: number) =>
      process.stderr.write(`${task} is rebuilt, ${batches} batches\n`)
    const topics = await rebuild_group({ ...system, observe: unobserved }, request, told, stop.signal).catch(
      (error: unknown) => {
        throw new CommandError((error as Error).message, { cause: error })
      },
    )
    for (const { topic, emitted, unchangeable, stale } of topics) {
      const rest = [
        ...(unchangeable ? [`${unchangeable} differ and are added up already`] : []),
        ...(stale ? [`${stale} stand that today's code does not write`] : []),
      ]
      if (emitted || rest.length)
        process.stdout.write(`${[`${topic}: ${emitted} rows emitted`, ...rest].join(', ')}\n`)
    }
    process.stdout.write(`${group} is rebuilt\n`)
    return 0
  } finally {
    await system.close()
  }
}

await run_command(main)
