/** Writes to the log in the directory named by its argument until it is killed; prints each acknowledgement. */
import { open_log } from '../../../runtime/embedded/log.ts'
import type { Output } from '../../../runtime/ports.ts'

const log = await open_log(process.argv[2]!)
await log.ensure([
  { name: 'in', partitions: 1 },
  { name: 'left', partitions: 2 },
  { name: 'right', partitions: 2 },
])
const run = Date.now()
const output = (topic: string, value: string, partition = 0): Output => ({
  topic,
  partition,
  key: null,
  value: Buffer.from(value),
})
const appending = async (caller: number): Promise<never> => {
  for (let i = 0; ; i++) {
    const id = `${run}.${caller}.${i}`
    await log.append([output('in', id)])
    process.stdout.write(`append ${id}\n`)
  }
}
const group = { name: 'g', topics: ['in'], partitions: 1, transactional: true }
const committing = log.run(
  group,
  async task => {
    await task.acquire()
    for (let i = 0; ; i++) {
      const id = `${run}.${i}`
      await task.commit([output('left', id), output('right', `${id}a`, 1), output('right', `${id}b`, 1)])
      process.stdout.write(`commit ${id}\n`)
    }
  },
  new AbortController().signal,
)
await Promise.all([appending(0), appending(1), committing])
