/**
 * What a demo knows of itself across restarts: `demo.json` in its data directory. Written after the events
 * it speaks of are durable: what a crash leaves out of it is sent again under the same event ids, and
 * counted once.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { CommandError } from '../command.ts'

const saved_demo = z.object({
  version: z.literal(3),
  seed: z.int(),
  /** Where the business begins, epoch ms. */
  origin_ms: z.int(),
  /** Where the past ended when the demo was begun. */
  past_to_ms: z.int(),
  /** Everything before it is in the log. */
  until_ms: z.int(),
  /** Nothing happens behind the past. */
  ends: z.boolean(),
  starts: z.array(z.object({ at_ms: z.int(), speed: z.number().positive() })),
})
export type SavedDemo = Readonly<z.output<typeof saved_demo>>

const file_of = (data_dir: string): string => join(data_dir, 'demo.json')

/** null: the directory is new. Throws CommandError where it is somebody else's. */
export const read_saved = (data_dir: string): SavedDemo | null => {
  const file = file_of(data_dir)
  if (!existsSync(file)) {
    if (existsSync(join(data_dir, 'log')))
      throw new CommandError(
        `${data_dir} holds an installation that is no demo: it is left alone; choose another --data-dir`,
      )
    return null
  }
  const unreadable = `${file} is not what a demo writes: remove ${data_dir} to begin anew`
  let parsed: unknown
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    throw new CommandError(unreadable)
  }
  const saved = saved_demo.safeParse(parsed)
  if (!saved.success) throw new CommandError(unreadable)
  return saved.data
}

/** Whole or not at all, and on the disk when it returns. */
export const save_demo = (data_dir: string, saved: SavedDemo): void => {
  mkdirSync(data_dir, { recursive: true })
  const file = file_of(data_dir)
  const draft = `${file}.tmp`
  const descriptor = openSync(draft, 'w')
  try {
    writeSync(descriptor, `${JSON.stringify(saved, null, 2)}\n`)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  renameSync(draft, file)
  const directory = openSync(data_dir, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}
