/**
 * A request as it goes over the wire, written in one piece: a save has tens of thousands of arguments, of which the client would
 * make a text and three buffers each. Protocol: https://redis.io/docs/latest/develop/reference/protocol-spec/
 */

const ARGUMENT_BYTES = 16

/** Bulk strings one behind the other. */
class Wire {
  #bytes: Buffer
  #at = 0

  constructor(expected: number) {
    this.#bytes = Buffer.allocUnsafe(expected)
  }

  #room(more: number): void {
    if (this.#at + more <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#at + more))
    this.#bytes.copy(larger, 0, 0, this.#at)
    this.#bytes = larger
  }

  /** `*` or `$`, a number, and the end of the line. */
  #head(kind: number, value: number): void {
    const bytes = this.#bytes
    bytes[this.#at++] = kind
    if (value < 10) bytes[this.#at++] = 48 + value
    else this.#at += bytes.write(String(value), this.#at, 'latin1')
    this.#line()
  }
  #line(): void {
    this.#bytes[this.#at++] = 13
    this.#bytes[this.#at++] = 10
  }

  begin(count: number): void {
    this.#room(ARGUMENT_BYTES)
    this.#head(42, count)
  }

  put(argument: string | Buffer): void {
    if (typeof argument === 'string') this.#put_text(argument)
    else {
      this.#room(argument.length + ARGUMENT_BYTES)
      this.#head(36, argument.length)
      this.#bytes.set(argument, this.#at)
      this.#at += argument.length
      this.#line()
    }
  }

  #put_text(text: string): void {
    this.#room(3 * text.length + ARGUMENT_BYTES)
    const bytes = this.#bytes
    const before = this.#at
    this.#head(36, text.length)
    let at = this.#at
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code >= 128) {
        this.#put_beyond_ascii(text, before)
        return
      }
      bytes[at++] = code
    }
    this.#at = at
    this.#line()
  }

  #put_beyond_ascii(text: string, before: number): void {
    this.#at = before
    this.#head(36, Buffer.byteLength(text))
    this.#at += this.#bytes.write(text, this.#at)
    this.#line()
  }

  get written(): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }
}

/** The command and its arguments as one buffer. */
export const on_the_wire = (command: readonly (string | Buffer)[]): Buffer => {
  let expected = ARGUMENT_BYTES
  for (const argument of command) expected += argument.length + ARGUMENT_BYTES
  const wire = new Wire(expected)
  wire.begin(command.length)
  for (const argument of command) wire.put(argument)
  return wire.written
}
