/** Planted bugs. */
export interface Patch {
  readonly file: string
  readonly search: string
  readonly replace: string
}
export interface Mutant {
  readonly name: string
  readonly bug: string
  readonly caught_by: string
  readonly patches: readonly Patch[]
}
export const mutants: readonly Mutant[] = [
  {
    name: 'fix',
    bug: '',
    caught_by: '',
    patches: [
      {
        file: 'runtime/checkpoint.ts',
        search: 'if (this.#in_flight || (!force',
        replace: 'if (this.#error !== null) return\n    if (this.#in_flight || (!force',
      },
      {
        file: 'runtime/recovery.ts',
        search: 'processor.cold_keys(items, batch.wall_at, batch.tick_ms, batch.timers)',
        replace: 'processor.cold_keys(items, batch.wall_at, batch.stream_time_ms, batch.timers)',
      },
      {
        file: 'runtime/recovery.ts',
        search: 'run.deps.store.load(run.id, keys, accepted)',
        replace: 'run.deps.store.load(run.id, keys, accepted).catch(error => { if (error instanceof DirtyCheckpoint) return null; throw error })',
      },
    ],
  },
]
