/** route-lead alone, without a task around it: its turn is over maps. For markets of thousands of leads, in little time. */
import { Subject } from 'rxjs'
import { type Graph, type Keyed, pipeline, tagged, wire } from '../../../operators/core/keyed.ts'
import type { Decided } from '../../../operators/pricing/lead-agenda.ts'
import { type Routed, type RouteInput, routeLead } from '../../../operators/pricing/route-lead.ts'
import type { Lead, LeadFeedback, RoutingSlot, RoutingTenant } from '../../../schemas/types.ts'

type Spec = Keyed<RouteInput, Routed, RoutingTenant, RoutingSlot, 'due'>

const spec_of_router = (): Spec => {
  let found: Spec | null = null
  const graph = {
    source: () => new Subject(),
    node: (spec: unknown) => {
      found = spec as Spec
      return { enter: () => {}, out: new Subject() }
    },
  } as unknown as Graph
  wire(
    pipeline({
      name: 'pricing-alone',
      keyed_by: 'tenant',
      since: 'beginning',
      build: ({ from }) => {
        const lead = from('leads') as unknown as Subject<Lead>
        const feedback = from('lead_feedback') as unknown as Subject<LeadFeedback>
        tagged({ lead, feedback }).pipe(routeLead())
      },
    }),
    graph,
  )
  return found as unknown as Spec
}

/** The catalog by kind|id; what is routed is of one tenant, its times never go back. */
export class LoneRouter {
  readonly slots = new Map<string, RoutingSlot>()
  readonly #spec = spec_of_router()
  readonly #tenant: string
  readonly #catalog: Readonly<Record<string, unknown>>
  #state = this.#spec.state.init()
  #due_ms: number | null = null
  #now_ms = Number.NEGATIVE_INFINITY

  constructor(tenant: string, catalog: Readonly<Record<string, unknown>>) {
    this.#tenant = tenant
    this.#catalog = catalog
  }

  lead(value: Lead): Decided[] {
    return this.#enter({ from: 'lead', value })
  }

  feedback(value: LeadFeedback): Decided[] {
    return this.#enter({ from: 'feedback', value })
  }

  #enter(input: RouteInput): Decided[] {
    const { occurred_at } = input.value
    this.#now_ms = Math.max(this.#now_ms, occurred_at)
    const decided: Decided[] = []
    while (this.#due_ms !== null && this.#due_ms <= this.#now_ms) {
      const due_ms = this.#due_ms
      this.#due_ms = null
      this.#turn(due_ms, decided, turn => this.#spec.on_timer?.(this.#state, 'due', turn) ?? this.#state)
    }
    this.#turn(occurred_at, decided, turn => this.#spec.step(this.#state, input, turn))
    return decided
  }

  #turn(at_ms: number, decided: Decided[], act: (turn: Parameters<Spec['step']>[2]) => RoutingTenant): void {
    this.#state = act({
      key: this.#tenant,
      at_ms,
      stream_time_ms: this.#now_ms,
      cause_id: '',
      may_be_late: false,
      emit: row => {
        if (row.of !== 'lead') decided.push(row)
      },
      late: () => {},
      reject: reason => {
        throw new Error(reason)
      },
      timer: (_, due_ms) => {
        this.#due_ms = due_ms
      },
      slot: id => this.slots.get(id),
      put: (id, value) => {
        if (value === null) this.slots.delete(id)
        else this.slots.set(id, value)
      },
      slots: (prefix = '') => [...this.slots].filter(([id]) => id.startsWith(prefix)).sort(),
      catalog: (kind, id) => this.#catalog[`${kind}|${id}`] as never,
    })
  }
}
