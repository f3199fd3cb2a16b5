/** A replay from end to end: what the code at hand comes to, beside the log, and under other policies beside both. */
import { type App, describe_pipeline } from '../../runtime/app.ts'
import type { Item } from '../../runtime/intake.ts'
import { tenant_of } from '../../runtime/keys.ts'
import { type ReplayDeps, type Replayed, replay } from '../../runtime/replay.ts'
import { Compared, type Stretch, type TopicAgreement } from '../../runtime/replay-compare.ts'
import { ReplayRefused } from '../../runtime/replay-log.ts'
import { LeadBook, type Reserved } from './lead-book.ts'
import { OtherCatalog, type Policy } from './policies.ts'

/** Rows that are replayed, as far as the code at hand writes them. */
const REPLAYED = ['lead_scores', 'prices', 'routes', 'route_outcomes'] as const
/** What buyers answer: to a lead they never got they did not. */
const ANSWERS = 'lead_feedback'

export interface Courses {
  readonly replayed: Replayed
  readonly topics: readonly TopicAgreement[]
  readonly what_if: WhatIf | null
}

export interface WhatIf {
  readonly recorded: LeadBook
  readonly other: LeadBook
  /** Whether the code at hand sells leads to buyers at all. */
  readonly routed: boolean
  /** Answers of buyers that the other course was not given. */
  readonly withheld: number
}

export interface CoursesRequest {
  readonly stretch: Stretch
  /** Empty: the recorded course only. */
  readonly policies: readonly Policy[]
  progress(done: number, all: number): void
}

/** The topics of those that a pipeline of the app writes. */
export const replayed_topics = (app: App): readonly string[] =>
  REPLAYED.filter(topic => app.pipelines.some(pipeline => describe_pipeline(pipeline).writes.has(topic)))

/**
 * Throws ReplayRefused where the log cannot tell, or has no lead in the stretch; under other policies also where the code at hand does not come to what is
 * recorded, since then nobody could say what is the policy's doing.
 */
export const run_courses = async (
  deps: ReplayDeps,
  { stretch, policies, progress }: CoursesRequest,
  signal: AbortSignal,
): Promise<Courses> => {
  const topics = replayed_topics(deps.app)
  const routed = topics.includes('routes')
  if (!routed && policies.some(({ name }) => name === 'routing-policy'))
    throw new ReplayRefused('the code at hand routes no leads: there is nothing to route otherwise')
  const compared = topics.map(topic => new Compared(deps, topic, stretch))
  for (const each of compared) await each.begin()
  const recorded_book = new LeadBook(stretch)
  const books = { recorded: recorded_book, other: new LeadBook(stretch, recorded_book) }
  let withheld = 0
  const request = {
    topics,
    from_ms: stretch.from_ms,
    other: policies.length
      ? (recorded: ConstructorParameters<typeof OtherCatalog>[0]) =>
          new OtherCatalog(recorded, policies, stretch)
      : null,
    judged: new Set([ANSWERS]),
    hears: (item: Item): Item | null => {
      const heard = heard_by_other(books, item)
      if (heard === null) withheld++
      return heard
    },
    rows: (course: 'recorded' | 'other', outputs: Parameters<LeadBook['take']>[0]): void => {
      if (policies.length) books[course].take(outputs)
      if (course === 'recorded') for (const each of compared) each.add(outputs)
    },
    progress,
  }
  const replayed = await replay(deps, request, signal)
  const agreements: TopicAgreement[] = []
  for (const each of compared) agreements.push(await each.end())
  // Two empty sides are equal, and say nothing.
  if (agreements.every(({ recorded, replayed: rows }) => recorded + rows === 0))
    throw new ReplayRefused('no lead has an event in the range')
  if (policies.length === 0) return { replayed, topics: agreements, what_if: null }
  refuse_what_cannot_be_told(replayed, agreements)
  refuse_unbelieved(books.other, policies)
  return { replayed, topics: agreements, what_if: { ...books, routed, withheld } }
}

/**
 * A buyer's answer as the other course hears it: under the name that the same sale has there, where the moment of the
 * decision is another one; null where there is no such sale.
 */
const heard_by_other = (
  { recorded, other }: Readonly<Record<'recorded' | 'other', LeadBook>>,
  item: Item,
): Item | null => {
  const { customer_id, decision_id = null } = item.row as { customer_id: string; decision_id?: string | null }
  const tenant = tenant_of(item.key)
  const [then, now] = [recorded, other].map(book => book.reserved_of(tenant, customer_id)) as [Sold, Sold]
  if (decision_id === null) {
    const all = (sold: Sold) => sold.map(({ sale }) => sale).join('\n')
    return all(then) === all(now) ? item : null
  }
  const answered = then.find(one => one.decision_id === decision_id)
  // About nothing that is known here: so it is there.
  if (!answered) return now.some(one => one.decision_id === decision_id) ? null : item
  const twin = now.find(({ sale }) => sale === answered.sale)
  return twin ? { ...item, row: { ...item.row, decision_id: twin.decision_id } } : null
}
type Sold = readonly Reserved[]

export const agrees = ({ different, missing, unrecorded }: TopicAgreement): boolean =>
  different + missing + unrecorded === 0

/** Key groups whose batches of the stretch were written by other code, as text; '' where there are none. */
export const other_code = ({ codes }: Replayed): string =>
  [...codes]
    .flatMap(([group, { here, wrote }]) => {
      const others = [...wrote].filter(code => code !== here)
      return others.length
        ? [`batches of ${group} were written by code ${others.join(', ')}, here is ${here}`]
        : []
    })
    .join('; ')

const refuse_what_cannot_be_told = (replayed: Replayed, topics: readonly TopicAgreement[]): void => {
  const { quarantined, rebuilt } = replayed
  if (quarantined.size)
    throw new ReplayRefused(
      `${[...quarantined].sort().join(', ')} was set aside in the range: what it did not see the log cannot tell`,
    )
  if (rebuilt)
    throw new ReplayRefused(
      `a rebuild has worked the range off anew (${rebuilt} batches): its rows are of two codes, and in no one order`,
    )
  const apart = topics.find(topic => !agrees(topic))
  if (!apart) return
  const { topic, recorded, equal, begins_later, unrecorded } = apart
  if (begins_later)
    throw new ReplayRefused(
      `${topic} is recorded from a later instant on: ${unrecorded} rows of the range were never written`,
    )
  const why = other_code(replayed)
  throw new ReplayRefused(
    `the code at hand does not come to what is recorded (${topic}: ${equal} of ${recorded} rows are equal), so no ` +
      `difference would be the policy's${why ? `; ${why}: replay with that code` : ''}`,
  )
}

const VERSIONS_IN = {
  'lead-policy': 'lead_scores',
  'pricing-policy': 'prices',
  'routing-policy': 'routes',
} as const

/** Nothing but the version in the rows says that the operators took the policy. A route names both of its own: prices+routing. */
const refuse_unbelieved = ({ versions }: LeadBook, policies: readonly Policy[]): void => {
  for (const { name, version, file } of policies) {
    const seen = [...versions[VERSIONS_IN[name]]].sort()
    if (seen.length === 0)
      throw new ReplayRefused(`no row of ${VERSIONS_IN[name]} in the range: nothing follows from ${file}`)
    if (seen.every(one => one === version || one.split('+')[name === 'routing-policy' ? 1 : 0] === version))
      continue
    throw new ReplayRefused(
      `the code at hand does not take ${file}: rows still name ${seen.join(', ')}, not ${version}`,
    )
  }
}
