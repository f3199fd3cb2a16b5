/** The report of a campaign, as docs/FAULTS.md quotes it. */
import { exponents } from '../../../schemas/currencies.ts'
import type { Outcome } from './campaign.ts'
import { KINDS, type Kind } from './kinds.ts'

const line = (name: string, text: string | number): string => `${name.padEnd(30)} ${text}\n`
const plain = (name: string): string => name.replaceAll('_', ' ')

const money = ([place, minor]: [string, number]): string => {
  const [tenant, currency] = place.split('|') as [string, string]
  const exponent = exponents.get(currency) ?? 2
  return `${tenant} ${currency} ${(minor / 10 ** exponent).toFixed(exponent)}`
}

const counted = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ') || 'none'

export const report = ({ kept, reading, left }: Outcome, wanted: Readonly<Record<Kind, number>>): string => {
  const { counts, metered } = kept
  const count = (name: string): number => counts[name] ?? 0
  const beginning_with = (start: string) =>
    Object.fromEntries(
      Object.entries(counts)
        .filter(([name]) => name.startsWith(start))
        .map(([name, value]) => [name.slice(start.length), value]),
    )
  const extra: Partial<Record<Kind, string>> = {
    worker_kills: `, ${count('all_killed')} times all at once, ${count('killed_while_joining')} more while they joined`,
    zombies: `, ${count('taken_over')} tasks taken over meanwhile`,
    broker_restarts: `, ${count('brokers_ended_in_order')} of them in order, the others kill -9`,
    redis_kills: `, ${count('redis_emptied')} of them restarted empty`,
    warehouse_kills: `, ${count('inserts_cut')} inserts failed and were sent again`,
  }
  return [
    '\n',
    ...KINDS.map(kind => line(plain(kind), `${count(kind)} of ${wanted[kind]}${extra[kind] ?? ''}`)),
    line('minutes', (kept.seconds / 60).toFixed(1)),
    line('runs', kept.runs),
    line('events acknowledged', counted(beginning_with('expected '))),
    line('records in the inputs', count('input_records')),
    line('records in the outputs', count('output_records')),
    line('batches', count('batches')),
    line('tasks that changed owner', count('takeovers')),
    line('recoveries', counted(metered.recoveries)),
    line('records read again by them', counted(metered.replayed_records)),
    line('dead letters', counted(beginning_with('dead letters '))),
    line('workers ended by themselves', count('own_ends')),
    line('lost', reading.lost),
    line('doubled at read_committed', reading.doubled),
    line('invented', reading.invented),
    line('wrong', reading.wrong),
    line('money (this run)', Object.entries(reading.sums).map(money).join(', ')),
    line('reconcile', '0 differences'),
    line('sql/checks', '0 rows'),
    left > 0 ? `${left} faults are left to do\n` : '',
  ].join('')
}
