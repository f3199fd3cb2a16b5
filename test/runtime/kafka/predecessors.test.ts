import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { expect, it, vi } from 'vitest'
import { AssignerProtocol, type Cluster } from '../../../runtime/kafka/kafkajs.ts'
import {
  dead_members,
  is_dead,
  type ProcessName,
  remove_members,
  this_process,
} from '../../../runtime/kafka/predecessors.ts'

const me = this_process as ProcessName

it('a process is dead when its number is nobody any more, or somebody else', async () => {
  expect(is_dead(me)).toBe(false)
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  await once(child, 'spawn')
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'latin1')
  const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] as string
  const theirs = { ...me, pid: child.pid as number, started }
  expect(is_dead(theirs)).toBe(false)
  expect(is_dead({ ...theirs, started: `${Number(started) - 1}` })).toBe(true)
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(is_dead(theirs)).toBe(true)
})

it('a process that has ended and whose end nobody has asked for is dead', async () => {
  const parent = spawn('/bin/sh', ['-c', 'sleep 0.01 & echo $!; exec sleep 60'])
  const [text] = (await once(parent.stdout, 'data')) as [Buffer]
  const pid = Number(text)
  const fields = () => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  }
  const [, started] = [await vi.waitFor(() => expect(fields()[0]).toBe('Z')), fields()[19] as string]
  expect(is_dead({ ...me, pid, started })).toBe(true)
  parent.kill('SIGKILL')
  await once(parent, 'exit')
})

it('of other machines nobody can tell', () => {
  expect(is_dead({ ...me, machine: 'another', started: '1' })).toBe(false)
})

const metadata = (said: unknown) =>
  AssignerProtocol.MemberMetadata.encode({
    version: 1,
    topics: ['touchpoints'],
    userData: Buffer.from(typeof said === 'string' ? said : JSON.stringify(said)),
  })

/** A group whose state is the next of `states` each time it is asked for. */
const cluster_of = (members: Readonly<Record<string, Buffer>>, states = ['Stable']) => {
  const calls: string[] = []
  const coordinator = {
    describeGroups: async ({ groupIds }: { groupIds: string[] }) => {
      const state = states.length > 1 ? states.shift() : states[0]
      calls.push(`${groupIds} ${state}`)
      const all = Object.entries(members).map(([memberId, memberMetadata]) => ({ memberId, memberMetadata }))
      return { groups: [{ state, members: all }] }
    },
    leaveGroup: async ({ memberId }: { memberId: string }) => {
      calls.push(`${memberId} leaves`)
    },
  }
  return { calls, cluster: { findGroupCoordinator: async () => coordinator } as unknown as Cluster }
}

it('members are known by what they said when they joined; what is no such thing is left alone', async () => {
  const gone = { ...me, started: '1' }
  const { cluster } = cluster_of({
    alive: metadata({ holds: [], process: me }),
    dead: metadata({ holds: [1], process: gone }),
    elsewhere: metadata({ process: { ...gone, machine: 'another' } }),
    older: metadata({ holds: [2] }),
    nobody: metadata({ process: null }),
    odd: metadata({ process: { machine: me.machine, pid: -1, started: 1 } }),
    text: metadata('no JSON'),
    'not told while joining': Buffer.alloc(0),
  })
  expect(await dead_members(cluster, 'customer')).toEqual(['dead'])
})

it('they are taken out when somebody has begun to join', async () => {
  const { cluster, calls } = cluster_of({}, ['Stable', 'Stable', 'PreparingRebalance'])
  await remove_members(cluster, 'customer', ['a', 'b'])
  expect(calls).toEqual([
    'customer Stable',
    'customer Stable',
    'customer PreparingRebalance',
    'a leaves',
    'b leaves',
  ])
})
