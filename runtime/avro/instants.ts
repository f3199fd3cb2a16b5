/** Instants as text: ISO-8601 with a zone, because a time without one means something else on every machine. */
const ISO =
  /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(Z|[+-]\d{2}(?::?\d{2})?)$/i

/** Milliseconds since the epoch, finer digits cut off; null when the text is no instant (or 30 February). */
export const instant_ms = (text: string): number | null => {
  const match = ISO.exec(text)
  if (!match) return null
  const [, ...parts] = match
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(0, 6)
    .map(part => Number(part ?? 0))
  const ms = Number((parts[6] ?? '').padEnd(3, '0').slice(0, 3))
  // Date.UTC takes the years 0 to 99 for 1900 to 1999.
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute, second, ms)
  const unchanged =
    date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60
  const zone = zone_minutes(parts[7] ?? 'Z')
  return unchanged && zone !== null ? date.getTime() - zone * 60_000 : null
}

const zone_minutes = (zone: string): number | null => {
  if (zone.toUpperCase() === 'Z') return 0
  const digits = zone.slice(1).replace(':', '')
  const hours = Number(digits.slice(0, 2))
  const minutes = Number(digits.slice(2) || 0)
  if (hours > 23 || minutes > 59) return null
  return (zone[0] === '-' ? -1 : 1) * (hours * 60 + minutes)
}
