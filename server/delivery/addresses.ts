/**
 * Where requests may go. Tenants name the addresses and this process stands inside a network: link-local addresses, where clouds
 * keep credentials, are never asked; this machine and private networks only where the installation allows it. Asked of what a
 * name resolves to when it is connected to, so that a name cannot say one thing first and another then.
 */
import { lookup as resolve } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'

const never = new BlockList()
never.addSubnet('169.254.0.0', 16)
never.addSubnet('fe80::', 10, 'ipv6')
const near = new BlockList()
for (const [net, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  near.addSubnet(net, prefix)
near.addSubnet('::', 127, 'ipv6')
near.addSubnet('fc00::', 7, 'ipv6')

/** Why the address is not connected to; null where it may be. */
export const address_problem = (address: string, private_allowed: boolean): string | null => {
  // An IPv4 address within an IPv6 one is what it is.
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address
  const family = isIP(mapped) === 6 ? 'ipv6' : 'ipv4'
  if (never.check(mapped, family)) return `${address} is link-local`
  return !private_allowed && near.check(mapped, family) ? `${address} is not public` : null
}

/** Why a host that is an address itself is not connected to; names are looked at when they are resolved. */
export const host_problem = (hostname: string, private_allowed: boolean): string | null => {
  const bare = hostname.replace(/^\[|\]$/g, '')
  return isIP(bare) ? address_problem(bare, private_allowed) : null
}

export const guarded_lookup =
  (private_allowed: boolean): LookupFunction =>
  (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 0)
      const good = addresses.filter(({ address }) => address_problem(address, private_allowed) === null)
      const [first] = good
      if (!first) {
        const problem = address_problem(addresses[0]?.address ?? '', private_allowed)
        return callback(new Error(`${hostname}: ${problem ?? 'no address'}`), '', 0)
      }
      if (options.all) callback(null, good)
      else callback(null, first.address, first.family)
    })
  }
