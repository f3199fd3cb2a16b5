/** What a planted bug is: a patch of a production file that the simulator runs. */

export interface Patch {
  readonly file: string
  /** Must be there exactly once. */
  readonly search: string
  readonly replace: string
}

export interface Mutant {
  readonly name: string
  readonly bug: string
  /** The rules that see it, as a reader would expect; the run names the one that did. */
  readonly caught_by: string
  readonly patches: readonly Patch[]
}

export const mutant = (
  name: string,
  bug: string,
  caught_by: string,
  file: string,
  ...texts: readonly (readonly [search: string, replace: string])[]
): Mutant => ({
  name,
  bug,
  caught_by,
  patches: texts.map(([search, replace]) => ({ file, search, replace })),
})
