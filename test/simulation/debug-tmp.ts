import './mutant-loader.ts'
import './memo.ts'
const { simulate } = await import('./world.ts')
import { committed_records, committed_rows } from './committed.ts'
const seed = Number(process.argv[2])
const run = await simulate(seed, 100000, world => {
  for (const b of committed_rows<any>(world.broker, world.app, 'batch_log.customer')) console.log('customer', b.partition, b.offset, b.row.seq, b.row.nonce, b.row.tick_ms, b.row.stream_time_ms && new Date(b.row.stream_time_ms).toISOString(), 'wall', b.row.wall_at, JSON.stringify(b.row.ranges.map((r:any)=>[r.topic,r.from,r.to])), 'timers', b.row.timers, b.row.outputs, JSON.stringify(Object.values(b.row.outcomes))); for (const b of committed_rows<any>(world.broker, world.app, 'probes')) console.log('probe', b.partition, b.offset, b.key, JSON.stringify(b.row));
  for (const r of committed_rows<any>(world.broker, world.app, 'revenue_windows')) console.log('W', r.partition, r.offset, JSON.stringify(r.row)); for (const p of [0,1]) {
    const part = world.broker.partition('movements', p)
    const rows = new Map(committed_rows(world.broker, world.app, 'movements').filter(r=>r.partition===p).map(r=>[r.offset,r.row]))
    for (const r of committed_records(part)) console.log('movements', p, r.offset, JSON.stringify(r.upstream), r.value ? new Date(rows.get(r.offset)!.occurred_at as number).toISOString()+' '+rows.get(r.offset)!.event_id + ' ' + JSON.stringify([rows.get(r.offset)!.channel, rows.get(r.offset)!.product_id, rows.get(r.offset)!.amount_minor]) : 'mark')
    for (const b of committed_rows<any>(world.broker, world.app, 'batch_log.tenant').filter(r=>r.partition===p)) console.log('tenant', p, b.row.seq, b.row.nonce, b.row.tick_ms, b.row.stream_time_ms && new Date(b.row.stream_time_ms).toISOString(), 'wall', b.row.wall_at, JSON.stringify(b.row.ranges.map((r:any)=>[r.from,r.to])), 'timers', b.row.timers, b.row.outputs, b.row.dead_timers)
  }
})
console.log(run.history.filter(l=>new RegExp(process.argv[3]??'xxxx').test(l)).join('\n')); console.log(run.violation?.message)
