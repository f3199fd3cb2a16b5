/** Schema evolution: may data written by an earlier version be read by the next one (BACKWARD)? */
import avsc from 'avsc'
import { compile_decoder } from './decoder.ts'
import { Refused } from './refused.ts'

/**
 * Why `next` cannot read what `earlier` wrote, or null. Held against our decoder, which reads less than Avro allows
 * and names the field, then against Avro's own resolution, as a registry judges it.
 */
export const incompatibility = (next: object, earlier: object): string | null => {
  try {
    compile_decoder(earlier, next, [])
  } catch (error) {
    if (error instanceof Refused) return error.detail
    throw error
  }
  try {
    avsc.Type.forSchema(next as avsc.Schema).createResolver(avsc.Type.forSchema(earlier as avsc.Schema))
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
