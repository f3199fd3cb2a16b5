/** Progress on stderr: one line that is drawn over on a terminal, a plain line now and then elsewhere. */
interface Out {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

export interface ProgressLine {
  show(verb: string, done: number, all: number, unit: string): void
  /** Something that takes time without a measure. */
  note(text: string): void
  /** A line that stays. */
  print(text: string): void
  /** Leaves what is drawn and starts on a fresh line. */
  end(): void
}

const DRAW_EVERY_MS = 100
const PLAIN_EVERY_MS = 5000
const BAR = 24

export const create_progress_line = (out: Out, now: () => number = () => performance.now()): ProgressLine => {
  const every_ms = out.isTTY ? DRAW_EVERY_MS : PLAIN_EVERY_MS
  let drawn = ''
  let drawn_at = Number.NEGATIVE_INFINITY
  let measured = { verb: '', began_at: 0, first: 0 }
  const draw = (text: string): void => {
    drawn_at = now()
    if (!out.isTTY) {
      out.write(`${text}\n`)
      return
    }
    drawn = text.slice(0, (out.columns ?? 80) - 1)
    out.write(`\r\x1b[K${drawn}`)
  }
  const end = (): void => {
    if (drawn) out.write('\n')
    drawn = ''
  }
  return {
    show(verb, done, all, unit) {
      if (verb !== measured.verb) {
        measured = { verb, began_at: now(), first: done }
        if (!out.isTTY) drawn_at = now()
      }
      const finished = done >= all
      if (now() - drawn_at < every_ms && !(finished && out.isTTY)) return
      const share = all === 0 ? 1 : done / all
      const rate = ((done - measured.first) * 1000) / Math.max(1, now() - measured.began_at)
      const left = rate > 0 && !finished ? `, ${Math.ceil((all - done) / rate)} s left` : ''
      const bar = '█'.repeat(Math.round(share * BAR)).padEnd(BAR, '░')
      const numbers = `${Math.floor(share * 100)} %  ${grouped(done)} of ${grouped(all)} ${unit}`
      draw(`${verb} ${bar} ${numbers}, ${grouped(Math.round(rate))}/s${left}`)
    },
    note(text) {
      if (now() - drawn_at >= every_ms || out.isTTY) draw(text)
    },
    print(text) {
      if (drawn) out.write('\r\x1b[K')
      drawn = ''
      out.write(`${text}\n`)
    },
    end,
  }
}

const grouped = (n: number): string => n.toLocaleString('en-US')
