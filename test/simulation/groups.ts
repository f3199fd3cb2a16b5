/**
 * Simulated consumer groups: who owns which task, rebalances, graceful revocation (signal, drain, drop) and
 * its opposite: a former owner that has not heard of it and goes on while the next one starts.
 */
import { type Group, TaskRefused } from '../../runtime/ports.ts'
import { type Counters, count, type Process } from './process.ts'
import type { Scheduler } from './scheduler.ts'

export interface Assignment {
  readonly signal: AbortSignal
  /** As the coordinator sees it, which the holder may not know yet. */
  holds(): boolean
}

interface Held {
  readonly controller: AbortController
  readonly member: Member
  ended: boolean
}

interface Member {
  readonly process: Process
  readonly start: (partition: number, assignment: Assignment) => { work(): Promise<void>; drop(): void }
  /** Partitions it must not work, as it said itself. */
  readonly refused: Set<number>
  leaving: boolean
  running: number
  on_idle: (() => void) | null
  fail: (error: unknown) => void
}

interface Coordinated {
  readonly group: Group
  readonly members: Member[]
  /** What the coordinator decided. */
  readonly target: Map<number, Member>
  /** Who holds, or held until the coordinator gave up on it. */
  readonly held: Map<number, Held>
}

/**
 * How long the coordinator puts up with silence, and how often an owner is passed over without being told.
 */
export interface GroupFaults {
  session_timeout_ms: number
  drain_timeout_ms: number
  zombie: number
}

export interface Groups {
  join(
    process: Process,
    group: Group,
    signal: AbortSignal,
    start: (partition: number, assignment: Assignment) => { work(): Promise<void>; drop(): void },
  ): Promise<void>
  /** The coordinator has missed heartbeats of a dead or paused process. */
  missed(process: Process): void
  /** A member that was given up has come back. */
  returned(process: Process): void
  /** Moves some tasks for no reason. */
  shuffle(): void
  /** No task is without a living owner. */
  settled(): boolean
  /** Once the run is over: signals nobody aborts are kept by Node as long as anybody listens, and the run with them. */
  dispose(): void
}

export const create_groups = (scheduler: Scheduler, counters: Counters, faults: GroupFaults): Groups => {
  const { random } = scheduler
  const groups = new Map<string, Coordinated>()
  const controllers: AbortController[] = []

  const live = (at: Coordinated) => at.members.filter(member => member.process.alive && !member.leaving)

  /** Sticky and balanced; `restless` moves tasks although nothing asks for it. */
  const assign = (at: Coordinated, restless: boolean, silent: Process | null) => {
    const members = live(at).filter(member => member.process !== silent)
    for (const [partition, member] of at.target) if (!members.includes(member)) at.target.delete(partition)
    if (members.length === 0) return
    const load = (member: Member) => [...at.target.values()].filter(owner => owner === member).length
    const least = (willing: readonly Member[]) =>
      willing.reduce((best, member) => (load(member) < load(best) ? member : best))
    for (let partition = 0; partition < at.group.partitions; partition++) {
      const willing = members.filter(member => !member.refused.has(partition))
      if (at.target.get(partition)?.refused.has(partition)) at.target.delete(partition)
      if (willing.length === 0) continue
      if (restless && random.chance(0.5)) at.target.set(partition, random.pick(willing))
      if (!at.target.has(partition)) at.target.set(partition, least(willing))
    }
    for (const [partition, member] of at.target) {
      const idlest = least(members.filter(other => !other.refused.has(partition)))
      if (load(member) > load(idlest) + 1) at.target.set(partition, idlest)
    }
  }

  const begin = (at: Coordinated, partition: number, member: Member) => {
    const controller = new AbortController()
    controllers.push(controller)
    const held: Held = { controller, member, ended: false }
    at.held.set(partition, held)
    const holds = () => at.held.get(partition) === held
    member.process.later(
      random.between(0, 10),
      `${member.process.name} is given ${at.group.name}.${partition}`,
      () => {
        if (controller.signal.aborted || member.leaving) {
          held.ended = true
          return apply(at)
        }
        const task = member.start(partition, { signal: controller.signal, holds })
        member.running++
        count(counters, 'task started')
        const end = (refused: boolean) => {
          held.ended = true
          member.running--
          task.drop()
          if (!refused && !controller.signal.aborted && member.process.alive)
            member.fail(new Error(`${at.group.name}.${partition}: the work ended by itself`))
          if (member.running === 0) member.on_idle?.()
          if (holds())
            scheduler.after(random.between(0, 5), `${at.group.name}.${partition} is free`, () => apply(at))
        }
        task.work().then(
          () => end(false),
          error => {
            const refused = error instanceof TaskRefused
            if (refused) {
              count(counters, 'task refused')
              member.refused.add(partition)
              if (at.target.get(partition) === member) at.target.delete(partition)
              scheduler.after(random.between(1, 10), `${member.process.name} says what it refuses`, () =>
                rebalance(at, false),
              )
            } else if (member.process.alive) member.fail(error)
            end(refused)
          },
        )
      },
    )
  }

  const revoke = (at: Coordinated, partition: number, held: Held) => {
    const name = `${at.group.name}.${partition}`
    const { process } = held.member
    const zombie = random.chance(faults.zombie)
    process.later(
      zombie ? random.between(20, 500) : random.between(0, 5),
      `${process.name} loses ${name}`,
      () => held.controller.abort(),
    )
    if (zombie) count(counters, 'zombie')
    const patience = zombie || !process.alive ? random.between(0, 20) : faults.drain_timeout_ms
    scheduler.after(patience, `${name} is taken from ${process.name}`, () => {
      if (at.held.get(partition) !== held) return
      if (process.alive && !held.ended) count(counters, 'taken from a running owner')
      at.held.delete(partition)
      apply(at)
    })
  }

  /** Brings what is held towards the target. */
  const revoking = new WeakSet<Held>()
  const apply = (at: Coordinated) => {
    for (const [partition, held] of at.held) if (held.ended) at.held.delete(partition)
    for (let partition = 0; partition < at.group.partitions; partition++) {
      const member = at.target.get(partition)
      const held = at.held.get(partition)
      if (held && held.member !== member && !revoking.has(held)) {
        revoking.add(held)
        revoke(at, partition, held)
      }
      if (!held && member) begin(at, partition, member)
    }
  }
  const rebalance = (at: Coordinated, restless: boolean, silent: Process | null = null) => {
    count(counters, 'rebalance')
    assign(at, restless, silent)
    apply(at)
  }

  return {
    join(process, group, signal, start) {
      const at: Coordinated = groups.get(group.name) ?? {
        group,
        members: [],
        target: new Map(),
        held: new Map(),
      }
      groups.set(group.name, at)
      return new Promise<void>((resolve, reject) => {
        const member: Member = {
          process,
          start,
          refused: new Set(),
          leaving: false,
          running: 0,
          on_idle: null,
          fail: reject,
        }
        process.later(random.between(0, 20), `${process.name} joins ${group.name}`, () => {
          if (signal.aborted) return resolve()
          at.members.push(member)
          rebalance(at, random.chance(0.3))
        })
        const leave = () => {
          member.leaving = true
          const gone = () => process.later(0, `${process.name} has left ${group.name}`, resolve)
          member.on_idle = gone
          for (const held of at.held.values()) if (held.member === member) held.controller.abort()
          if (member.running === 0) gone()
          scheduler.after(1, `${process.name} leaves ${group.name}`, () => rebalance(at, false))
        }
        if (signal.aborted) leave()
        else signal.addEventListener('abort', leave, { once: true })
      })
    },
    missed(process) {
      for (const at of groups.values())
        if (at.members.some(member => member.process === process)) rebalance(at, false, process)
    },
    returned(process) {
      for (const at of groups.values())
        if (at.members.some(member => member.process === process)) rebalance(at, false)
    },
    shuffle() {
      for (const at of groups.values()) rebalance(at, true)
    },
    settled: () =>
      [...groups.values()].every(at =>
        [...at.target.keys()].every(partition => at.held.get(partition)?.member.process.alive === true),
      ),
    dispose() {
      for (const controller of controllers) controller.abort()
    },
  }
}
