/**
 * A request as it goes over the wire, written in one piece: a save has tens of thousands of arguments, of which the client would
 * make a text and three buffers each. Protocol: https://redis.io/docs/latest/develop/reference/protocol-spec/
 */

const ARGUMENT_BYTES = 16

export type Argument = string | Buffer

/** Arguments one behind the other, as bulk strings. */
export class Wire {
  /** Arguments put so far. */
  count = 0
  #bytes: Buffer
  #at = 0

  constructor(expected = 1 << 16) {
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

  put(argument: Argument): void {
    if (typeof argument === 'string') this.put_text(argument)
    else {
      this.#room(argument.length + ARGUMENT_BYTES)
      this.#head(36, argument.length)
      this.#bytes.set(argument, this.#at)
      this.#at += argument.length
      this.#line()
      this.count++
    }
  }

  /** One argument: what stands before it, and the text. */
  put_text(text: string, prefix = ''): void {
    this.#room(3 * (prefix.length + text.length) + ARGUMENT_BYTES)
    const before = this.#at
    this.#head(36, prefix.length + text.length)
    if (!this.#put_ascii(prefix) || !this.#put_ascii(text)) {
      this.#at = before
      this.#head(36, Buffer.byteLength(prefix) + Buffer.byteLength(text))
      this.#at += this.#bytes.write(prefix, this.#at)
      this.#at += this.#bytes.write(text, this.#at)
    }
    this.#line()
    this.count++
  }

  #put_ascii(text: string): boolean {
    const bytes = this.#bytes
    let at = this.#at
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code >= 128) return false
      bytes[at++] = code
    }
    this.#at = at
    return true
  }

  /** What has been put, uncopied: to be read before more is put. */
  get written(): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }
}

/** A command, its name the first argument, as one buffer: lists of arguments and what is written already, in order. */
export const on_the_wire = (command: readonly (readonly Argument[] | Wire)[]): Buffer => {
  let count = 0
  const parts = command.map(part => {
    count += part instanceof Wire ? part.count : part.length
    if (part instanceof Wire) return part.written
    const wire = new Wire(1 << 10)
    for (const argument of part) wire.put(argument)
    return wire.written
  })
  return Buffer.concat([Buffer.from(`*${count}\r\n`), ...parts])
}
