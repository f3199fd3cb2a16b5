/**
 * What decoding one touchpoint costs: our projection beside avsc's full decode and avsc's resolver projection, over
 * the same bodies. Run with `node bench/decode.ts`; prints nanoseconds per record, median of several rounds.
 */
import avsc from 'avsc'
import { compile_decoder } from '../runtime/avro/decoder.ts'
import { compile_encoder, PREFIX_BYTES } from '../runtime/avro/encoder.ts'
import { definitions } from '../schemas/definitions.ts'

const schema = definitions.touchpoints
const all_fields = schema.fields.map(field => field.name)
const PROJECTED = [
  'event_id',
  'tenant_id',
  'customer_id',
  'anonymous_id',
  'occurred_at',
  'channel',
  'campaign',
  'interaction',
  'funnel_step',
  'product_id',
] as const
const BODIES = 2000
const ROUNDS = 15
const REPEATS = 20

const CHANNELS = ['paid_search', 'email', 'organic', 'social', 'referral']
const touchpoint = (i: number) => ({
  event_id: `evt-${(i * 2654435761) % 4294967296}-${i}`,
  tenant_id: 'acme',
  customer_id: i % 4 ? `customer-${i % 977}` : null,
  session_id: `session-${i % 1999}`,
  anonymous_id: `anon-${i % 1471}`,
  occurred_at: 1_790_000_000_000 + i * 977,
  channel: CHANNELS[i % CHANNELS.length],
  campaign: i % 3 ? 'spring-sale' : null,
  content_id: null,
  interaction: i % 2 ? 'view' : 'click',
  funnel_step: i % 5 ? null : 'landing',
  product_id: `product-${i % 40}`,
  device: 'mobile',
  country: 'DE',
  cost_minor: i % 120,
  currency: 'EUR',
  properties: i % 2 ? { page: '/pricing', variant: 'b' } : {},
})

const encode = compile_encoder(schema, 1)
const values = Array.from({ length: BODIES }, (_, i) => encode(touchpoint(i)))
const bodies = values.map(value => value.subarray(PREFIX_BYTES))

const type = avsc.Type.forSchema(schema as unknown as avsc.Schema)
const narrow = avsc.Type.forSchema({
  ...schema,
  fields: schema.fields.filter(field => (PROJECTED as readonly string[]).includes(field.name)),
} as unknown as avsc.Schema)
const resolver = narrow.createResolver(type)
const project = compile_decoder(schema, schema, PROJECTED)
const full = compile_decoder(schema, schema, all_fields)

let kept: unknown
const contenders: Readonly<Record<string, (i: number) => unknown>> = {
  [`tributary, ${PROJECTED.length} of ${all_fields.length} fields, all checked`]: i =>
    project(values[i]!, PREFIX_BYTES),
  'tributary, all fields': i => full(values[i]!, PREFIX_BYTES),
  'avsc fromBuffer, all fields': i => type.fromBuffer(bodies[i]!),
  [`avsc resolver, ${PROJECTED.length} fields, unchecked`]: i =>
    narrow.fromBuffer(bodies[i]!, resolver, true),
  'encode (avsc, framed)': i => encode(rows[i]!),
}
const rows = Array.from({ length: BODIES }, (_, i) => touchpoint(i))

/** Nanoseconds per record of one round over all bodies. */
const round = (decode: (i: number) => unknown): number => {
  const began = process.hrtime.bigint()
  for (let repeat = 0; repeat < REPEATS; repeat++) for (let i = 0; i < BODIES; i++) kept = decode(i)
  return Number(process.hrtime.bigint() - began) / (REPEATS * BODIES)
}

const results = Object.entries(contenders).map(([name, decode]) => {
  const times = Array.from({ length: ROUNDS }, () => round(decode)).sort((a, b) => a - b)
  return { name, times }
})
console.log(
  `${BODIES} touchpoints of ${Math.round(bodies.reduce((sum, body) => sum + body.length, 0) / BODIES)} bytes`,
)
for (const { name, times } of results)
  console.log(
    `${(times[ROUNDS >> 1] ?? 0).toFixed(0).padStart(6)} ns  (best ${times[0]?.toFixed(0)})  ${name}`,
  )
if (!kept) process.exitCode = 1
