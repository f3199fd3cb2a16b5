/** Reads server-sent events out of text as it arrives, in pieces cut anywhere. */

export interface ServerEvent {
  readonly name: string
  readonly data: string
  readonly id: string | null
}

export interface EventReader {
  /** Complete events in this piece and what was left of those before. */
  readonly read: (piece: string) => ServerEvent[]
}

/** Comments and events without data give nothing; `retry` is not obeyed, the page has a backoff of its own. */
export const event_reader = (): EventReader => {
  let rest = ''
  let name = ''
  let data: string[] = []
  let id: string | null = null
  const take_line = (line: string): ServerEvent | null => {
    if (line === '') {
      const event = data.length > 0 ? { name: name || 'message', data: data.join('\n'), id } : null
      name = ''
      data = []
      return event
    }
    const colon = line.indexOf(':')
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'event') name = value
    else if (field === 'data') data.push(value)
    else if (field === 'id' && !value.includes('\0')) id = value
    return null
  }
  return {
    read: piece => {
      rest += piece
      // A CR at the very end may be half of a CRLF: it waits for the next piece.
      const usable = rest.endsWith('\r') ? rest.length - 1 : rest.length
      const lines = rest.slice(0, usable).split(/\r\n|\n|\r/)
      rest = (lines.pop() ?? '') + rest.slice(usable)
      return lines.map(take_line).filter(event => event !== null)
    },
  }
}
