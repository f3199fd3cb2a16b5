/** Keys and partitions: against the vectors of Apache Kafka's own tests, and the rules of schemas/topics.ts. */
import { describe, expect, it } from 'vitest'
import { key_of, murmur2, partition_of, tenant_of } from '../../runtime/keys.ts'

describe('murmur2', () => {
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('of %s is what Kafka computes', (text, hash) => {
    expect(murmur2(Buffer.from(text))).toBe(hash)
  })

  it('gives the partition as Kafka does: sign bit cleared, then modulo', () => {
    expect(partition_of(Buffer.from('21'), 8)).toBe((-973932308 & 0x7fffffff) % 8)
    const used = new Set(Array.from({ length: 200 }, (_, i) => partition_of(Buffer.from(`acme|c${i}`), 8)))
    expect([...used].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  })
})

describe('key_of', () => {
  it('keys customers, anonymous visitors, tenants and catalog entries', () => {
    const by_customer = { keyed_by: 'customer' }
    expect(key_of(by_customer, { tenant_id: 'acme', customer_id: 'c1', anonymous_id: 'a1' })).toBe('acme|c1')
    expect(key_of(by_customer, { tenant_id: 'acme', customer_id: null, anonymous_id: 'a1' })).toBe('acme|~a1')
    expect(key_of({ keyed_by: 'tenant' }, { tenant_id: 'acme' })).toBe('acme')
    const entry = { tenant_id: '*', kind: 'products', id: 'p|1', effective_at: 5, revision: 2 }
    expect(key_of({ keyed_by: 'catalog' }, entry)).toBe('products|p|1|5|2')
    expect(key_of({ keyed_by: 'catalog' }, { ...entry, effective_at: 0, revision: undefined })).toBe(
      'products|p|1|0|0',
    )
  })

  it('names what is missing', () => {
    expect(() => key_of({ keyed_by: 'customer' }, { tenant_id: 'acme' })).toThrow(
      'customer_id or anonymous_id',
    )
    expect(() => key_of({ keyed_by: 'tenant' }, { tenant_id: '' })).toThrow('tenant_id is required')
    expect(() => key_of({ keyed_by: 'catalog' }, { kind: 'x', id: 'y' })).toThrow('effective_at is required')
    expect(() => key_of({ keyed_by: 'shoe_size' }, { tenant_id: 'acme' })).toThrow('shoe_size')
  })

  it('finds the tenant of a key', () => {
    expect(tenant_of('acme|c|1')).toBe('acme')
    expect(tenant_of('acme')).toBe('acme')
  })
})
