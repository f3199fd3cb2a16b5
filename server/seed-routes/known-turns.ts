/**
 * Which turns of a conversation are in the log already. Requests carry a history that grows, and a turn of it says less than
 * the message that it was (no context, no mood): sent again under its id it would be another body for an event that is known,
 * a dead letter each. So a turn is sent only where it is not known: to this process, or to the warehouse.
 * Limits: what another process took in the last moments is known to neither; then the turn counts once all the same.
 */
import { key_of } from '../../runtime/keys.ts'
import { in_lanes, iso_of } from '../board/asking.ts'
import type { ServerDeps } from '../server-deps.ts'

/** Ids remembered, of all tenants; beyond that the oldest go, and the warehouse is asked. */
const REMEMBERED = 50_000
/** A warehouse that takes longer is not waited for. */
const ASKED_WITHIN_MS = 300
const LANES = 2

const KNOWN = `SELECT event_id, toString(occurred_at) AS at_text FROM conversations FINAL
  WHERE tenant_id = {tenant_id:String} AND _key = {key:String} AND event_id IN {ids:Array(String)}`

export interface Talker {
  readonly tenant_id: string
  readonly customer_id: string
}

export interface KnownTurns {
  /** Of these ids those that are known. Never rejects. */
  among(who: Talker, ids: readonly string[]): Promise<ReadonlySet<string>>
  /** The time that the event had when it came first. */
  time_of(who: Talker, event_id: string): number | undefined
  /** Before it is sent: whether it became durable may never be known, its time must be. */
  begun(who: Talker, event_id: string, at_ms: number): void
  /** They are durable. */
  sent(who: Talker, ids: readonly string[]): void
}

interface Turn {
  readonly at_ms: number | null
  readonly durable: boolean
}

export const known_turns = ({
  app,
  warehouse,
  clock,
  logger,
}: Pick<ServerDeps, 'app' | 'warehouse' | 'clock' | 'logger'>): KnownTurns => {
  const turns = new Map<string, Turn>()
  const in_lane = in_lanes(LANES)
  const name_of = ({ tenant_id, customer_id }: Talker, id: string) =>
    JSON.stringify([tenant_id, customer_id, id])
  const put = (name: string, turn: Turn): void => {
    turns.set(name, turn)
    const [oldest] = turns.size > REMEMBERED ? turns.keys() : []
    if (oldest !== undefined) turns.delete(oldest)
  }
  const asked = async (who: Talker, ids: readonly string[]): Promise<readonly string[]> => {
    const late = new AbortController()
    const params = { tenant_id: who.tenant_id, key: key_of(app.topics.conversations!, who), ids }
    const rows = in_lane(async () =>
      late.signal.aborted
        ? []
        : warehouse.query<{ event_id: string; at_text: string }>(KNOWN, params).catch(error => {
            logger.warn({ err: error, tenant: who.tenant_id }, 'known turns could not be looked up')
            return []
          }),
    )
    try {
      const found = await Promise.race([rows, clock.sleep(ASKED_WITHIN_MS, late.signal).then(() => [])])
      for (const { event_id, at_text } of found)
        put(name_of(who, event_id), { at_ms: Date.parse(iso_of(at_text)), durable: true })
      return found.map(({ event_id }) => event_id)
    } finally {
      late.abort()
    }
  }
  return {
    among: async (who, ids) => {
      const known = ids.filter(id => turns.get(name_of(who, id))?.durable)
      const others = [...new Set(ids)].filter(id => !known.includes(id))
      return new Set(others.length === 0 ? known : [...known, ...(await asked(who, others))])
    },
    time_of: (who, event_id) => turns.get(name_of(who, event_id))?.at_ms ?? undefined,
    begun: (who, event_id, at_ms) => {
      const name = name_of(who, event_id)
      const turn = turns.get(name)
      put(name, { at_ms: turn?.at_ms ?? at_ms, durable: turn?.durable ?? false })
    },
    sent: (who, ids) => {
      for (const id of ids) {
        const name = name_of(who, id)
        put(name, { at_ms: turns.get(name)?.at_ms ?? null, durable: true })
      }
    },
  }
}
