/**
 * What should become of every record that came in: one pass over the committed inputs, in offset order. Only where the
 * order between two topics of one task decides, or a mistake that was deployed for a while, is what the tasks decided
 * taken as it is, and must agree with everything else.
 */
import { rekeyed_topic } from '../../schemas/topics.ts'
import type { Batch, DeadLetter } from '../../schemas/types.ts'
import type { Broker } from './broker.ts'
import type { Sent } from './emitter.ts'
import { FUSSY } from './fussy.ts'
import { murmur2_partition } from './murmur.ts'
import { PARTITIONS } from './simulated-app.ts'
import { fail, hold } from './violation.ts'

/** failed: by one pipeline, all others took it. */
export type Judgement = 'accepted' | 'failed' | 'duplicate' | 'conflict' | 'refused' | 'forwarded'

export interface Judged {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly sent: Sent
  readonly judgement: Judgement
  /** Driven again: it is for one pipeline only. */
  readonly redriven: boolean
}

export interface Told {
  readonly broker: Broker
  /** By `topic/partition/offset`. */
  readonly sent_as: ReadonlyMap<string, Sent>
  /** By event_id. */
  readonly letters: ReadonlyMap<string, DeadLetter>
  /** What the batch logs leave out, by `topic/partition/offset`. */
  readonly left_out: ReadonlyMap<string, string>
}

type Candidate = Omit<Judged, 'judgement' | 'redriven'>

/** All records of one declared topic and of the one where they come in again. */
export const judge_topic = (told: Told, topic: string): Judged[] => {
  const judged: Judged[] = []
  const ids = new Map<string, Candidate[]>()
  const strays = new Map<string, Sent[]>()
  const stray_of = (partition: number, value: Buffer) => `${partition} ${value.toString('latin1')}`
  const candidate = (one: Candidate) => {
    const id = `${one.sent.key} ${one.sent.row.event_id}`
    ids.set(id, [...(ids.get(id) ?? []), one])
  }
  for (const { sent, ...place } of came_in(told, topic)) {
    const met_unknown = sent.flaw !== 'unknown' || told.letters.has(letter_id(place))
    if (sent.flaw && met_unknown) judged.push({ ...place, sent, judgement: 'refused', redriven: false })
    else if (sent.stray) {
      judged.push({ ...place, sent, judgement: 'forwarded', redriven: false })
      const name = stray_of(murmur2_partition(sent.key, PARTITIONS), sent.value)
      strays.set(name, [...(strays.get(name) ?? []), sent])
    } else candidate({ ...place, sent })
  }
  const driven = new Map<string, Sent>()
  for (const { index, entries } of told.broker.partitions(rekeyed_topic(topic)) ?? [])
    entries.forEach(({ record, transaction }, offset) => {
      if (!record?.value || (transaction && transaction.outcome !== 'committed')) return
      const place = { topic: rekeyed_topic(topic), partition: index, offset }
      const sent = record.redrive
        ? told.sent_as.get(`${place.topic}/${index}/${offset}`)
        : strays.get(stray_of(index, record.value))?.shift()
      if (!sent) fail('a stray is copied once', `nobody strayed: ${letter_id(place)}`)
      hold(record.key?.equals(sent.key) === true, 'a copy has its own key', () => letter_id(place))
      if (!record.redrive) {
        candidate({ ...place, sent })
        return
      }
      const id = `${index} ${record.redrive.dead_letter_id}`
      judged.push({ ...place, sent, judgement: judge_driven(told, place, driven.has(id)), redriven: true })
      const letter = told.letters.get(`${letter_id(place)}:${FUSSY}`)
      if (letter?.reason !== 'QUARANTINED') driven.set(id, sent)
    })
  const left = [...strays.values()].flat()
  hold(left.length === 0, 'a stray is copied once', () => `never: ${left.map(sent => sent.row.event_id)}`)
  for (const same of ids.values()) judged.push(...judge_id(told, topic, same))
  return judged
}

const letter_id = ({ topic, partition, offset }: Omit<Candidate, 'sent'>): string =>
  `${topic}:${partition}:${offset}`

const came_in = function* (told: Told, topic: string): Generator<Candidate> {
  for (const { index, entries } of told.broker.partitions(topic) ?? [])
    for (const [offset, { record, transaction }] of entries.entries()) {
      if (!record || (transaction && transaction.outcome !== 'committed')) continue
      const sent = told.sent_as.get(`${topic}/${index}/${offset}`)
      if (!sent) throw new Error(`nobody sent ${topic}/${index}/${offset}`)
      yield { topic, partition: index, offset, sent }
    }
}

const judge_driven = (told: Told, place: Omit<Candidate, 'sent'>, again: boolean): Judgement => {
  const letter = told.letters.get(`${letter_id(place)}:${FUSSY}`)
  if (letter?.reason === 'QUARANTINED') return 'refused'
  if (again) return 'duplicate'
  return letter ? 'failed' : 'accepted'
}

/** Records of one id, in the order in which they must have come where that is known. */
const judge_id = (told: Told, topic: string, same: readonly Candidate[]): Judged[] => {
  const first = same.every(one => one.topic === topic) ? same[0] : taken_first(told, same)
  return same.map(one => ({
    ...one,
    judgement: judgement_of(told, one, first as Candidate),
    redriven: false,
  }))
}

const judgement_of = (told: Told, one: Candidate, first: Candidate): Judgement => {
  if (one !== first) return one.sent.value.equals(first.sent.value) ? 'duplicate' : 'conflict'
  return told.letters.has(`${letter_id(one)}:${FUSSY}`) ? 'failed' : 'accepted'
}

/** Between two topics the merge decides which comes first: exactly one of them was not left out. */
const taken_first = ({ left_out }: Told, same: readonly Candidate[]): Candidate => {
  const taken = same.filter(one => {
    const outcome = left_out.get(`${one.topic}/${one.partition}/${one.offset}`)
    return outcome === undefined || outcome === 'failed'
  })
  const [only] = taken
  const places = () => same.map(letter_id).join()
  if (!only || taken.length > 1) fail('one record of each id is taken', `${taken.length} of ${places()}`)
  return only
}

export const left_out_of = (batches: readonly { readonly partition: number; readonly row: Batch }[]) =>
  new Map(
    batches.flatMap(({ partition, row }) =>
      row.left_out.map(({ topic, offset, outcome }) => [`${topic}/${partition}/${offset}`, outcome] as const),
    ),
  )
