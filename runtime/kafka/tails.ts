/** Reading partitions outside any group: all tails of a process share one fetch loop per broker. */
import type { Fetched, LogRecord } from '../ports.ts'
import { fetch_once, Pace, recover_fetch, sleep, Waiters } from './fetch.ts'
import { type Cluster, kafka_error } from './kafkajs.ts'
import { Mailbox } from './mailbox.ts'
import { within } from './send.ts'

const PAUSE_MS = 250
const LOOKS = 4
const ASK_MS = 15_000
/** How long a tail that hears nothing waits before it looks after its fetch loop. */
const LOOK_MS = 1_000

export class Tails {
  readonly #cluster: Cluster
  /** Questions have their own connections: a broker answers one request at a time, and fetches wait. */
  readonly #questions: Cluster
  readonly #mailboxes = new Set<Mailbox>()
  readonly #pace = new Pace()
  readonly #loops = new Map<string, Promise<void>>()
  #closed = false

  constructor(cluster: Cluster, questions: Cluster) {
    this.#cluster = cluster
    this.#questions = questions
  }

  /** As Log.tail. */
  async *tail(topic: string, partition: number, from: number, signal: AbortSignal): AsyncGenerator<Fetched> {
    const waiters = new Waiters()
    const news = () => waiters.wake()
    const mailbox = new Mailbox(topic, partition, news, () => this.#pace.moved())
    mailbox.seek(from)
    signal.addEventListener('abort', news, { once: true })
    let told = { position: from, end: -1 }
    try {
      await this.#leader(this.#cluster, topic, partition)
      this.#mailboxes.add(mailbox)
      while (!signal.aborted && !this.#closed) {
        await this.#start_loop(mailbox)
        const { failure, position, end } = mailbox
        if (failure) throw failure
        if (position === told.position && end === told.end) {
          await waiters.wait(LOOK_MS)
          continue
        }
        const records: LogRecord[] = []
        for (let record = mailbox.shift(); record; record = mailbox.shift()) records.push(record)
        told = { position, end }
        yield { records, position, end }
      }
    } finally {
      signal.removeEventListener('abort', news)
      mailbox.close()
      this.#mailboxes.delete(mailbox)
    }
  }

  /** As Log.bounds. */
  async bounds(topic: string, partition: number): Promise<{ start: number; end: number }> {
    const cluster = this.#questions
    const deadline = Date.now() + ASK_MS
    for (;;) {
      try {
        await this.#leader(cluster, topic, partition)
        const ask = async (fromBeginning: boolean) => {
          const answer = await cluster.fetchTopicsOffset([
            { topic, partitions: [{ partition }], fromBeginning },
          ])
          const offset = answer[0]?.partitions[0]?.offset
          if (offset === undefined) throw new Error(`${topic}/${partition} has no bounds`)
          return Number(offset)
        }
        const [start, end] = await within(Promise.all([ask(true), ask(false)]), ASK_MS, `bounds of ${topic}`)
        return { start, end }
      } catch (error) {
        if (Date.now() > deadline) throw error
        await recover_fetch(cluster, error)
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const mailbox of this.#mailboxes) mailbox.close()
    this.#mailboxes.clear()
    await Promise.all(this.#loops.values())
    await this.#cluster.disconnect()
    await this.#questions.disconnect()
  }

  /** The node that leads the partition; throws where topic or partition do not exist. */
  async #leader(cluster: Cluster, topic: string, partition: number): Promise<string> {
    await cluster.connect()
    try {
      await cluster.addMultipleTargetTopics([topic])
    } catch (error) {
      if (kafka_error(error).type === 'UNKNOWN_TOPIC_OR_PARTITION')
        throw new Error(`there is no topic ${topic}`)
      throw error
    }
    for (let looks = 0; looks < LOOKS; looks++) {
      const found = cluster.findTopicPartitionMetadata(topic).find(at => at.partitionId === partition)
      if (found) return String(found.leader)
      // A topic just created shows its partitions one after the other.
      await sleep(PAUSE_MS)
      await cluster.refreshMetadata()
    }
    throw new Error(`${topic} has no partition ${partition}`)
  }

  /** Loops end when they have nothing to fetch, and after a leader has moved. */
  async #start_loop({ topic, partition }: Mailbox): Promise<void> {
    const node = this.#cluster
      .findTopicPartitionMetadata(topic)
      .find(at => at.partitionId === partition)?.leader
    if (node === undefined || this.#loops.has(`${node}`)) return
    const loop = this.#loop(`${node}`).finally(() => this.#loops.delete(`${node}`))
    this.#loops.set(`${node}`, loop)
  }

  async #loop(node: string): Promise<void> {
    while (!this.#closed && this.#mailboxes.size > 0) {
      try {
        if (!(await fetch_once(this.#cluster, node, this.#mailboxes, this.#pace))) return
      } catch (error) {
        // An outage is waited out: a tail goes on for ever.
        await recover_fetch(this.#cluster, error).catch(() => sleep(PAUSE_MS))
      }
    }
  }
}
