import { describe, expect, it } from 'vitest';
import { type Ask, Guest, Table } from '../table.ts';

const FILM = { id: 'a', title: 'Film', media: { duration: 600 } };
const NEXT = { id: 'b', media: { duration: 300 } };

/** A room of two with a film that runs. */
async function playing(table = new Table()) {
  const ann = await table.host({ queue: [FILM, NEXT] });
  const bob = await table.join();
  await ann.ask({ type: 'start', force: true });
  await table.pass(1000);
  return { table, ann, bob };
}

describe('a film is started', () => {
  it('by the host, when all who are connected are ready', async () => {
    const table = new Table();
    const ann = await table.host({ queue: [FILM] });
    const [bob, cleo] = [await table.join(), await table.join('Cleo')];
    await ann.ask({ type: 'ready', ready: true });
    await cleo.lose();
    await expect(bob.ask({ type: 'start' })).rejects.toMatchObject({ code: 'ROOM_FORBIDDEN' });
    await expect(ann.ask({ type: 'start' })).rejects.toMatchObject({
      code: 'ROOM_NOT_READY',
      message: 'Not ready: Bob.',
    });
    await bob.ask({ type: 'ready', ready: true });
    await ann.ask({ type: 'start', position: 12 });
    expect(bob.last('timeline')).toEqual({
      type: 'timeline',
      timeline: { seq: 1, phase: 'playing', position: 12, at: table.clock.now() + 150, rate: 1, media: 'a' },
      cause: { kind: 'start', by: 'p1' },
    });
    await expect(ann.ask({ type: 'start' })).rejects.toMatchObject({ code: 'ROOM_STATE' });
  });

  it('so far ahead that the slowest gets there, but never more than two seconds', async () => {
    const table = new Table();
    const ann = await table.host({ queue: [FILM] });
    const bob = await table.join();
    await bob.status({ roundTrip: 300, seekTime: 340 });
    await ann.ask({ type: 'start', force: true });
    expect(ann.timeline.at - table.clock.now()).toBe(1.5 * 300 + 340);
    await ann.ask({ type: 'pause' });
    await table.pass(2000);
    await ann.ask({ type: 'play' });
    expect(ann.timeline.at - table.clock.now()).toBe(1.5 * 300);
    await bob.status({ roundTrip: 9e5, seekTime: 9e5 });
    await ann.ask({ type: 'seek', position: 5 });
    expect(ann.timeline.at - table.clock.now()).toBe(2000);
  });

  it('believes the transport more than the member', async () => {
    const table = new Table();
    const ann = await table.host();
    ann.member.roundTrip(200);
    await ann.status({ roundTrip: 5000 });
    await ann.ask({ type: 'start', force: true });
    expect(ann.timeline.at - table.clock.now()).toBe(300);
  });

  it('waits for those who have not loaded it, and goes on without them after 15 s', async () => {
    const table = new Table();
    const ann = await table.host({ queue: [FILM] });
    const [bob, cleo] = [await table.join(), await table.join('Cleo')];
    await ann.status({ media: 'a' });
    await bob.status({ media: null });
    await cleo.status({ media: null });
    await ann.ask({ type: 'start', force: true });
    expect(ann.timeline).toMatchObject({ phase: 'waiting', waitingFor: ['p2', 'p3'] });
    await bob.status({ media: 'a' });
    expect(ann.timeline).toMatchObject({ phase: 'waiting', waitingFor: ['p3'] });
    await table.pass(14_999);
    expect(ann.timeline.phase).toBe('waiting');
    await table.pass(1);
    expect(ann.last('timeline')).toMatchObject({
      timeline: { phase: 'playing', position: 0, at: table.clock.now() + 150 },
      cause: { kind: 'ready', by: null },
    });
  });
});

describe('a film that runs', () => {
  it('is paused at the frame of who pauses, where that is near', async () => {
    const { ann, bob } = await playing();
    await bob.ask({ type: 'pause', position: 0.8 });
    expect(ann.last('timeline')).toMatchObject({
      timeline: { phase: 'paused', position: 0.8 },
      cause: { kind: 'pause', by: 'p2' },
    });
  });

  it.each([500, 600])('and else where the timeline is: told %d', async (position) => {
    const { ann, bob } = await playing();
    await bob.ask({ type: 'pause', position });
    expect(ann.timeline.position).toBeCloseTo(0.85, 9);
  });

  it('goes on at a common instant, once, and from the frame it stood at', async () => {
    const { table, ann, bob } = await playing();
    await ann.ask({ type: 'pause' });
    await table.pass(4000);
    await bob.ask({ type: 'play' });
    await ann.ask({ type: 'play' });
    const { seq, ...timeline } = ann.timeline;
    expect(seq).toBe(3);
    expect(timeline).toMatchObject({ phase: 'playing', position: 0.85, at: table.clock.now() + 150 });
  });

  it('is sought, with what undoes it, and never beyond the end', async () => {
    const { table, ann, bob } = await playing();
    await bob.ask({ type: 'seek', position: 300 });
    expect(ann.last('timeline')).toMatchObject({
      timeline: { phase: 'playing', position: 300, at: table.clock.now() + 150 },
      cause: { kind: 'seek', by: 'p2', from: 0.85 },
    });
    await ann.ask({ type: 'pause' });
    await ann.ask({ type: 'seek', position: 9999 });
    expect(ann.timeline).toMatchObject({ phase: 'paused', position: 600 });
  });

  it('changes its rate without a jump', async () => {
    const { table, ann } = await playing();
    await ann.ask({ type: 'rate', rate: 2 });
    expect(ann.timeline).toMatchObject({ phase: 'playing', rate: 2, position: 0.85, at: table.clock.now() });
    await table.pass(1000);
    await ann.ask({ type: 'pause' });
    expect(ann.timeline.position).toBeCloseTo(2.85, 9);
  });

  it('a rate set before a common start leaves its instant', async () => {
    const table = new Table();
    const ann = await table.host();
    await ann.ask({ type: 'start', force: true });
    const { at } = ann.timeline;
    await table.pass(50);
    await ann.ask({ type: 'rate', rate: 1.5 });
    expect(ann.timeline).toMatchObject({ at, position: 0, rate: 1.5 });
  });

  it('stands still behind its end', async () => {
    const { table, ann } = await playing();
    await ann.ask({ type: 'seek', position: 599 });
    await table.pass(10_000);
    expect(ann.timeline).toMatchObject({ phase: 'paused', position: 600 });
  });

  it('goes on with another item when all have it', async () => {
    const { table, ann, bob } = await playing();
    await ann.status({ media: 'a' });
    await bob.status({ media: 'a' });
    await bob.ask({ type: 'select', item: 'b' });
    expect(ann.timeline).toMatchObject({
      phase: 'waiting',
      media: 'b',
      position: 0,
      waitingFor: ['p1', 'p2'],
    });
    await ann.status({ media: 'b' });
    await bob.status({ media: 'b' });
    expect(ann.timeline).toMatchObject({
      phase: 'playing',
      media: 'b',
      position: 0,
      at: table.clock.now() + 150,
    });
    await expect(ann.ask({ type: 'select', item: 'none' })).rejects.toMatchObject({ code: 'ROOM_STATE' });
  });

  it('goes back to the lobby, where all get ready again', async () => {
    const { ann, bob } = await playing();
    await bob.ask({ type: 'ready', ready: true });
    await ann.ask({ type: 'stop' });
    expect(bob.timeline).toMatchObject({ phase: 'idle', position: 0 });
    expect(bob.last('participant').participant).toMatchObject({ id: 'p2', ready: false });
    for (const type of ['play', 'pause'] as const)
      await expect(ann.ask({ type })).rejects.toMatchObject({ code: 'ROOM_STATE' });
  });
});

describe('who may steer', () => {
  it('is the host alone, where the room is so set', async () => {
    const table = new Table();
    const ann = await table.host({ settings: { control: 'host' }, queue: [FILM] });
    const bob = await table.join();
    await ann.ask({ type: 'start', force: true });
    const steering: readonly Ask[] = [
      { type: 'play' },
      { type: 'pause' },
      { type: 'seek', position: 1 },
      { type: 'rate', rate: 2 },
      { type: 'queue', items: [] },
      { type: 'select', item: 'a' },
    ];
    for (const body of steering)
      await expect(bob.ask(body)).rejects.toMatchObject({ code: 'ROOM_FORBIDDEN' });
    expect(bob.timeline.seq).toBe(1);
    await ann.ask({ type: 'settings', settings: { control: 'everyone' } });
    await bob.ask({ type: 'pause' });
    expect(ann.timeline.phase).toBe('paused');
  });
});

describe('the queue', () => {
  it('keeps the film that runs, and goes to the lobby without it', async () => {
    const { ann, bob } = await playing();
    await bob.ask({ type: 'queue', items: [NEXT, FILM] });
    expect(ann.timeline).toMatchObject({ phase: 'playing', media: 'a' });
    await bob.ask({ type: 'queue', items: [NEXT] });
    expect(ann.timeline).toMatchObject({ phase: 'idle', media: 'b' });
    expect(ann.last('queue').queue).toEqual({ seq: 2, items: [NEXT] });
    await expect(bob.ask({ type: 'queue', items: [NEXT, NEXT] })).rejects.toMatchObject({
      code: 'RELAY_PROTOCOL',
    });
  });

  it('tells who has the film', async () => {
    const table = new Table();
    const ann = await table.host({ queue: [{ ...FILM, media: { tokens: ['file=a.mkv'] } }] });
    const bob = await table.join();
    await bob.ask({ type: 'claim', item: 'a', media: { tokens: ['file=b.mkv'] } });
    expect(ann.last('participant').participant).toMatchObject({ id: 'p2', match: 'different' });
    await bob.ask({ type: 'claim', item: 'a', media: { tokens: ['file=a.mkv'], duration: 600 } });
    expect(ann.last('participant').participant).toMatchObject({ match: 'same', duration: 600 });
  });

  it('with "refuse", who has another one cannot get ready', async () => {
    const table = new Table();
    await table.host({ queue: [FILM], settings: { mismatch: 'refuse' } });
    const bob = await table.join('Bob', {}, new Guest());
    const mismatch = { code: 'ROOM_MEDIA_MISMATCH' };
    await expect(bob.ask({ type: 'claim', item: 'a', media: { duration: 700 } })).rejects.toMatchObject(
      mismatch,
    );
    await expect(bob.ask({ type: 'ready', ready: true })).rejects.toMatchObject(mismatch);
    await bob.ask({ type: 'claim', item: 'a', media: { duration: 601 } });
    await bob.ask({ type: 'ready', ready: true });
    expect(bob.last('participant').participant.ready).toBe(true);
  });
});
