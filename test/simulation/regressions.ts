/** Seeds that found something once. They run in every test run, as long as the scenarios still mean the same. */
export const regressions: readonly (readonly [seed: number, found: string])[] = [
  [129, 'a checkpoint cut short under a live task blocked the task for ever'],
  [175, 'a checkpoint given up at revocation was followed by an empty one of the same batch: state was lost'],
  [264, 'an import that ended while a reader of the catalog was between two looks'],
]
