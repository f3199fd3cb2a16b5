/** Seeds that once failed, with what they found. They run in every test run, for as long as the scenarios still mean the same. */
export const regressions: readonly (readonly [seed: number, found: string])[] = [
  [13, 'a store that lost a checkpoint of an idle task'],
  [34, 'the only member of a group was given up while it paused, and came back'],
  [72, 'a checkpoint given up at revocation was followed by an empty one: a window was lost'],
  [115, 'a checkpoint cut short under a live task blocked it for ever'],
  [131, 'a replay fired fewer timers: their keys had not been loaded'],
  [169, 'a record of the far future held back its partition in the merge'],
  [1090, 'a task told its time after the next stage had stopped'],
]
