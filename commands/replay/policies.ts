/** The policies of `--with`: read from files, checked, and put in the place of what the catalog says. */
import { readFileSync } from 'node:fs'
import { read_lead_policy } from '../../operators/lead/read-policy.ts'
import { read_pricing_policy, read_routing_policy } from '../../operators/pricing/read-policies.ts'
import { CatalogView } from '../../runtime/catalog.ts'
import { ConfigError } from '../../runtime/config.ts'
import type { Catalog } from '../../schemas/catalog-kinds.ts'

/** Kind of the catalog by the name that `--with` knows it by. */
export const KINDS = {
  'lead-policy': 'lead_policies',
  'routing-policy': 'routing_policies',
  'pricing-policy': 'pricing_policies',
} as const satisfies Readonly<Record<string, keyof Catalog>>

export type PolicyName = keyof typeof KINDS

export interface Policy {
  readonly name: PolicyName
  readonly file: string
  readonly version: string
  /** As the catalog would have it. */
  readonly body: Readonly<Record<string, unknown>>
}

/** `name=FILE`, one per policy. Throws ConfigError with what is wrong of which file. */
export const read_policies = (given: readonly string[]): readonly Policy[] => {
  const policies = given.map(read_policy)
  const names = policies.map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice) throw new ConfigError(`--with: ${twice} is given twice`)
  return policies
}

const read_policy = (given: string): Policy => {
  const cut = given.indexOf('=')
  const name = given.slice(0, Math.max(0, cut))
  const file = given.slice(cut + 1)
  if (!Object.hasOwn(KINDS, name) || file === '')
    throw new ConfigError(
      `--with: expected ${Object.keys(KINDS).join('=FILE, ')}=FILE, not ${JSON.stringify(given)}`,
    )
  const body = body_of(name, file)
  const { version } = body
  if (typeof version !== 'string' || version === '')
    throw new ConfigError(`--with ${name}: ${file} has no version, a text`)
  const { problem } = READERS[name as PolicyName](body)
  if (problem !== null) throw new ConfigError(`--with ${name}: ${file} is not believed: ${problem}`)
  return { name: name as PolicyName, file, version, body }
}

const body_of = (name: string, file: string): Readonly<Record<string, unknown>> => {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : 'cannot be read'
    throw new ConfigError(`--with ${name}: ${file} ${why}`)
  }
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body === 'object' && body !== null && !Array.isArray(body))
      return body as Readonly<Record<string, unknown>>
  } catch {}
  throw new ConfigError(`--with ${name}: ${file} is no JSON object`)
}

/** As the operators read it: what they do not believe they would leave out, and nothing would differ. */
const READERS: Readonly<Record<PolicyName, (body: unknown) => { readonly problem: string | null }>> = {
  'lead-policy': read_lead_policy,
  'routing-policy': read_routing_policy,
  'pricing-policy': read_pricing_policy,
}

/**
 * The recorded catalog, but for events from from_ms on the policies hold, for one tenant or all: whatever stood there,
 * and whatever came to stand there later. What is tried in a shadow is left alone.
 */
export class OtherCatalog extends CatalogView {
  readonly #recorded: CatalogView
  readonly #bodies: ReadonlyMap<string, unknown>
  readonly #from_ms: number
  readonly #tenant: string | null

  constructor(
    recorded: CatalogView,
    policies: readonly Policy[],
    { from_ms, tenant }: { readonly from_ms: number; readonly tenant: string | null },
  ) {
    super()
    this.#recorded = recorded
    this.#bodies = new Map(policies.map(({ name, body }) => [KINDS[name], body]))
    this.#from_ms = from_ms
    this.#tenant = tenant
  }

  override lookup<K extends keyof Catalog>(
    kind: K,
    id: string,
    tenant: string,
    at_ms: number,
    offset: number,
  ): Catalog[K] | undefined {
    const body = this.#bodies.get(kind)
    const meant = id === '*' || id === tenant
    if (body !== undefined && meant && at_ms >= this.#from_ms && (this.#tenant ?? tenant) === tenant)
      return body as Catalog[K]
    return this.#recorded.lookup(kind, id, tenant, at_ms, offset)
  }

  override import_open(now_ms: number, lapse_ms: number, offset?: number): boolean {
    return this.#recorded.import_open(now_ms, lapse_ms, offset)
  }
}
