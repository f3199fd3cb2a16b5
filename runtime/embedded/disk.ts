/**
 * Keeps a reserve of the disk: LMDB does not survive the very last page (a failed page write inside its writer thread can
 * end the process), and a process that is out of disk must still be able to say so and to stop. Below the reserve writes
 * are refused before LMDB is asked; they go on by themselves once there is room.
 */
import { statfsSync } from 'node:fs'

export const RESERVE_BYTES = 64 << 20

/** Nothing was written: the disk has less room than is kept back. */
export class DiskFull extends Error {
  override readonly name = 'DiskFull'
}

/** Bytes that this user may still write where `path` lies. */
export const free_bytes = (path: string): number => {
  const { bavail, bsize } = statfsSync(path)
  return bavail * bsize
}

/** Throws DiskFull, in one sentence, when less than the reserve is free; a few microseconds otherwise. */
export const check_disk = (path: string, free: (path: string) => number = free_bytes): void => {
  if (free(path) >= RESERVE_BYTES) return
  throw new DiskFull(
    `the disk of ${path} is full: less than ${RESERVE_BYTES >> 20} MiB are free. ` +
      'Nothing acknowledged is lost; free some space and it goes on',
  )
}
