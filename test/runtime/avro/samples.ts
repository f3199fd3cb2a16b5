/** Rows and bodies that the tests of runtime/avro share. */
import avsc from 'avsc'
import { compile_decoder, Refused, type Row } from '../../../runtime/avro/decoder.ts'
import { definitions } from '../../../schemas/definitions.ts'

export const touchpoint = {
  event_id: 'e-1',
  tenant_id: 'acme',
  customer_id: 'c-1',
  session_id: null,
  anonymous_id: 'a-1',
  occurred_at: 1_790_000_000_123,
  channel: 'paid_search',
  campaign: 'früh',
  content_id: null,
  interaction: 'click',
  funnel_step: null,
  product_id: 'p-1',
  device: 'mobile',
  country: 'DE',
  cost_minor: 12,
  currency: 'EUR',
  properties: { page: '/', 'a.b': '日本' },
}
export const conversation = {
  event_id: 'e-2',
  tenant_id: 'acme',
  customer_id: 'c-1',
  conversation_id: 'k-1',
  occurred_at: 1_790_000_000_123,
  type: 'objection',
  role: 'lead',
  text: 'too dear',
  sentiment: -0.5,
  technical_question: true,
  context: {
    homeowner_verified: false,
    bill_amount_minor: 12_000,
    zip_code: null,
    borough: 'Queens',
    neighborhood: null,
    property_type: null,
    install_timeline: null,
    credit_signal: null,
    decision_role: null,
    comparing_offers: null,
    attributes: { roof: 'flat' },
  },
  language: null,
}

export const field_names = (schema: { readonly fields: readonly { readonly name: string }[] }): string[] =>
  schema.fields.map(field => field.name)

export const avro_body = (schema: object, row: object): Buffer =>
  avsc.Type.forSchema(schema as avsc.Schema).toBuffer(row)

/** A schema of one field `x`. */
export const of_field = (type: unknown, more: object = {}, name = 'T') => ({
  type: 'record',
  name,
  fields: [{ name: 'x', type, ...more }],
})

export const decode_all = (
  schema: { readonly fields: readonly { readonly name: string }[] },
  body: Buffer,
): Row => compile_decoder(schema, schema, field_names(schema))(body, 0)

/** `REASON: detail` of the refusal, or the value where there was none. Other errors come through. */
export const refusal = (work: () => unknown): unknown => {
  try {
    return work()
  } catch (error) {
    if (error instanceof Refused) return `${error.reason}: ${error.detail}`
    throw error
  }
}

export { definitions }
