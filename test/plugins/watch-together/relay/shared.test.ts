/** Rooms that several processes serve, through a store that only keeps JSON. */
import { describe, expect, it } from 'vitest';
import { disown, step } from '../../../../plugins/watch-together/relay/src/room/room.ts';
import { DEFAULT_POLICY } from '../../../../plugins/watch-together/relay/src/room/state.ts';
import { CLOSE } from '../../../../plugins/watch-together/src/protocol/index.ts';
import { Random } from '../../../support/random.ts';
import { Shared, SharedStore } from './sharedStore.ts';
import { type Ask, Guest, settled, Table } from './table.ts';

function two(): readonly [Table, Table, Shared] {
  const shared = new Shared();
  const first = new Table({ relay: 'a', store: (clock) => new SharedStore(shared, clock) });
  const second = new Table({
    relay: 'b',
    clock: first.clock,
    store: (clock) => new SharedStore(shared, clock),
  });
  return [first, second, shared];
}

describe('two processes', () => {
  it('serve one room', async () => {
    const [first, second] = two();
    const ann = await first.host();
    second.code = first.code;
    const bob = await second.join();
    expect(ann.last('participant').participant.name).toBe('Bob');
    await bob.ask({ type: 'ready', ready: true });
    await ann.ask({ type: 'start', force: true });
    expect(bob.timeline).toEqual(ann.timeline);
    expect(bob.member.timelineSeq).toBe(1);
    await bob.ask({ type: 'chat', text: 'hello' });
    expect(ann.last('chat').text).toBe('hello');
    await bob.status({ drift: 3 });
    await first.pass(5000);
    expect(ann.last('status').members).toEqual([
      { participant: 'p2', status: { buffering: false, drift: 3 } },
    ]);
  });

  it('a seat is taken again at the other one, which takes it from the first', async () => {
    const [first, second] = two();
    const ann = await first.host();
    second.code = first.code;
    const again = await second.resume(ann);
    expect(ann.closed?.code).toBe(CLOSE.REPLACED);
    expect(again.id).toBe('p1');
    await again.ask({ type: 'start', force: true });
  });

  it('time moves a room on once, whichever of them notices', async () => {
    const [first, second, shared] = two();
    const ann = await first.host({ settings: { buffering: 'grace' } });
    second.code = first.code;
    const bob = await second.join();
    await ann.ask({ type: 'start', force: true });
    await first.pass(1000);
    await bob.status({ buffering: true });
    await first.pass(20_000);
    const kinds = ann.all('timeline').map(({ cause }) => cause.kind);
    expect(kinds).toEqual(['start', 'buffering', 'ready']);
    await ann.ask({ type: 'leave' });
    await bob.ask({ type: 'leave' });
    expect([shared.rooms.size, first.rooms.size, second.rooms.size]).toEqual([0, 0, 0]);
  });

  it('what the members of a process lose with it, the other one is told', async () => {
    const [first, second] = two();
    const ann = await first.host();
    second.code = first.code;
    const bob = await second.join();
    await second.store.update(first.code, (state) =>
      step(state, DEFAULT_POLICY, first.clock.now(), (room) => disown(room, 'a')),
    );
    expect(bob.last('participant').participant).toMatchObject({ id: ann.id, connected: false });
    await first.pass(20_000);
    expect(bob.last('host').participant).toBe('p2');
  });
});

const ACTS: readonly ((random: Random) => Ask)[] = [
  () => ({ type: 'start', force: true }),
  () => ({ type: 'play' }),
  (random) => ({ type: 'play', position: random.below(700) }),
  () => ({ type: 'pause' }),
  (random) => ({ type: 'seek', position: random.below(700) }),
  (random) => ({ type: 'rate', rate: random.pick([0.25, 1, 1.25, 4]) }),
  () => ({ type: 'stop' }),
  (random) => ({ type: 'select', item: random.pick(['a', 'b', 'c']) }),
  (random) => ({
    type: 'queue',
    items: [{ id: random.pick(['a', 'b']), media: random.pick([{}, { duration: 600 }]) }],
  }),
  (random) => ({ type: 'ready', ready: random.below(2) === 0 }),
  (random) => ({ type: 'preferences', waitForMe: random.below(3) > 0 }),
  (random) => ({ type: 'kick', participant: `p${1 + random.below(4)}` }),
  (random) => ({ type: 'transfer', participant: `p${1 + random.below(4)}` }),
  (random) => ({ type: 'claim', item: random.pick(['a', 'b']), media: { duration: 600 } }),
  (random) => ({
    type: 'settings',
    settings: {
      buffering: random.pick(['off', 'grace', 'everyone']),
      control: random.pick(['host', 'everyone']),
    },
  }),
  () => ({ type: 'leave' }),
];

describe('whatever members do', () => {
  it.each(Array.from({ length: 25 }, (_, seed) => seed))('seed %d', async (seed) => {
    const random = new Random(seed);
    const [first, second, shared] = two();
    const watching = await first.host({ queue: [{ id: 'a', media: { duration: 600 } }] });
    second.code = first.code;
    const guests: Guest[] = [watching];
    for (let turn = 0; turn < 120 && shared.rooms.size > 0; turn += 1) {
      const guest = random.pick(guests);
      const choice = random.below(10);
      if (choice === 0) {
        const table = random.pick([first, second]);
        await table.join('Guest').then((joined) => guests.push(joined), expectRefusal);
      } else if (choice === 1) await guest.lose();
      else if (choice === 2) {
        const table = random.pick([first, second]);
        await table.resume(guest).then((again) => guests.push(again), expectRefusal);
      } else if (choice < 5) {
        await guest.status({
          buffering: random.below(2) === 0,
          media: random.pick([null, 'a', 'b']),
          roundTrip: random.below(3000),
        });
      } else await guest.answer(random.pick(ACTS)(random));
      await first.pass(random.pick([0, 10, 700, 5000, 30_000]));
      const kept = shared.rooms.get(first.code);
      if (kept) sound(JSON.parse(kept), first.clock.now());
    }
    await settled();
    expect([...first.failures, ...second.failures]).toEqual([]);
    for (const guest of guests) {
      const seqs = guest.all('timeline').map(({ timeline }) => timeline.seq);
      expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    }
    // Nobody comes back: everything ends, and nothing is left.
    for (const guest of guests) await guest.lose();
    await first.pass(400_000);
    expect(shared.rooms.size).toBe(0);
    expect([first.rooms.size, second.rooms.size]).toEqual([0, 0]);
    await first.pass(10_000);
    expect(first.clock.pendingTimers).toBe(0);
  });
});

function expectRefusal(error: unknown): void {
  expect((error as { code: string }).code).toMatch(/^ROOM_/);
}

/** What holds of every room at all times. */
function sound({ host, seats, timeline, queue }: Room, now: number): void {
  const ids = seats.map(({ id }) => id);
  expect(ids).toContain(host);
  expect(new Set(ids).size).toBe(ids.length);
  expect(timeline.position).toBeGreaterThanOrEqual(0);
  expect(timeline.at - now).toBeLessThanOrEqual(2000);
  if (timeline.media !== null) expect(queue.items.map(({ id }) => id)).toContain(timeline.media);
  if (timeline.phase === 'waiting') {
    expect(timeline.waitingFor?.length).toBeGreaterThan(0);
    for (const id of timeline.waitingFor ?? []) expect(ids).toContain(id);
  } else expect(timeline.waitingFor).toBeUndefined();
}

interface Room {
  readonly host: string;
  readonly seats: readonly { readonly id: string }[];
  readonly queue: { readonly items: readonly { readonly id: string }[] };
  readonly timeline: Guest['timeline'];
}
