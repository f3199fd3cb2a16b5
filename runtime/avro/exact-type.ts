/**
 * avsc types whose longs are exact over all safe integers. avsc itself doubles a long before it writes it and halves it
 * after reading, so that beyond 2^52 a bit is lost and the sign turns, and it refuses ±(2^53 − 1).
 */
import avsc from 'avsc'

interface Tap {
  readonly buf: Buffer
  pos: number
}
type Hook = (value: unknown, type: avsc.Type) => void
type Inner = avsc.Type & { _write(tap: Tap, value: number): void; _read(tap: Tap): number }
const LongType = avsc.types.LongType as unknown as new () => Inner

/** Halved instead of doubled: the sign is the lowest bit of the first byte, the six above it are the lowest of the value. */
class ExactLong extends LongType {
  _check(value: unknown, _flags: number, hook?: Hook): boolean {
    const valid = Number.isSafeInteger(value)
    if (!valid) hook?.(value, this)
    return valid
  }
  override _write(tap: Tap, value: number): void {
    if (!Number.isSafeInteger(value) || Math.abs(value) < 2 ** 52) {
      super._write(tap, value)
      return
    }
    const magnitude = value < 0 ? -value - 1 : value
    tap.buf[tap.pos++] = 0x80 | ((magnitude % 64) << 1) | (value < 0 ? 1 : 0)
    let rest = Math.floor(magnitude / 64)
    for (; rest >= 128; rest = Math.floor(rest / 128)) tap.buf[tap.pos++] = 0x80 | (rest % 128)
    tap.buf[tap.pos++] = rest
  }
  override _read(tap: Tap): number {
    let byte = tap.buf[tap.pos++] ?? 0
    const negative = byte & 1
    let magnitude = (byte & 0x7e) >> 1
    for (let factor = 64; byte & 0x80; factor *= 128) {
      byte = tap.buf[tap.pos++] ?? 0
      magnitude += (byte & 0x7f) * factor
    }
    return negative ? -magnitude - 1 : magnitude
  }
}

/** The schema as an avsc type that reads and writes every safe integer exactly. */
export const exact_type = (schema: object): avsc.Type => {
  const is_long = (part: unknown) =>
    part === 'long' || (part as { readonly type?: unknown } | null)?.type === 'long'
  const typeHook = (part: avsc.Schema) =>
    is_long(part) ? (new ExactLong() as unknown as avsc.Type) : undefined
  return avsc.Type.forSchema(schema as avsc.Schema, { typeHook })
}
