/** Two relay processes and a real redis-server. */
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { describe, it, type TestContext } from 'vitest';
import { Keys } from '../../../../../plugins/watch-together/relay/src/redis/keys.ts';
import { BEAT } from '../../../../../plugins/watch-together/relay/src/redis/script.ts';
import type {
  ClientMessages,
  ServerMessages,
} from '../../../../../plugins/watch-together/src/protocol/index.ts';
import { needs } from '../../../../support/system.ts';
import { Peer } from '../peer.ts';
import { RedisServer, RelayProcess } from './servers.ts';

const QUEUE = [{ id: 'film', media: { duration: 6000 } }];

describe.skipIf(needs('redis-server')).concurrent('two relays', () => {
  /** A test's own, ended with it. */
  function owner({ onTestFinished }: TestContext): <T extends AsyncDisposable>(made: T) => T {
    return (made) => {
      onTestFinished(() => made[Symbol.asyncDispose]());
      return made;
    };
  }

  async function two(context: TestContext, ...more: readonly string[]) {
    const own = owner(context);
    const redis = own(await RedisServer.start());
    const limits = ['--connections-per-address', '0', '--rooms-per-address', '0'];
    const argv = ['--redis', redis.url, ...limits, ...more];
    const both = await Promise.all([RelayProcess.start(...argv), RelayProcess.start(...argv)]);
    const [first, second] = [own(both[0]), own(both[1])];
    for (const { url } of [first, second]) context.expect(url).toMatch(/^http:/);
    const greet = async ({ url }: RelayProcess): Promise<Peer> => own(await Peer.greet(url));
    return { redis, first, second, greet };
  }

  const resume = ({ room, participant, token }: ServerMessages['joined']): ClientMessages['resume'] => ({
    type: 'resume',
    id: 1,
    code: room.code,
    participant,
    token,
  });

  const seqs = (peer: Peer): readonly number[] =>
    peer.heard.flatMap((message) => (message.type === 'timeline' ? [message.timeline.seq] : []));

  /** The relay's clock less ours, by the fastest of some exchanges. */
  async function offset(peer: Peer): Promise<number> {
    let best = { trip: Number.POSITIVE_INFINITY, offset: 0 };
    for (let turn = 0; turn < 15; turn += 1) {
      const t1 = performance.now();
      peer.send({ type: 'time', t1 });
      const { t2, t3 } = await peer.next('time');
      const t4 = performance.now();
      const trip = t4 - t1 - (t3 - t2);
      if (trip < best.trip) best = { trip, offset: (t2 - t1 + t3 - t4) / 2 };
    }
    return best.offset;
  }

  it('serve one room with one clock, and commands of both in one order', async (context) => {
    const { expect } = context;
    const { first, second, greet } = await two(context);
    const [ann, bob] = [await greet(first), await greet(second)];
    const { room } = await ann.create({ queue: QUEUE });
    const { participant } = await bob.join(room.code);
    expect((await ann.next('participant')).participant).toMatchObject({ id: participant, connected: true });
    expect(Math.abs((await offset(ann)) - (await offset(bob)))).toBeLessThan(5);

    ann.send({ type: 'start', id: 2, force: true });
    const started = await bob.next('timeline');
    expect(await ann.next('timeline')).toEqual(started);
    for (let turn = 0; turn < 30; turn += 1)
      for (const [index, peer] of [ann, bob].entries())
        peer.send({ type: 'seek', id: 10 + turn, position: turn * 2 + index });
    for (let turn = 0; turn < 30; turn += 1) {
      expect((await ann.next('ok')).id).toBe(turn === 0 ? 2 : 9 + turn);
      await bob.next('ok');
    }
    bob.send({ type: 'chat', id: 90, text: 'here' });
    for (const peer of [ann, bob]) expect((await peer.next('chat')).text).toBe('here');
    // Nobody misses one, hears one twice, or in another order.
    expect(seqs(ann)).toEqual(Array.from({ length: 61 }, (_, index) => index + 1));
    expect(seqs(bob)).toEqual(seqs(ann));
    expect(ann.heard.filter(({ type }) => type === 'error')).toEqual([]);

    first.child.kill('SIGTERM');
    expect(await once(first.child, 'close')).toEqual([0, null]);
    expect((await bob.next('participant')).participant).toMatchObject({ id: 'p1', connected: false });
  });

  it('one is killed: its members have their seats at the other, and who stays away loses it in time', async (context) => {
    const { expect } = context;
    const { first, second, greet } = await two(context, '--seat-kept', '1');
    const [ann, bob, carol] = [await greet(first), await greet(second), await greet(first)];
    const joined = await ann.create({ queue: QUEUE });
    await bob.join(joined.room.code);
    const { participant } = await carol.join(joined.room.code);
    const alone = await greet(first);
    const other = await alone.create({ queue: QUEUE });
    ann.send({ type: 'start', id: 2, position: 100, force: true });
    const { timeline } = await bob.next('timeline');
    const killed = performance.now();
    await first.kill();
    const again = await greet(second);
    again.send(resume(joined));
    const back = await again.next('joined');
    const third = await greet(second);
    third.send(resume(other));
    expect((await third.next('joined')).room.queue.items).toEqual(QUEUE);
    expect(performance.now() - killed).toBeLessThan(3000);
    expect(back).toMatchObject({ participant: 'p1', room: { host: 'p1', timeline } });
    again.send({ type: 'pause', id: 3 });
    expect((await bob.next('timeline')).cause).toEqual({ kind: 'pause', by: 'p1' });
    expect(await bob.next('left')).toMatchObject({ participant, reason: 'gone' });
  });

  it('Redis ends and begins anew, empty: members are told, and go on in the same rooms', async (context) => {
    const { expect } = context;
    const { redis, first, second, greet } = await two(context);
    const [ann, bob] = [await greet(first), await greet(second)];
    const { room } = await ann.create({ queue: QUEUE });
    const { participant } = await bob.join(room.code);
    ann.send({ type: 'start', id: 2, position: 100, force: true });
    await ann.next('ok');
    const { timeline } = await bob.next('timeline');
    await redis.kill();
    bob.send({ type: 'pause', id: 3 });
    expect(await bob.next('error')).toMatchObject({ code: 'RELAY_STORE' });
    expect(await ann.next('error')).toMatchObject({ code: 'RELAY_STORE', retryAfter: 2000 });
    await redis.begin();
    await expect
      .poll(() => [first, second].map(({ log }) => log.join()), { timeout: 4000 })
      .toEqual([expect.stringContaining('store back'), expect.stringContaining('store back')]);
    bob.send({ type: 'pause', id: 4 });
    expect((await ann.next('timeline')).timeline.seq).toBe(1);
    expect((await ann.next('timeline')).timeline).toMatchObject({
      seq: timeline.seq + 1,
      phase: 'paused',
    });
    const carol = await greet(first);
    const { room: seen } = await carol.join(room.code);
    expect(seen.participants.map(({ id, connected }) => [id, connected])).toEqual([
      ['p1', true],
      [participant, true],
      ['p3', true],
    ]);
  });
});

describe.skipIf(needs('redis-server')).concurrent('relays that stood still', () => {
  it('take nothing over from each other before they have told that they live', async ({ expect }) => {
    await using server = await RedisServer.start();
    const redis = new Redis(server.url);
    try {
      const keys = new Keys('test:');
      const beat = (name: string): Promise<readonly unknown[]> =>
        BEAT.run(
          redis,
          [keys.relays, keys.wakes, keys.roomsOf(name)],
          [name, 5000, 1500, 10_000, 'claim:', '', 1],
        );
      await redis.zadd(keys.relays, 1000, 'first', 1000, 'second');
      expect(await beat('first')).toEqual([1, [], []]);
      expect(await beat('second')).toEqual([1, [], []]);
      await redis.zadd(keys.relays, 1000, 'second');
      expect(await beat('first')).toEqual([0, ['second'], []]);
    } finally {
      redis.disconnect();
    }
  });

  it('let a member in again whose seat was given up with them', async ({ expect }) => {
    await using server = await RedisServer.start();
    await using relay = await RelayProcess.start('--redis', server.url);
    await using ann = await Peer.greet(relay.url);
    const { room, participant, token } = await ann.create({ queue: QUEUE });
    const redis = new Redis(server.url);
    try {
      const key = new Keys('kinoport:').room(room.code);
      const state = JSON.parse((await redis.hget(key, 's')) ?? '') as { seats: { connection: unknown }[] };
      for (const seat of state.seats) seat.connection = null;
      await redis.multi().hset(key, 's', JSON.stringify(state)).hincrby(key, 'v', 1).exec();
    } finally {
      redis.disconnect();
    }
    ann.send({ type: 'chat', id: 2, text: 'here' });
    expect(await ann.next('error')).toMatchObject({ id: 2, code: 'RELAY_STORE' });
    expect(await ann.next('goodbye')).toMatchObject({ reason: 'draining', retryAfter: 0 });
    expect((await ann.closed).code).toBe(1012);
    await using again = await Peer.greet(relay.url);
    again.send({ type: 'resume', id: 1, code: room.code, participant, token });
    expect((await again.next('joined')).participant).toBe(participant);
  });
});

describe.skipIf(needs('redis-server')).concurrent('a relay', () => {
  it('tells what is wrong when Redis does not let it in, and never the password', async ({ expect }) => {
    await using redis = await RedisServer.start('--requirepass', 'secret');
    const [wrong, right] = ['wrong-one', 'secret'].map((password) =>
      RelayProcess.within({ KINOPORT_RELAY_REDIS_PASSWORD: password }, '--redis', redis.url),
    );
    await using refused = await wrong;
    await using relay = await right;
    const log = refused?.log.join('\n');
    expect(log).toMatch(/Redis cannot be reached: .*(WRONGPASS|NOAUTH).*\(RELAY_START_FAILED\)/s);
    expect(log).not.toContain('wrong-one');
    expect(relay?.url).toMatch(/^http:/);
  });
});
