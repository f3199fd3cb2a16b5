/** The command that sends a newcomer's first payment. Pure, without a browser. */

interface First {
  readonly origin: string
  readonly tenant: string
  readonly currency: string
  readonly occurred_at: string
  readonly with_key: boolean
}

/** For a POSIX shell, whatever the tenant is called. */
export const first_command = ({ origin, tenant, currency, occurred_at, with_key }: First): string => {
  const body = {
    event_id: 'pay-1',
    tenant_id: tenant,
    customer_id: 'c-1',
    occurred_at,
    type: 'payment_succeeded',
    amount_minor: 1999,
    currency,
  }
  const text = JSON.stringify(body, null, 2).replaceAll('\n', '\n  ').replaceAll("'", "'\\''")
  return [
    `curl -X POST ${origin}/v1/events/payments \\`,
    ...(with_key ? ["  -H 'authorization: Bearer YOUR-KEY' \\"] : []),
    "  -H 'content-type: application/json' \\",
    `  -d '${text}'`,
  ].join('\n')
}
