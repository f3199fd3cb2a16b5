/**
 * How keyed state lies in the state store: an entity is a hash, its fields are
 *   pipeline/as            the operator's state      varint version, double last change (stream time), Avro
 *   pipeline/as#slot       one slot                  varint version, Avro
 *   ~ids/topic/bucket      remembered event ids      16 bytes each (id-memory.ts)
 * and the entity `|timers` holds the task's timers.
 */
import type avsc from 'avsc'
import type { StateType } from '../operators/core/keyed.ts'
import { exact_type } from './avro/exact-type.ts'

export const TIMERS_ENTITY = '|timers'
const IDS = '~ids/'

export const state_field = (pipeline: string, as: string): string => `${pipeline}/${as}`
export const slot_field_of = (node_field: string, slot: string): string => `${node_field}#${slot}`
export const ids_field = (topic: string, bucket: number): string => `${IDS}${topic}/${bucket}`

export type FieldName =
  | { readonly kind: 'state'; readonly node: string }
  | { readonly kind: 'slot'; readonly node: string; readonly slot: string }
  | { readonly kind: 'ids'; readonly topic: string; readonly bucket: number }

export const parse_field = (field: string): FieldName => {
  if (field.startsWith(IDS)) {
    const cut = field.lastIndexOf('/')
    return { kind: 'ids', topic: field.slice(IDS.length, cut), bucket: Number(field.slice(cut + 1)) }
  }
  const hash = field.indexOf('#')
  return hash < 0
    ? { kind: 'state', node: field }
    : { kind: 'slot', node: field.slice(0, hash), slot: field.slice(hash + 1) }
}

/** Stored state is of a version this code cannot read: the task rebuilds from the log. */
export class UnreadableState extends Error {
  override readonly name = 'UnreadableState'
}

/** A checkpoint's fields are written one behind the other and go together: an allocation for many of them. */
const SLAB_BYTES = 64 << 10
let slab: Buffer = Buffer.alloc(0)
let slab_used = 0

/** Bytes of one operator's states (or slots): reads its own version and the earlier ones it names. */
export class StateCodec<S> {
  readonly #type: avsc.Type
  readonly #earlier = new Map<number, avsc.Type>()
  readonly #version: number
  readonly #state: StateType<S>

  constructor(version: number, state: StateType<S>, schemas: Readonly<Record<string, object>>) {
    this.#version = version
    this.#state = state
    this.#type = state_type(schemas, state.schema)
    for (const [number, name] of Object.entries(state.earlier ?? {}))
      this.#earlier.set(Number(number), state_type(schemas, name))
  }

  /** last_ms undefined: a slot, which has none. The bytes share a slab with those of other fields: not to be kept. */
  encode(value: S, last_ms?: number): Buffer {
    const head = last_ms === undefined ? 2 : 10
    let end = slab_used + head < slab.length ? this.#type.encode(value, slab, slab_used + head) : -1
    if (end < 0) {
      // avsc answers with the missing bytes.
      slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, head + slab.length - end))
      slab_used = 0
      end = this.#type.encode(value, slab, head)
    }
    const start = slab_used
    slab_used = end
    slab.writeUInt16BE(this.#version, start)
    if (last_ms !== undefined) slab.writeDoubleBE(last_ms, start + 2)
    return slab.subarray(start, end)
  }

  decode(bytes: Buffer): S {
    return this.#body(bytes, 2)
  }

  decode_state(bytes: Buffer): { value: S; last_ms: number } {
    return { value: this.#body(bytes, 10), last_ms: bytes.readDoubleBE(2) }
  }

  #body(bytes: Buffer, start: number): S {
    const version = bytes.readUInt16BE(0)
    const body = bytes.subarray(start)
    if (version === this.#version) return this.#type.fromBuffer(body) as S
    const type = this.#earlier.get(version)
    if (!type)
      throw new UnreadableState(
        `${this.#state.schema}: stored by version ${version}, this is ${this.#version}`,
      )
    const earlier: unknown = type.fromBuffer(body)
    return this.#state.upgrade ? this.#state.upgrade(version, earlier) : (earlier as S)
  }
}

const state_type = (schemas: Readonly<Record<string, object>>, name: string): avsc.Type => {
  const schema = schemas[name]
  if (!schema) throw new Error(`no schema ${name}`)
  return exact_type(schema)
}
