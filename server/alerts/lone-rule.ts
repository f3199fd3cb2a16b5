/** A rule by itself, and what is wrong with it. */
import { read_rules } from '../../operators/alert/read-rules.ts'

/** Which others it inhibits can only be looked at within the list. */
export const read_lone_rule = (body: unknown): { readonly problem: string | null } => {
  const is_object = typeof body === 'object' && body !== null && !Array.isArray(body)
  return read_rules({ rules: [is_object ? { ...body, inhibits: [] } : body] })
}

/** What reads a list says `rules[3].threshold must be …`; of one rule it is the field alone. */
export const blame_of = (problem: string): { readonly field: string | null; readonly reason: string } => ({
  field: /^rules\[\d+\]\.([\w.[\]]+)/.exec(problem)?.[1] ?? null,
  reason: problem.replace(/^rules\[\d+\]\.?/, '').trim(),
})
