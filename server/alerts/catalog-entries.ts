/**
 * What the catalog says of alerts now, read from its topic, and changes to it that lose nothing: those of this process one
 * after the other, and one that another process made meanwhile is found behind the write and built upon.
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
/** Versions of one entry that are remembered: enough to see what came between reading and writing. */
const VERSIONS = 32

interface Version {
  readonly event_id: string
  readonly offset: number
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
    const now = deps.clock.now()
    const found = known
      .of(text_of(name))
      .filter(version => version.effective_at <= now)
      .reduce<Version | null>((best, version) => (best && !is_newer(version, best) ? best : version), null)
    return { body: (found?.body ?? null) as Catalog[K] | null, revision: found?.revision ?? 0 }
  }
  const write = async <K extends AlertKind>(
    name: EntryName<K>,
    make: (held: Held<K>) => Catalog[K] | null,
  ): Promise<Held<K>> => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      await known.catch_up()
      const before = known.of(text_of(name))
      const body = make(own(name))
      const row = entry_row(deps, name, before, body)
      await send_rows(deps, 'catalog', [row])
      await known.catch_up()
      const after = known.of(text_of(name))
      const place = after.findIndex(version => version.event_id === row.event_id)
      // Nobody wrote between what was read and this: what holds is built upon all that was said.
      if (place < 0 || after[place - 1]?.offset === before.at(-1)?.offset)
        return { body, revision: Number(row.revision) }
    }
    throw refusal(409, 'CONFLICT', 'others change the same all the time', { remedy: 'send it again' })
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

const is_newer = (a: Version, b: Version): boolean =>
  a.effective_at - b.effective_at > 0 || (a.effective_at === b.effective_at && a.revision > b.revision)

const entry_row = (
  { emitter, clock }: Deps,
  { kind, id, tenant }: EntryName<AlertKind>,
  before: readonly Version[],
  body: unknown,
) => {
  const now = clock.now()
  const row = check_row(emitter, 'catalog', {
    event_id: clock.nonce(),
    tenant_id: tenant,
    occurred_at: now,
    kind,
    id,
    // The newest (effective_at, revision) holds, also where this machine's clock is behind the last writer's.
    effective_at: Math.max(
      now,
      ...before.map(each => each.effective_at).filter(effective_at => effective_at <= now),
    ),
    revision: 1 + Math.max(0, ...before.map(each => each.revision)),
    body: JSON.stringify(body),
  })
  check_catalog_entry(row)
  return row
}

/** Entries of these kinds by name, in the order of the log. */
const versions_of = ({ app, log, registry, logger }: Deps) => {
  const read = body_reader(registry)
  const entries = new Map<string, Version[]>()
  const partitions = Math.max(1, app.topics.catalog?.partitions ?? 1)
  const positions = Array.from({ length: partitions }, () => 0)
  let reading: Promise<unknown> = Promise.resolve()

  const take = (row: CatalogRow & { readonly event_id: string }, offset: number): void => {
    if (!KINDS.includes(row.kind)) return
    const name = text_of({ kind: row.kind as AlertKind, id: row.id, tenant: row.tenant_id })
    const versions = entries.get(name) ?? []
    // Read again behind a failure; the first body of an identity wins, as everywhere.
    const same = (one: Version) =>
      one.offset >= offset || (one.effective_at === row.effective_at && one.revision === row.revision)
    if (versions.some(same)) return
    const { event_id, effective_at, revision } = row
    entries.set(
      name,
      [...versions, { event_id, offset, effective_at, revision, body: JSON.parse(row.body) }].slice(
        -VERSIONS,
      ),
    )
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
    of: (name: string): readonly Version[] => entries.get(name) ?? [],
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
