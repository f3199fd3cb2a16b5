/**
 * Who works which partition. A member gets partition p of all the group's topics or of none, keeps what it
 * has as far as balance allows, and a partition on its way from one member to another belongs to nobody for
 * one round: its owner drains it and joins again, and only then the next owner gets it.
 */
import { AssignerProtocol, type Membership, type MembershipAssigner } from './kafkajs.ts'

const NAME = 'co-partitioned-sticky'
const VERSION = 1

/** What a member says of itself when it joins. */
export interface Claim {
  readonly member: string
  /** Generation in which it got what it holds; a higher one is believed against a lower one. */
  readonly generation: number
  /** Running or still draining. */
  readonly holds: readonly number[]
}

/** Member -> partitions to work; partitions that another member still holds are in none. */
export const assign_partitions = (claims: readonly Claim[], partitions: number): Map<string, number[]> => {
  const holder = new Map<number, string>()
  for (const claim of claims.toSorted(
    (a, b) => a.generation - b.generation || (a.member < b.member ? -1 : 1),
  ))
    for (const partition of claim.holds)
      if (Number.isInteger(partition) && partition >= 0 && partition < partitions)
        holder.set(partition, claim.member)
  const held = new Map(claims.map(({ member }) => [member, [] as number[]]))
  for (const [partition, member] of [...holder].toSorted((a, b) => a[0] - b[0]))
    held.get(member)?.push(partition)
  // Those who hold most are allowed the one more that an uneven division leaves, so that the least moves.
  const members = [...held.keys()].toSorted(
    (a, b) => (held.get(b)?.length ?? 0) - (held.get(a)?.length ?? 0) || (a < b ? -1 : 1),
  )
  const share = Math.floor(partitions / members.length)
  const larger = partitions % members.length
  const target = new Map<string, number[]>()
  const free = new Set(Array.from({ length: partitions }, (_, partition) => partition))
  for (const [i, member] of members.entries()) {
    const kept = (held.get(member) ?? []).slice(0, share + (i < larger ? 1 : 0))
    for (const partition of kept) free.delete(partition)
    target.set(member, kept)
  }
  const waiting = [...free]
  for (const [i, member] of members.entries()) {
    const mine = target.get(member) ?? []
    while (mine.length < share + (i < larger ? 1 : 0)) mine.push(waiting.shift() ?? -1)
    const ready = mine.filter(partition => partition >= 0 && (holder.get(partition) ?? member) === member)
    target.set(
      member,
      ready.toSorted((a, b) => a - b),
    )
  }
  return target
}

const parse_claim = (member: string, metadata: Buffer): Claim => {
  const nothing = { member, generation: -1, holds: [] }
  const text = AssignerProtocol.MemberMetadata.decode(metadata)?.userData.toString() ?? ''
  if (text === '') return nothing
  const said = JSON.parse(text) as { generation?: unknown; holds?: unknown }
  if (typeof said.generation !== 'number' || !Array.isArray(said.holds)) return nothing
  return { member, generation: said.generation, holds: said.holds.filter(at => typeof at === 'number') }
}

/**
 * kafkajs's assigner of one member.
 * @param counts partition count of each of the group's topics
 * @param claim what this member holds now; asked at every join
 */
export const member_assigner = (
  counts: ReadonlyMap<string, number>,
  partitions: number,
  membership: Membership,
  claim: () => Omit<Claim, 'member'>,
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
