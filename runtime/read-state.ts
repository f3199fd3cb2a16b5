/** Stored state for readers outside the tasks: people over HTTP, and reconcile. */

import { type Graph, type Keyed, wire } from '../operators/core/keyed.ts'
import type { App } from './app.ts'
import { Feed } from './feed.ts'
import type { Fields } from './ports.ts'
import { parse_field, StateCodec } from './state-fields.ts'

export interface NodeState {
  readonly state?: unknown
  /** Stream time of the last change, epoch ms. */
  readonly changed_at?: number
  readonly slots?: Readonly<Record<string, unknown>>
}

/**
 * Decodes the fields of one entity, by `pipeline/operator`. Fields of operators that this code lacks are
 * named, not shown.
 */
export const state_reader = (
  app: App,
): ((fields: Fields) => Record<string, NodeState | { readonly unknown: true }>) => {
  const codecs = codecs_of(app)
  return fields => {
    const nodes: Record<string, { state?: unknown; changed_at?: number; slots?: Record<string, unknown> }> =
      {}
    for (const [name, bytes] of fields) {
      const field = parse_field(name)
      if (field.kind === 'ids') continue
      nodes[field.node] ??= {}
      const node = nodes[field.node]!
      const codec = codecs.get(field.node)
      if (!codec) Object.assign(node, { unknown: true })
      else if (field.kind === 'slot') {
        node.slots ??= {}
        node.slots[field.slot] = codec.slot?.decode(bytes)
      } else {
        const { value, last_ms } = codec.state.decode_state(bytes)
        Object.assign(node, { state: value, changed_at: last_ms })
      }
    }
    return nodes
  }
}

interface Codecs {
  readonly state: StateCodec<unknown>
  readonly slot: StateCodec<unknown> | null
}

/** Every pipeline is built once into a graph that only takes note of its stateful operators. */
const codecs_of = (app: App): ReadonlyMap<string, Codecs> => {
  const codecs = new Map<string, Codecs>()
  for (const pipeline of app.pipelines) {
    const note = ({ version, state, slot }: Keyed<never, unknown, unknown, unknown, string>, as: string) =>
      codecs.set(`${pipeline.name}/${as}`, {
        state: new StateCodec(version, state, app.schemas),
        slot: slot ? new StateCodec(version, slot, app.schemas) : null,
      })
    wire(pipeline, noting_graph(note as (spec: unknown, as: string) => void))
  }
  return codecs
}

const noting_graph = (note: (spec: unknown, as: string) => void): Graph => ({
  source: () => new Feed<unknown>(),
  node: <I, O>(spec: unknown, as: string) => {
    note(spec, as)
    return { enter: (_: I) => {}, out: new Feed<O>() }
  },
  output() {},
  sink() {},
  fail(error) {
    throw error
  },
})
