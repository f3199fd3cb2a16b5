/**
 * A member of a group in a process of its own, to be killed: arguments are broker, session timeout in ms and
 * the group as JSON. Says on stdout which tasks it starts.
 */
import { kafka_log } from '../../runtime/kafka/log.ts'
import type { Group } from '../../runtime/ports.ts'

const [broker = '', session_ms = '', group = ''] = process.argv.slice(2)
const logger = { debug() {}, warn() {} }
const log = kafka_log({
  brokers: [broker],
  client_id: 'groups',
  logger,
  session_ms: Number(session_ms),
})
await log.run(
  JSON.parse(group) as Group,
  async task => {
    console.log(`start ${task.partition}`)
    await new Promise(resolve => task.signal.addEventListener('abort', resolve, { once: true }))
  },
  new AbortController().signal,
)
