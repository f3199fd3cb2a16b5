/**
 * How a visitor becomes a lead, a subscriber or a buyer, or nothing: visits over some days, on one device
 * or more.
 */
import { days, hours, minutes, seconds } from '../../schemas/units.ts'
import { sell_lead, talk_with } from './conversations.ts'
import { pay_order, start_trial, subscribe } from './payments.ts'
import type { Product } from './tenants.ts'
import type { Person, Steps } from './world.ts'

/** The life of one visitor with a tenant, from the first touch on. */
export function* visitor_life(person: Person): Steps {
  const { random, quality, tenant } = person
  const product = random.weighted(tenant.products)
  for (let visits = 1; ; visits++) {
    const session_id = yield* look_around(person, product, visits)
    if (random.chance(resolve_ratio(person, visits))) {
      yield* decide(person, product, session_id)
      return
    }
    // A newsletter, an account: some tell who they are long before they buy.
    if (!person.signed_in && random.chance(0.1 * quality)) person.sign_in(session_id)
    if (!random.chance(0.15 + 0.45 * quality) || visits > 5) return
    yield person.now_ms + hours(random.between(2, 20)) + days(random.exponential(1.1))
    if (random.chance(0.28)) person.change_device()
  }
}

const BASE_RATIO = { leads: 0.42, software: 0.26, shop: 0.22 } as const

/** How likely a visit ends in a decision; the third is more serious than the first. */
const resolve_ratio = ({ quality, tenant }: Person, visits: number): number =>
  BASE_RATIO[tenant.kind] * quality * (0.7 + 0.3 * visits)

const PAGES = {
  leads: ['calculator', 'roof-types', 'financing', 'stories', 'subsidies'],
  software: ['features', 'pricing', 'integrations', 'docs', 'customers'],
  shop: ['harvest', 'brewing', 'origin', 'recipes', 'reviews'],
} as const

/** One visit: the landing, some pages, and a closer look at the product. Returns its session. */
function* look_around(person: Person, product: Product, visits: number): Steps<string> {
  const { random, quality, campaign, tenant } = person
  const session_id = person.name('s')
  // Only the first visit comes over the advertisement and is paid for.
  const arrival = visits === 1 ? { cost_minor: campaign.cost_minor } : { channel: 'direct', campaign: null }
  const rest = visits === 1 ? {} : arrival
  person.touch({ session_id, interaction: 'view', funnel_step: 'landing', ...arrival })
  const views = random.poisson(0.5 + 2.4 * quality)
  for (let i = 0; i < views; i++) {
    yield person.now_ms + seconds(random.between(6, 150))
    const content_id = random.pick(PAGES[tenant.kind])
    person.touch({ session_id, interaction: random.chance(0.75) ? 'view' : 'click', content_id, ...rest })
  }
  if (random.chance(0.15 + 0.6 * quality)) {
    yield person.now_ms + seconds(random.between(5, 120))
    const product_id = product.id
    person.touch({ session_id, interaction: 'view', funnel_step: 'product', product_id, ...rest })
  }
  return session_id
}

function* decide(person: Person, product: Product, session_id: string): Steps {
  yield person.now_ms + seconds(random_pause(person))
  if (person.tenant.kind === 'leads') yield* become_lead(person, product, session_id)
  else if (person.tenant.kind === 'software') yield* try_software(person, product, session_id)
  else yield* shop_again_and_again(person, product, session_id)
}

const random_pause = ({ random }: Person): number => random.between(10, 90)

/** Asks for an offer, talks, is sold to a company that builds roofs; the best order a survey. */
function* become_lead(person: Person, product: Product, session_id: string): Steps {
  const { random, quality, world } = person
  person.touch({ session_id, interaction: 'submit', funnel_step: 'lead' })
  person.sign_in(session_id)
  yield person.now_ms + seconds(random.between(5, 40))
  const told = yield* talk_with(person)
  world.begin(person.now_ms, sell_lead(person, told))
  if (!random.chance(0.75 * quality ** 2)) return
  yield person.now_ms + hours(random.between(1, 60))
  yield* pay_order(person, order_of(product, 1))
}

/** A trial, and for some a subscription. */
function* try_software(person: Person, product: Product, session_id: string): Steps {
  const { random, quality } = person
  person.touch({ session_id, interaction: 'submit', funnel_step: 'trial' })
  person.sign_in(session_id)
  const subscription_id = start_trial(person, product)
  for (let logins = random.poisson(1 + 4 * quality); logins > 0; logins--) {
    yield person.now_ms + hours(random.between(3, 30))
    const session = person.name('s')
    person.touch({ session_id: session, interaction: 'view', content_id: 'workspace', ...DIRECT })
  }
  if (!random.chance(1.1 * quality ** 1.5)) return
  yield person.now_ms + minutes(random.between(2, 600))
  yield* subscribe(person, product, subscription_id)
}

const DIRECT = { channel: 'direct', campaign: null } as const

/** A cart, a checkout, and for those who liked it another one some days later. */
function* shop_again_and_again(person: Person, first: Product, first_session: string): Steps {
  const { random, quality, tenant } = person
  let product = first
  let session_id = first_session
  for (let orders = 1; ; orders++) {
    const product_id = product.id
    person.touch({ session_id, interaction: 'click', funnel_step: 'cart', product_id })
    yield person.now_ms + seconds(random.between(10, 120))
    // Some stay guests until they pay, on this device.
    if (random.chance(0.85)) person.sign_in(session_id)
    yield* pay_order(person, order_of(product, 1 + random.poisson(0.35)))
    if (!random.chance(0.15 + 0.4 * quality) || orders > 5) return
    yield person.now_ms + days(1 + random.exponential(5))
    if (random.chance(0.2)) person.change_device()
    product = random.weighted(tenant.products)
    session_id = person.name('s')
    person.touch({ session_id, interaction: 'view', funnel_step: 'landing', ...DIRECT })
    yield person.now_ms + seconds(random.between(10, 90))
  }
}

/** Has waited for the sale: straight to the checkout. */
export function* sale_visit(person: Person): Steps {
  const { random, tenant } = person
  const product = random.weighted(tenant.products)
  const session_id = person.name('s')
  person.touch({ session_id, interaction: 'view', funnel_step: 'product', product_id: product.id })
  yield person.now_ms + seconds(random.between(5, 40))
  person.touch({ session_id, interaction: 'click', funnel_step: 'cart', product_id: product.id })
  person.sign_in(session_id)
  yield* pay_order(person, order_of(product, 1 + random.poisson(0.35)))
}

const order_of = (product: Product, quantity: number) => ({
  product,
  quantity,
  amount_minor: product.price_minor * quantity,
  subscription_id: null,
  checkout: true,
})
