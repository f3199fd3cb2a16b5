import { expect } from 'vitest'
import { scenario } from '../driver/scenario.ts'
import { alert, delivery_app, routes, send, wait_until } from '../operators/alert/delivery-app.ts'
import { enter } from '../operators/conversation/talk.ts'

scenario(
  'alerts become notifications with all that is told of them',
  'tenant',
  d => {
    enter(d, 'alert_routes', 'acme', routes({ receivers: ['mail'] }))
    const cost = { money_at_risk_minor: 12_300, money_currency: 'EUR', contributor: 'channel=google' }
    send(d, alert(0, 'revenue_drop', { ...cost, contributor_share: 0.8, dimension: 'plan=pro' }))
    wait_until(d, 60)
    const [row] = d.outputs('notifications')
    expect(row).toMatchObject({ receiver: 'mail', channel: 'email', to: 'duty@example.org', secret: null })
    expect(row?.alerts).toEqual([
      {
        alert_id: 'revenue_drop|0|firing|fired',
        fingerprint: 'revenue_drop|revenue EUR|drop',
        rule: 'revenue_drop',
        severity: 'medium',
        status: 'firing',
        title: 'Title of revenue_drop',
        description: 'with the numbers',
        started_at: Date.UTC(2026, 0, 5),
        metric: 'revenue',
        currency: 'EUR',
        dimension: 'plan=pro',
        value: 1,
        expected: 2,
        ...cost,
        contributor_share: 0.8,
        ended_at: null,
        changed: true,
      },
    ])
    expect(d.outcomes).toMatchObject({ late: 0, dead_letter: 0 })
  },
  delivery_app,
)
