/** An installation with a few hundred events worked off live: three leads on the second day, others before and beside them. */
import type { App } from '../../../runtime/app.ts'
import { default_settings } from '../../../runtime/settings.ts'
import { days, minutes } from '../../../schemas/units.ts'
import { payment, type SmallSystem, small_system } from '../../runtime/small-system.ts'

export const DAY_1 = Date.UTC(2026, 0, 5)
export const DAY_2 = DAY_1 + days(1)
export const DAY_3 = DAY_2 + days(1)

/** All that a lead can tell: 36 points of 40 for the base, 20 of 20 for timing, 5 of 10 in a market without indexes. */
export const told_context = {
  homeowner_verified: true,
  bill_amount_minor: 30_000,
  zip_code: '10021',
  property_type: 'single_family',
  install_timeline: 'soon',
  credit_signal: 'good',
  decision_role: 'primary',
  comparing_offers: true,
}

export const handed_off = (customer_id: string, occurred_at: number, over: object = {}) => ({
  event_id: `${customer_id}-${occurred_at}`,
  tenant_id: 'acme',
  customer_id,
  conversation_id: `talk-${customer_id}`,
  occurred_at,
  type: 'handed_off',
  context: told_context,
  ...over,
})

const EARLIER = 150

/** The code at hand for `system`: its own, unless the test says otherwise. */
export const deps_of = ({ deps }: SmallSystem, app: App = deps.app) => ({
  app,
  log: deps.log,
  registry: deps.registry,
  snapshots: null,
  import_lapse_ms: default_settings.import_lapse_ms,
})

/** Ada owns her home (64.5 points), bo too, and is glad of it (71.5), cy does not own it (28.5). */
export const three_leads = () => [
  handed_off('ada', DAY_2 + minutes(1)),
  handed_off('bo', DAY_2 + minutes(2), { sentiment: 1 }),
  handed_off('cy', DAY_2 + minutes(3), { context: { ...told_context, homeowner_verified: false } }),
]

/** Events of the first day, so that there is something to come from; payments and leads of other tenants, too. */
const first_day = () => {
  const at = (i: number) => DAY_1 + i * minutes(5)
  const numbers = Array.from({ length: EARLIER }, (_, i) => i)
  return {
    payments: numbers.map(i => payment({ event_id: `p${i}`, customer_id: `c${i % 7}`, occurred_at: at(i) })),
    talks: numbers.map(i =>
      handed_off(`c${i % 11}`, at(i), { tenant_id: i % 3 ? 'acme' : 'zeta', sentiment: (i % 5) / 5 }),
    ),
  }
}

/** Worked off and at rest; nothing runs. */
export const leads_system = async (
  app?: App,
  catalog: readonly object[] = [],
  directory?: string,
): Promise<SmallSystem> => {
  // Time is moved by events only: a tick to today would forget what leads told.
  const system = await small_system({ idle_ms: days(36_500) }, directory, app)
  const { payments, talks } = first_day()
  if (catalog.length) await system.send('catalog', catalog)
  await system.send('payments', payments)
  await system.send('conversations', talks)
  await work_off(system)
  await system.send('conversations', three_leads())
  await work_off(system)
  return system
}

export const work_off = async (system: SmallSystem): Promise<void> => {
  const worker = system.start()
  await system.settled(worker)
  await worker.stop()
}
