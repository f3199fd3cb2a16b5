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
  /** Its records touch what is known of their key. */
  readonly needs_entity: boolean
  /** Pipelines reading it, in index order. */
  readonly readers: readonly PipelineGraph[]
}

export const input_topic = (app: App, topic: string, graphs: readonly PipelineGraph[]): InputTopic => {
  const declared = declared_topic(app, topic)
  const spec = app.topics[topic]
  const deduped = spec?.dedupe !== 'none'
  const readers = graphs.filter(graph => graph.reads.has(declared))
  return {
    declared,
    sister: rekeyed_topic(declared),
    deduped,
    erases: spec?.erases === true,
    needs_entity: deduped || spec?.erases === true || readers.some(graph => graph.stateful),
    readers,
  }
}
