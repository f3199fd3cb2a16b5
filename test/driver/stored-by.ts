/**
 * Makes what a driver's store holds of an operator look as an earlier version wrote it: bytes of that version's schemas.
 * With the variant `crash` the operator reads them before the next record.
 */
import { exact_type } from '../../runtime/avro/exact-type.ts'
import type { Driver } from './driver.ts'

export interface StoredSchemas {
  readonly state: string
  readonly slot: string
}

/** field: `pipeline/operator`. What the earlier schemas do not have is dropped. How many fields there were. */
export const store_as_version = (
  driver: Driver,
  key: string,
  field: string,
  version: number,
  [earlier, now]: readonly [StoredSchemas, StoredSchemas],
): number => {
  const stored = driver.fields(key) as Map<string, Buffer>
  const type_of = (name: string) => exact_type(driver.app.schemas[name] as object)
  let found = 0
  for (const [name, bytes] of stored) {
    const slot = name.startsWith(`${field}#`)
    if (name !== field && !slot) continue
    const kind = slot ? 'slot' : 'state'
    const start = slot ? 2 : 10
    const value = type_of(now[kind]).fromBuffer(bytes.subarray(start))
    const head = Buffer.from(bytes.subarray(0, start))
    head.writeUInt16BE(version, 0)
    stored.set(name, Buffer.concat([head, type_of(earlier[kind]).toBuffer(value)]))
    found++
  }
  return found
}
