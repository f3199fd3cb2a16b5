import './mutant-loader.ts'
import './memo.ts'
const { simulate } = await import('./world.ts')
const kinds = new Map<string, number>(); let n=0
for (let s=2000;s<2020;s++) { const run = await simulate(s, 1e6); for (const l of run.history) { const k=l.slice(13).replace(/w\d+/g,'w').replace(/\d+/g,'#').replace(/(touchpoints|payments|feedback|catalog|ledger|sessions|movements|revenue_windows|dead_letters|probes|probe_copies|batch_log.\w+|customer|tenant|sink)/g,'T').slice(0,40); kinds.set(k,(kinds.get(k)??0)+1); n++ } }
for (const [k,v] of [...kinds].sort((a,b)=>b[1]-a[1]).slice(0,32)) console.log((v/n*100).toFixed(1), k)
