/**
 * Members of a group whose processes have died on this machine. The broker waits out their sessions before anybody else gets
 * their partitions; a process that is started again knows at once that they are dead, and says so.
 */
import { readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { AssignerProtocol, type Cluster } from './kafkajs.ts'

/** A process as others on its machine can look it up. */
export interface ProcessName {
  /** Boot of the machine and namespace of its process numbers: the same number elsewhere is another process. */
  readonly machine: string
  readonly pid: number
  /** Its start, in the machine's ticks: numbers are given again. */
  readonly started: string
}

/** @returns null where there is no such process */
const started_at = (pid: number | 'self'): string | null => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // Behind the name in parentheses, which may hold anything: fields 3 and 22 of the whole, see proc(5).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // Ended, and nobody has asked how.
    return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null)
  } catch {
    return null
  }
}

const name_of_this = (): ProcessName | null => {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
    const started = started_at('self')
    if (started === null) return null
    return { machine: `${boot} ${readlinkSync('/proc/self/ns/pid')}`, pid: process.pid, started }
  } catch {
    // No Linux: sessions are waited out.
    return null
  }
}
export const this_process = name_of_this()

const parse_name = (metadata: Buffer): ProcessName | null => {
  try {
    const text = AssignerProtocol.MemberMetadata.decode(metadata)?.userData.toString() ?? ''
    const { process: said } = JSON.parse(text) as { process?: Partial<ProcessName> | null }
    const { machine, pid, started } = said ?? {}
    if (typeof machine !== 'string' || typeof pid !== 'number' || typeof started !== 'string') return null
    return Number.isSafeInteger(pid) && pid > 0 ? { machine, pid, started } : null
  } catch {
    return null
  }
}

/** Whether the process ran on this machine and runs no more; false where nobody here can know. */
export const is_dead = ({ machine, pid, started }: ProcessName): boolean =>
  machine === this_process?.machine && started_at(pid) !== started

/** Member ids of the dead. A group tells what its members say of themselves while it is not just being joined. */
export const dead_members = async (cluster: Cluster, group: string): Promise<string[]> => {
  const coordinator = await cluster.findGroupCoordinator({ groupId: group })
  const { groups } = await coordinator.describeGroups({ groupIds: [group] })
  return (groups[0]?.members ?? []).flatMap(({ memberId, memberMetadata }) => {
    const name = parse_name(memberMetadata)
    return name && is_dead(name) ? [memberId] : []
  })
}

const JOIN_SEEN_MS = 50
const JOIN_MAX_MS = 10_000

/**
 * Takes them out of the group once somebody has begun to join it: a group that nobody is left in would wait some seconds for more
 * members before it gives anything to the first.
 */
export const remove_members = async (
  cluster: Cluster,
  group: string,
  members: readonly string[],
): Promise<void> => {
  const coordinator = await cluster.findGroupCoordinator({ groupId: group })
  for (const until = Date.now() + JOIN_MAX_MS; Date.now() < until; await sleep(JOIN_SEEN_MS)) {
    const { groups } = await coordinator.describeGroups({ groupIds: [group] })
    if (groups[0]?.state !== 'Stable') break
  }
  for (const memberId of members) await coordinator.leaveGroup({ groupId: group, memberId })
}
