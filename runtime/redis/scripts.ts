/**
 * The Lua scripts of the Redis StateStore. All keys a script touches are declared and carry the task's hash tag, so
 * that they lie in one Cluster slot. Layout per task, T = `{app.group.partition}`:
 *   T:h        hash: seq, digest, nonce, header (JSON), and dirty while a save is under way
 *   T:k        set of the entity keys that have fields
 *   T:e:<key>  hash: field -> bytes
 * The first line makes Redis refuse a script that would exceed its memory limit before it has written anything.
 */
import { createHash } from 'node:crypto'

export interface Script {
  readonly text: string
  readonly sha: string
}
const script = (text: string): Script => ({
  text,
  sha: createHash('sha1').update(text).digest('hex'),
})

/** Values that fit on Lua's stack with room to spare: unpack() of more is an error. */
const UNPACK = 1000

/**
 * One part of a save (usually the only one). A script is atomic but not rolled back when it fails midway: so everything is
 * checked first, `dirty` names the target before the first write, and goes with the new header after the last.
 *
 * KEYS: T:h, T:k, then one per entity. ARGV: from ('' for none), seq, digest, nonce, header, '1' if this is the first part,
 * '1' if it is the last, length of an entity key's prefix, then per entity: fields set, fields deleted, each field set
 * with its value, each field deleted.
 */
export const save_script = script(`#!lua
local from, seq, digest, nonce, header = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local first, last, prefix = ARGV[6] == '1', ARGV[7] == '1', tonumber(ARGV[8])
local target = seq .. ' ' .. digest .. ' ' .. nonce
local stands = redis.call('HMGET', KEYS[1], 'seq', 'digest', 'nonce', 'dirty')
if stands[4] then
  if stands[4] ~= target then return 'conflict' end
else
  if stands[1] and stands[1] .. ' ' .. stands[2] .. ' ' .. stands[3] == target then return 'already_saved' end
  if not first or (stands[1] or '') ~= from then return 'conflict' end
end

redis.call('SCARD', KEYS[2])
local at = 9
for i = 3, #KEYS do
  local sets, deletes = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  if not sets or not deletes then return redis.error_reply('ERR malformed save') end
  at = at + 2 + 2 * sets + deletes
end
if at ~= #ARGV + 1 then return redis.error_reply('ERR malformed save') end

redis.call('HSET', KEYS[1], 'dirty', target)
local function each(command, key, from_arg, to_arg)
  local changed = 0
  for start = from_arg, to_arg, ${UNPACK} do
    changed = changed + redis.call(command, key, unpack(ARGV, start, math.min(start + ${UNPACK - 1}, to_arg)))
  end
  return changed
end
at = 9
for i = 3, #KEYS do
  local sets, deletes = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  local deletes_at = at + 2 + 2 * sets
  -- Fields that were there already are of an entity that is in the set already.
  if each('HSET', KEYS[i], at + 2, deletes_at - 1) > 0 then
    redis.call('SADD', KEYS[2], string.sub(KEYS[i], prefix + 1))
  end
  if each('HDEL', KEYS[i], deletes_at, deletes_at + deletes - 1) > 0 and redis.call('EXISTS', KEYS[i]) == 0 then
    redis.call('SREM', KEYS[2], string.sub(KEYS[i], prefix + 1))
  end
  at = deletes_at + deletes
end

if last then
  redis.call('HSET', KEYS[1], 'seq', seq, 'digest', digest, 'nonce', nonce, 'header', header)
  redis.call('HDEL', KEYS[1], 'dirty')
end
return 'saved'
`)

/**
 * All fields of each entity: ['ok', [field, value, …], …], or ['other'] when none of ARGV stands in the header, or ['dirty'].
 * A save in parts under way is no obstacle to whoever accepts its target too. KEYS: T:h, then one per entity.
 * ARGV: accepted checkpoints, as seq (0: none) or as target `seq digest nonce`; or '*' alone for whatever stands there.
 */
export const load_script = script(`#!lua flags=no-writes
if ARGV[1] ~= '*' then
  local stands = redis.call('HMGET', KEYS[1], 'seq', 'digest', 'nonce', 'dirty')
  local seq = stands[1] or '0'
  local target = stands[1] and seq .. ' ' .. stands[2] .. ' ' .. stands[3]
  local accepted, dirty_accepted = false, not stands[4]
  for i = 1, #ARGV do
    if ARGV[i] == seq or ARGV[i] == target then accepted = true end
    if stands[4] and (ARGV[i] == stands[4] or ARGV[i] == string.match(stands[4], '^%d+')) then dirty_accepted = true end
  end
  if not dirty_accepted then return {'dirty'} end
  if not accepted then return {'other'} end
end
local reply = {'ok'}
for i = 2, #KEYS do reply[i] = redis.call('HGETALL', KEYS[i]) end
return reply
`)

/**
 * Removes some entities of a checkpoint that is being wiped; the mark stays until the last call has removed the header, so
 * that a wipe cut short is seen. Allowed when memory is short: it gives some back. KEYS: T:h, T:k, then one per entity. ARGV: length of an entity key's prefix.
 */
export const wipe_script = script(`#!lua flags=allow-oom
if #KEYS == 2 then
  redis.call('DEL', KEYS[1], KEYS[2])
  return 'wiped'
end
redis.call('HSET', KEYS[1], 'dirty', 'wipe')
for i = 3, #KEYS do
  redis.call('UNLINK', KEYS[i])
  redis.call('SREM', KEYS[2], string.sub(KEYS[i], tonumber(ARGV[1]) + 1))
end
return 'wiping'
`)
