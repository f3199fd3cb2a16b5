/**
 * The CDNOW purchase logs as payments NDJSON: payment_succeeded, USD, 00:00 UTC of the day, one line per row. Rows have no
 * id of their own (255 repeat an earlier one and are real): the import names them by file and line.
 * As a program: node test/reference/cdnow-payments.ts sample|master > payments.ndjson
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { to_minor } from '../../schemas/currencies.ts'

export const REFERENCE_DATA = process.env.REFERENCE_DATA ?? join(import.meta.dirname, '../../../shared/data')

export interface Purchase {
  readonly customer_id: string
  readonly occurred_at: number
  readonly amount_minor: number
  readonly quantity: number
}

/** sample: master id, sample id, date, units, dollars, no header. master: id, date, units, dollars behind a header line. */
export const purchases = (which: 'sample' | 'master'): Purchase[] =>
  readFileSync(join(REFERENCE_DATA, 'cdnow', `CDNOW_${which}.txt`), 'utf8')
    .trimEnd()
    .split(/\r?\n/)
    .slice(which === 'master' ? 1 : 0)
    .map(line => {
      const [customer_id = '', date = '', units = '', dollars = ''] = line
        .trim()
        .split(/\s+/)
        .slice(which === 'sample' ? 1 : 0)
      const occurred_at = Date.UTC(
        Number(date.slice(0, 4)),
        Number(date.slice(4, 6)) - 1,
        Number(date.slice(6, 8)),
      )
      return { customer_id, occurred_at, amount_minor: to_minor(dollars, 'USD'), quantity: Number(units) }
    })

export const payments_ndjson = (which: 'sample' | 'master'): string =>
  purchases(which)
    .map(
      purchase =>
        `${JSON.stringify({ tenant_id: 'cdnow', type: 'payment_succeeded', currency: 'USD', ...purchase })}\n`,
    )
    .join('')

if (import.meta.main)
  process.stdout.write(payments_ndjson(process.argv[2] === 'master' ? 'master' : 'sample'))
