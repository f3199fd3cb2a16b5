/**
 * Which records a task has had: ids by key and topic as declared, and, apart from them and for ever, the dead letters that
 * are not to be driven again.
 */
import type { Entities, Entity } from './entities.ts'
import type { Seen } from './id-memory.ts'
import type { InputTopic } from './input-topic.ts'
import type { Item } from './intake.ts'
import type { StreamTime } from './stream-time.ts'
import type { Verdicts } from './verdicts.ts'

export class Remembered {
  readonly #entities: Entities
  readonly #stream_time: StreamTime
  readonly #verdicts: Verdicts

  constructor(entities: Entities, stream_time: StreamTime, verdicts: Verdicts) {
    this.#entities = entities
    this.#stream_time = stream_time
    this.#verdicts = verdicts
  }

  /** What is known of the record's id; its entity is in memory. */
  check(item: Item, input: InputTopic): Seen {
    if (!input.deduped) return 'new'
    const entity = this.#entities.get(item.key) as Entity
    const memory = this.#entities.ids(entity, item.redrive ? input.sister : input.declared)
    return memory.check(known_as(item), item.crc, this.#stream_time.now_ms)
  }

  add(item: Item, input: InputTopic): void {
    if (input.deduped) this.#add(item, known_as(item), item.redrive ? input.sister : input.declared)
  }

  /** The pipeline's dead letter of the record is not to be driven again: what it holds has been taken. */
  settle(item: Item, input: InputTopic, pipeline: string): void {
    if (input.deduped) this.#add(item, redriven_id(this.#verdicts.letter_id(item, pipeline)), input.sister)
  }

  #add(item: Item, id: string, topic: string): void {
    const entity = this.#entities.get(item.key) as Entity
    const bucket = this.#entities.ids(entity, topic).add(id, item.crc, this.#stream_time.now_ms)
    this.#entities.remembered(entity, topic, bucket)
  }
}

/** What the id memory knows a record by: driven again it is another one, once. */
const known_as = ({ redrive, event_id }: Item): string =>
  redrive ? redriven_id(redrive.dead_letter_id) : event_id
const redriven_id = (dead_letter_id: string): string => `redrive ${dead_letter_id}`
