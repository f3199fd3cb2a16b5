/**
 * Who works which partition. A member gets partition p of all the group's topics or of none, keeps what it
 * has as far as balance allows, and a partition on its way from one member to another belongs to nobody for
 * one round: its owner drains it and joins again, and only then the next owner gets it.
 */
import { AssignerProtocol, type Membership, type MembershipAssigner } from './kafkajs.ts'
import type { ProcessName } from './predecessors.ts'

const NAME = 'co-partitioned-sticky'
const VERSION = 1

/** What a member says of itself when it joins. */
export interface Claim {
  readonly member: string
  /** Generation in which it got what it holds; a higher one is believed against a lower one. */
  readonly generation: number
  /** Running or still draining. */
  readonly holds: readonly number[]
  /** What it must not work, say because newer code wrote the state. Members before this field have none. */
  readonly refuses?: readonly number[]
  /** For those who come after it (predecessors.ts). */
  readonly process?: ProcessName | null
}

/** Partition -> the member that works or drains it now. */
const holders_of = (claims: readonly Claim[], partitions: number): Map<number, string> => {
  const holder = new Map<number, string>()
  for (const claim of claims.toSorted(
    (a, b) => a.generation - b.generation || (a.member < b.member ? -1 : 1),
  ))
    for (const partition of claim.holds)
      if (Number.isInteger(partition) && partition >= 0 && partition < partitions)
        holder.set(partition, claim.member)
  return holder
}

/**
 * Member -> partitions to work; partitions that another member still holds are in none, nor are those that
 * every member refuses. Refusals go before balance.
 */
export const assign_partitions = (claims: readonly Claim[], partitions: number): Map<string, number[]> => {
  const holder = holders_of(claims, partitions)
  const refused = new Map(claims.map(({ member, refuses }) => [member, new Set(refuses)]))
  const held = (member: string) => [...holder.values()].filter(other => other === member).length
  // Those who hold most are allowed the one more that an uneven division leaves, so that the least moves.
  const members = claims.map(({ member }) => member).toSorted((a, b) => held(b) - held(a) || (a < b ? -1 : 1))
  const share = Math.floor(partitions / members.length)
  const larger = partitions % members.length
  const quota = new Map(members.map((member, i) => [member, share + (i < larger ? 1 : 0)]))
  const target = new Map(members.map(member => [member, [] as number[]]))
  const load = (member: string) => target.get(member)?.length ?? 0
  const has_room = (member: string) => load(member) < (quota.get(member) ?? 0)

  let open = Array.from({ length: partitions }, (_, partition) => {
    const willing = members.filter(member => !refused.get(member)?.has(partition))
    return { partition, willing, forced: willing.length === 1 && members.length > 1 }
  })
  const place = (choose: (at: (typeof open)[number]) => string | undefined): void => {
    open = open.filter(at => {
      const mine = target.get(choose(at) ?? '')
      mine?.push(at.partition)
      return mine === undefined
    })
  }
  place(({ willing, forced }) => (forced ? willing[0] : undefined))
  place(({ partition, willing }) =>
    willing.find(member => holder.get(partition) === member && has_room(member)),
  )
  place(({ willing }) => willing.find(has_room) ?? willing.toSorted((a, b) => load(a) - load(b))[0])
  for (const [member, mine] of target)
    target.set(
      member,
      mine.filter(partition => (holder.get(partition) ?? member) === member).toSorted((a, b) => a - b),
    )
  return target
}

/** Partitions that no member is willing to work. */
export const refused_by_all = (claims: readonly Claim[], partitions: number): number[] =>
  Array.from({ length: partitions }, (_, partition) => partition).filter(
    partition => claims.length > 0 && claims.every(({ refuses }) => refuses?.includes(partition)),
  )

const numbers = (value: unknown): number[] =>
  Array.isArray(value) ? value.filter(at => typeof at === 'number') : []

export const parse_claim = (member: string, metadata: Buffer): Claim => {
  const nothing = { member, generation: -1, holds: [], refuses: [] }
  const text = AssignerProtocol.MemberMetadata.decode(metadata)?.userData.toString() ?? ''
  if (text === '') return nothing
  const said = JSON.parse(text) as { generation?: unknown; holds?: unknown; refuses?: unknown }
  const refuses = numbers(said.refuses)
  if (typeof said.generation !== 'number' || !Array.isArray(said.holds)) return { ...nothing, refuses }
  return { member, generation: said.generation, holds: numbers(said.holds), refuses }
}

/**
 * kafkajs's assigner of one member.
 * @param counts partition count of each of the group's topics
 * @param claim what this member holds and refuses now; asked at every join
 * @param stranded told, by the member that assigns, which partitions nobody is willing to work
 */
export const member_assigner = (
  counts: ReadonlyMap<string, number>,
  partitions: number,
  membership: Membership,
  claim: () => Omit<Claim, 'member'>,
  stranded: (partitions: readonly number[]) => void,
): MembershipAssigner => ({
  name: NAME,
  version: VERSION,
  membership,
  protocol: ({ topics }) => ({
    name: NAME,
    metadata: AssignerProtocol.MemberMetadata.encode({
      version: VERSION,
      topics,
      userData: Buffer.from(JSON.stringify(claim())),
    }),
  }),
  assign: async ({ members }) => {
    const claims = members.map(({ memberId, memberMetadata }) => parse_claim(memberId, memberMetadata))
    stranded(refused_by_all(claims, partitions))
    return [...assign_partitions(claims, partitions)].map(([member, mine]) => ({
      memberId: member,
      memberAssignment: AssignerProtocol.MemberAssignment.encode({
        version: VERSION,
        assignment: Object.fromEntries(
          [...counts].map(([topic, count]) => [topic, mine.filter(partition => partition < count)]),
        ),
        userData: Buffer.alloc(0),
      }),
    }))
  },
})
