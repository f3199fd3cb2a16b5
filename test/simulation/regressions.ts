/** Seeds that found something once. They run in every test run, as long as the scenarios still mean the same. */
export const regressions: readonly (readonly [seed: number, found: string])[] = [
  [16, 'a replay under other code fired, muted, timers that the last batch had left: outputs were lost'],
  [55, 'a replay under other code ended with the recorded number of timers: records were lost'],
  [67, 'a far-future record at a head held back what stood behind it'],
  [87, 'a cut that could not be saved was followed by an empty one of the same batch: state was lost'],
  [129, 'a checkpoint cut short under a live task blocked the task for ever'],
  [190, 'a replay did not load a key whose timer was due by the recorded stream time'],
]
