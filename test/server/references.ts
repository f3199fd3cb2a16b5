/** What the two descriptions of the API have in common: objects that point at each other by `$ref`. */

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

/** Every object of the document with its place, as a JSON pointer. */
export function* objects_in(
  value: Json | undefined,
  place = '#',
): Generator<[string, { [name: string]: Json }]> {
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value)) yield [place, value]
  for (const [name, inner] of Object.entries(value))
    yield* objects_in(inner, `${place}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`)
}

/** What a pointer into the document points at, or undefined. */
export const resolve_pointer = (document: Json, pointer: string): Json | undefined => {
  if (!pointer.startsWith('#/')) return undefined
  let at: Json | undefined = document
  for (const part of pointer.slice(2).split('/')) {
    if (typeof at !== 'object' || at === null || Array.isArray(at)) return undefined
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    at = Object.hasOwn(at, name) ? at[name] : undefined
  }
  return at
}

/** References that lead nowhere, each with its place. */
export const broken_references = (document: Json): string[] =>
  [...objects_in(document)].flatMap(([place, { $ref }]) =>
    typeof $ref === 'string' && resolve_pointer(document, $ref) === undefined ? [`${place} → ${$ref}`] : [],
  )
