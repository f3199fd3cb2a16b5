/**
 * Applies one mutant while modules are loaded: with MUTANT=<name> in the environment, the named production
 * file is read with its line replaced. Import it before anything that loads production code.
 */
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Patch } from './mutant.ts'
import { mutants } from './mutants.ts'

const root = new URL('../../', import.meta.url)

/** The source with the patch applied. Throws when the text to be replaced is not there exactly once. */
export const apply_patch = (source: string, patch: Patch): string => {
  const parts = source.split(patch.search)
  if (parts.length !== 2)
    throw new Error(`${patch.file} holds ${JSON.stringify(patch.search)} ${parts.length - 1} times, not once`)
  return parts.join(patch.replace)
}

const install = (patches: readonly Patch[]) => {
  registerHooks({
    load(url, context, next_load) {
      const of_file = patches.filter(patch => url === new URL(patch.file, root).href)
      const loaded = next_load(url, context)
      if (of_file.length === 0) return loaded
      const source =
        typeof loaded.source === 'string'
          ? loaded.source
          : Buffer.from(loaded.source as Uint8Array).toString()
      if (source === '') throw new Error(`no source of ${fileURLToPath(url)}`)
      return { ...loaded, source: of_file.reduce(apply_patch, source) }
    },
  })
}

const name = process.env.MUTANT
const mutant = mutants.find(one => one.name === name)
if (name && !mutant)
  throw new Error(`no mutant ${name}; there are ${mutants.map(one => one.name).join(', ')}`)
if (mutant) install(mutant.patches)
