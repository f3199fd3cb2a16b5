/**
 * Ids in order, in pieces of bounded length: where thousands are kept (a tenant's held points while history is loaded) adding and
 * removing one anywhere moves a piece, not all of them.
 */
const LONGEST = 256

export class SortedIds {
  /** None is empty, unless it is the only one. */
  readonly #pieces: string[][] = []

  constructor(ids: Iterable<string>) {
    const all = [...ids].sort()
    for (let at = 0; at < all.length; at += LONGEST) this.#pieces.push(all.slice(at, at + LONGEST))
    if (this.#pieces.length === 0) this.#pieces.push([])
  }

  /** Adds an id that is not among them. */
  add(id: string): void {
    const at = this.#piece_of(id)
    const piece = this.#pieces[at] as string[]
    // Windows come by time: mostly at the end.
    if (piece.length === 0 || (piece.at(-1) as string) < id) piece.push(id)
    else piece.splice(place_of(piece, id), 0, id)
    if (piece.length > LONGEST) this.#pieces.splice(at + 1, 0, piece.splice(LONGEST / 2))
  }

  /** Removes an id that is among them. */
  delete(id: string): void {
    const at = this.#piece_of(id)
    const piece = this.#pieces[at] as string[]
    piece.splice(place_of(piece, id), 1)
    if (piece.length === 0 && this.#pieces.length > 1) this.#pieces.splice(at, 1)
  }

  /** Those that begin with the prefix, in order; the first `most` of them. */
  from(prefix: string, most: number): string[] {
    const found: string[] = []
    let at = this.#piece_of(prefix)
    let place = place_of(this.#pieces[at] as string[], prefix)
    for (; at < this.#pieces.length; at++, place = 0)
      for (const piece = this.#pieces[at] as string[]; place < piece.length; place++) {
        const id = piece[place] as string
        if (found.length >= most || !id.startsWith(prefix)) return found
        found.push(id)
      }
    return found
  }

  get length(): number {
    return this.#pieces.reduce((sum, piece) => sum + piece.length, 0)
  }

  /** Index of the piece that an id is in, or belongs into: the first whose last id is not before it, or the last piece. */
  #piece_of(id: string): number {
    let low = 0
    let high = this.#pieces.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#pieces[middle]?.at(-1) as string) < id) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Index of the first id that is `id` or behind it. */
const place_of = (sorted: readonly string[], id: string): number => {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] as string) < id) low = middle + 1
    else high = middle
  }
  return low
}
