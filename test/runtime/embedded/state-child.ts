/** Saves checkpoint after checkpoint in the directory named by its argument until killed; prints each acknowledged seq. */
import { open_state_store } from '../../../runtime/embedded/state-store.ts'

const store = await open_state_store(process.argv[2]!)
const task = { app: 'tributary', group: 'customer', partition: 0 }
let from = (await store.header(task))?.seq ?? null
for (;;) {
  const seq = (from ?? 0) + 1
  const to = { log_id: 'l', seq, digest: seq, nonce: 'n', code: 'c', task: '' }
  const writes = Array.from({ length: 2000 }, (_, i) => ({
    key: `k${i}`,
    fields: [['seq', Buffer.from(`${seq}`)] as const],
  }))
  const result = await store.save(task, from, to, writes)
  if (result !== 'saved') throw new Error(`save ${seq} from ${from}: ${result}`)
  process.stdout.write(`${seq}\n`)
  from = seq
}
