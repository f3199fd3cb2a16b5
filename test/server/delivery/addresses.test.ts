import { expect, test } from 'vitest'
import { address_problem, guarded_lookup, host_problem } from '../../../server/delivery/addresses.ts'

test('link-local addresses are never asked, however they are written', () => {
  for (const address of ['169.254.169.254', 'fe80::1', '::ffff:169.254.169.254'])
    expect(address_problem(address, true)).toContain('link-local')
})

test('this machine and private networks where it is allowed', () => {
  for (const address of ['127.0.0.1', '10.1.2.3', '172.20.0.1', '192.168.1.1', '0.0.0.0', '::1', 'fd00::1']) {
    expect(address_problem(address, true)).toBeNull()
    expect(address_problem(address, false)).toContain('is not public')
  }
  for (const address of ['93.184.216.34', '2606:2800:220:1::1'])
    expect(address_problem(address, false)).toBeNull()
})

test('a host that is an address is looked at at once, a name when it is resolved', async () => {
  expect(host_problem('[::1]', false)).toContain('is not public')
  expect(host_problem('127.0.0.1', false)).toContain('is not public')
  expect(host_problem('localhost', false)).toBeNull()
  const resolved = (allowed: boolean, all: boolean) =>
    new Promise(resolve => {
      guarded_lookup(allowed)('localhost', { all }, (error, address) => resolve(error?.message ?? address))
    })
  expect(await resolved(false, false)).toMatch(/localhost: .* is not public/)
  expect(await resolved(true, false)).toMatch(/^(127\.0\.0\.1|::1)$/)
  expect(await resolved(true, true)).toContainEqual(expect.objectContaining({ address: expect.any(String) }))
})
