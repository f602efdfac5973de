import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

/** A Lua script, sent whole only when the server does not know it yet. */
export class Script {
  readonly #text: string;
  readonly #sha: string;

  constructor(text: string) {
    this.#text = text;
    this.#sha = createHash('sha1').update(text).digest('hex');
  }

  async run(
    redis: Redis,
    keys: readonly string[],
    values: readonly (string | number)[],
  ): Promise<readonly unknown[]> {
    try {
      return (await redis.evalsha(this.#sha, keys.length, ...keys, ...values)) as unknown[];
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return (await redis.eval(this.#text, keys.length, ...keys, ...values)) as unknown[];
    }
  }
}

const WRITE = `
redis.call('HSET', KEYS[1], 'v', version, 's', state, 'w', wake)
redis.call('PEXPIRE', KEYS[1], ttl)
if state == '' then
  redis.call('ZREM', KEYS[2], code)
else
  redis.call('ZADD', KEYS[2], wake, code)
end
local kept = state == '' and 'null' or state
redis.call('PUBLISH', channel, '{"v":' .. version .. ',"w":' .. wake .. ',"s":' .. kept .. rest)`;

const READ = `redis.call('HGET', KEYS[1], 's') or '', redis.call('HGET', KEYS[1], 'w') or '0'`;

/**
 * Sets a room if its version is still the expected one ('0': there is none), and publishes that. Keys: room, wakes.
 * Values: version, state, wake, ttl, code, channel, expected version, effects. Nothing: done; else the newest version,
 * state and wake.
 */
export const COMMIT = new Script(`
local version, state, wake, ttl, code, channel = unpack(ARGV)
local rest = ',"e":' .. ARGV[8] .. '}'
local there = redis.call('HGET', KEYS[1], 'v') or '0'
if there ~= ARGV[7] then return {there, ${READ}} end
${WRITE}
return {}`);

/**
 * Puts a room back that the store knows no more, or as it was before. Keys and values as above, up to the channel; so is
 * what it returns.
 */
export const RESTORE = new Script(`
local version, state, wake, ttl, code, channel = unpack(ARGV)
local rest = ',"e":[],"j":true}'
local there = redis.call('HGET', KEYS[1], 'v')
if there and tonumber(there) >= tonumber(version) then return {there, ${READ}} end
${WRITE}
return {}`);

/**
 * A sign of life of a relay. Keys: relays, wakes, its rooms. Values: its name, milliseconds after which a relay counts
 * as gone, those after which nobody has moved a room on, those that whoever is given one has for it, prefix and suffix
 * of the keys of claims, and 1 where it takes over from others now; one that was stopped itself does not, since they
 * may have been with it. Returns 1 when others may have taken it for gone;
 * the relays that are gone, and the rooms that nobody moves on, both given to this relay alone for now.
 */
export const BEAT = new Script(`
local name, dead, late, lease, before, behind, takes = unpack(ARGV)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local last = redis.call('ZSCORE', KEYS[1], name)
local missed = (not last or now - tonumber(last) > tonumber(dead)) and 1 or 0
redis.call('ZADD', KEYS[1], now, name)
for _, key in ipairs({KEYS[1], KEYS[3]}) do redis.call('PEXPIRE', key, 86400000) end
if takes ~= '1' or missed == 1 then return {missed, {}, {}} end
local gone = {}
for _, other in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - dead, 'LIMIT', 0, 8)) do
  if redis.call('SET', before .. other .. behind, name, 'NX', 'PX', lease) then table.insert(gone, other) end
end
local rooms = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now - late, 'LIMIT', 0, 50)
for _, code in ipairs(rooms) do redis.call('ZADD', KEYS[2], now - late + lease, code) end
return {missed, gone, rooms}`);
