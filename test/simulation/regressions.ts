/**
 * What seeds found once, each with the first seed that finds it now when it is planted again (`--mutants`): after a change
 * of the scenarios, take those seeds anew. They run in every test run.
 */
export const regressions: readonly (readonly [seed: number, found: string])[] = [
  [7, 'a replay under other code fired, muted, timers that the last batch had left: outputs were lost'],
  [18, 'a replay under other code ended with the recorded number of timers: records were lost'],
  [170, 'a far-future record at a head held back what stood behind it'],
  [67, 'a cut that could not be saved was followed by an empty one of the same batch: state was lost'],
  [48, 'a checkpoint cut short under a live task blocked the task for ever'],
  [50, 'a replay did not load a key whose timer was due by the recorded stream time'],
  [1475, 'a replay believed for a minute that a schema was unknown that others had read since'],
  [
    5559,
    'a replay whose partition was taken away went on without its catalog, and its state was checkpointed',
  ],
  [3034, 'a replay loaded the keys of as many timers as fired, though a record had put off an earlier one'],
  [
    5708,
    'an owner that another had fenced took the checkpoint of its successor for a foreign one, and called a person',
  ],
  [
    120286,
    'a partition given anew before it was taken away was gone from the status of the sink, which was at work on it',
  ],
]
