/** What runs in a job's thread (in-thread.ts): one job, once. */
import { parentPort, workerData } from 'node:worker_threads'
import type { Asked } from './in-thread.ts'
import { jobs } from './index.ts'
import { run_apart } from './run-apart.ts'

const { name, rows, as_of } = workerData as Asked
const job = jobs.find(each => each.name === name)
if (!job) throw new Error(`there is no job ${name}`)
parentPort?.postMessage(run_apart(job, rows, as_of))
