/** What a task does with the records of each of its inputs. */
import { rekeyed_topic } from '../schemas/topics.ts'
import { type App, declared_topic } from './app.ts'
import type { PipelineGraph } from './graph.ts'

export interface InputTopic {
  /** As pipelines and ids know it. */
  readonly declared: string
  /** Where its records come in again; dead letters driven again are remembered under that name. */
  readonly sister: string
  readonly deduped: boolean
  readonly erases: boolean
  /** Pipelines reading it, in index order. */
  readonly readers: readonly PipelineGraph[]
}

export const input_topic = (app: App, topic: string, graphs: readonly PipelineGraph[]): InputTopic => {
  const declared = declared_topic(app, topic)
  const spec = app.topics[topic]
  return {
    declared,
    sister: rekeyed_topic(declared),
    deduped: spec?.dedupe !== 'none',
    erases: spec?.erases === true,
    readers: graphs.filter(graph => graph.reads.has(declared)),
  }
}
