/**
 * What the catalog says of alerts now, read from its topic, and changes to it that lose nothing: those of this process one
 * after the other. An entry names by its event_id the offset of the one it is built upon. Where another process was quicker
 * that is no longer the newest, which the log shows to both alike: whoever came second writes again, on top of the first.
 */
import { body_reader } from '../../runtime/bodies.ts'
import type { CatalogRow } from '../../runtime/catalog.ts'
import { scan } from '../../runtime/scan.ts'
import type { Catalog } from '../../schemas/catalog-kinds.ts'
import { check_catalog_entry } from '../catalog-bodies.ts'
import { check_row, send_rows } from '../events.ts'
import { refusal, unavailable } from '../refusals.ts'
import type { ServerDeps } from '../server-deps.ts'

export type AlertKind = 'alert_rule_lists' | 'alert_rules' | 'alert_routes'
const KINDS: readonly string[] = ['alert_rule_lists', 'alert_rules', 'alert_routes'] satisfies AlertKind[]
const ATTEMPTS = 5
/** Versions of one entry that are remembered. */
const VERSIONS = 256
/** Catching up until one's own write is seen. */
const SEEN_TRIES = 10
const SEEN_PAUSE_MS = 50

interface Version {
  readonly event_id: string
  readonly offset: number
  /** Built upon what was there when it came: nothing that others wrote is missing in it. */
  readonly whole: boolean
  readonly effective_at: number
  readonly revision: number
  readonly body: unknown
}

export interface Held<K extends AlertKind> {
  /** null: nothing is said, or what was said is taken back. */
  readonly body: Catalog[K] | null
  /** 0 where there is none. */
  readonly revision: number
}

export interface EntryName<K extends AlertKind> {
  readonly kind: K
  readonly id: string
  readonly tenant: string
}

export interface CatalogEntries {
  /** What holds now for the tenant: its own word, else that for all ('*' as tenant, or as id of routes). */
  holding<K extends AlertKind>(name: EntryName<K>): Promise<Held<K>>
  /** The tenant's own word alone. */
  own<K extends AlertKind>(name: EntryName<K>): Promise<Held<K>>
  /** Writes what `make` makes of what holds; it may be asked again where another process was quicker. */
  change<K extends AlertKind>(
    name: EntryName<K>,
    make: (held: Held<K>) => Catalog[K] | null,
  ): Promise<Held<K>>
}

type Deps = Pick<ServerDeps, 'app' | 'log' | 'registry' | 'clock' | 'logger' | 'emitter'>
const text_of = ({ kind, id, tenant }: EntryName<AlertKind>): string => JSON.stringify([kind, id, tenant])

export const catalog_entries = (deps: Deps): CatalogEntries => {
  const known = versions_of(deps)
  const turns = new Map<string, Promise<unknown>>()
  const in_turn = <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const mine = (turns.get(name) ?? Promise.resolve()).then(work, work)
    const settled = mine.then(
      () => {},
      () => {},
    )
    turns.set(name, settled)
    void settled.then(() => {
      if (turns.get(name) === settled) turns.delete(name)
    })
    return mine
  }
  const own = <K extends AlertKind>(name: EntryName<K>): Held<K> => {
    const found = newest_of(known.of(text_of(name)).versions, deps.clock.now())
    return { body: (found?.body ?? null) as Catalog[K] | null, revision: found?.revision ?? 0 }
  }
  /** What a change is made to: what was planned by hand for today counts from today on. */
  const base_of = (name: string): Version | null => {
    const { versions, tip } = known.of(name)
    const newest = newest_of(versions, deps.clock.now())
    return newest && upon_of(newest.event_id) === null && (!tip || is_newer(newest, tip)) ? newest : tip
  }
  const write = async <K extends AlertKind>(
    name: EntryName<K>,
    make: (held: Held<K>) => Catalog[K] | null,
  ): Promise<Held<K>> => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      await known.catch_up()
      const { versions, tip } = known.of(text_of(name))
      const base = base_of(text_of(name))
      const body = make({ body: (base?.body ?? null) as Catalog[K] | null, revision: base?.revision ?? 0 })
      const row = entry_row(deps, name, versions, tip?.offset ?? -1, body)
      await send_rows(deps, 'catalog', [row])
      if (await is_whole(text_of(name), row.event_id)) return { body, revision: Number(row.revision) }
    }
    throw refusal(409, 'CONFLICT', 'others change the same all the time', { remedy: 'send it again' })
  }
  const is_whole = async (name: string, event_id: string): Promise<boolean> => {
    for (let tries = 0; tries < SEEN_TRIES; tries++) {
      await known.catch_up()
      const mine = known.of(name).versions.find(version => version.event_id === event_id)
      if (mine) return mine.whole
      await deps.clock.sleep(SEEN_PAUSE_MS)
    }
    throw unavailable('the log has not shown yet what was written')
  }
  return {
    holding: async name => {
      await known.catch_up()
      const mine = own(name)
      if (mine.body !== null) return mine
      const admins = own({ ...name, tenant: '*' })
      if (admins.body !== null || name.kind !== 'alert_routes') return { ...admins, revision: mine.revision }
      const all = [own({ ...name, id: '*' }), own({ ...name, id: '*', tenant: '*' })]
      return { body: all.find(each => each.body !== null)?.body ?? null, revision: mine.revision }
    },
    own: async name => {
      await known.catch_up()
      return own(name)
    },
    change: (name, make) => in_turn(text_of(name), () => write(name, make)),
  }
}

type Moment = Pick<Version, 'effective_at' | 'revision'>
/** As every reader of the catalog has it; of two alike the first holds. */
const is_newer = (a: Moment, b: Moment): boolean =>
  a.effective_at > b.effective_at || (a.effective_at === b.effective_at && a.revision > b.revision)

/** An edit counts at once, also where this machine's clock is behind its writer's; what is written by hand, from its moment on. */
const counts = ({ event_id, effective_at }: Pick<Version, 'event_id' | 'effective_at'>, now_ms: number) =>
  upon_of(event_id) !== null || effective_at <= now_ms

const newest_of = (versions: readonly Version[], now_ms: number): Version | null =>
  versions
    .filter(version => counts(version, now_ms))
    .reduce<Version | null>((best, version) => (best && !is_newer(version, best) ? best : version), null)

const entry_row = (
  { emitter, clock }: Deps,
  { kind, id, tenant }: EntryName<AlertKind>,
  before: readonly Version[],
  upon: number,
  body: unknown,
) => {
  const now = clock.now()
  const row = check_row(emitter, 'catalog', {
    event_id: `edit-${upon}-${clock.nonce()}`,
    tenant_id: tenant,
    occurred_at: now,
    kind,
    id,
    // The newest (effective_at, revision) holds.
    effective_at: Math.max(now, ...before.filter(each => counts(each, now)).map(each => each.effective_at)),
    revision: 1 + Math.max(0, ...before.map(each => each.revision)),
    body: JSON.stringify(body),
  })
  check_catalog_entry(row)
  return row
}

/** The offset that an entry of these routes is built upon, -1: upon nothing. null: somebody wrote it by hand. */
const upon_of = (event_id: string): number | null => {
  const said = /^edit-(-1|\d+)-/.exec(event_id)?.[1]
  return said === undefined ? null : Number(said)
}

interface Versions {
  /** In the order of the log. */
  readonly versions: readonly Version[]
  /** The newest that is whole. */
  readonly tip: Version | null
}
const NONE: Versions = { versions: [], tip: null }

/** Entries of these kinds by name. */
const versions_of = ({ app, log, registry, logger }: Deps) => {
  const read = body_reader(registry)
  const entries = new Map<string, Versions>()
  const partitions = Math.max(1, app.topics.catalog?.partitions ?? 1)
  const positions = Array.from({ length: partitions }, () => 0)
  let reading: Promise<unknown> = Promise.resolve()

  const take = (
    row: CatalogRow & { readonly event_id: string; readonly occurred_at: number },
    offset: number,
  ): void => {
    if (!KINDS.includes(row.kind)) return
    const name = text_of({ kind: row.kind as AlertKind, id: row.id, tenant: row.tenant_id })
    const { versions, tip } = entries.get(name) ?? NONE
    // Read again behind a failure.
    if (versions.some(version => version.offset >= offset)) return
    const { event_id, effective_at, revision } = row
    const upon = upon_of(event_id)
    const bare = { event_id, offset, effective_at, revision, body: JSON.parse(row.body) }
    // What is planned for later is built upon once it holds.
    const by_hand = row.effective_at <= row.occurred_at && (!tip || is_newer(bare, tip))
    const whole = upon === null ? by_hand : upon === (tip?.offset ?? -1)
    const version = { ...bare, whole }
    entries.set(name, {
      versions: [...versions, version].slice(-VERSIONS),
      tip: whole ? version : tip,
    })
  }
  const follow = async (partition: number): Promise<void> => {
    const place = { topic: 'catalog', partition }
    positions[partition] = await scan(log, place, positions[partition]!, async ({ key, value, offset }) => {
      if (!value || !key?.toString().startsWith('alert_')) return
      try {
        take((await read(value)) as unknown as Parameters<typeof take>[0], offset)
      } catch (error) {
        // What cannot be read for good is nobody's entry; what cannot be read now is not to be passed over.
        if ((await registry.health()) !== null) throw error
        logger.warn({ err: error, offset }, 'an entry of the catalog could not be read')
      }
    })
  }
  return {
    of: (name: string): Versions => entries.get(name) ?? NONE,
    /** Throws a 503 refusal when the log cannot be read. */
    catch_up: (): Promise<void> => {
      const mine = reading.then(async () => {
        for (let partition = 0; partition < partitions; partition++) await follow(partition)
      })
      reading = mine.catch(() => {})
      return mine.catch(error => {
        logger.warn({ err: error }, 'the catalog could not be read')
        throw unavailable('the log is out of reach')
      })
    },
  }
}
