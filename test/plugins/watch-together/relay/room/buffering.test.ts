import { describe, expect, it } from 'vitest';
import type { Settings } from '../../../../../plugins/watch-together/src/protocol/index.ts';
import { Table } from '../table.ts';

async function playing(buffering: Settings['buffering']) {
  const table = new Table();
  const ann = await table.host({ settings: { buffering }, queue: [{ id: 'a', media: {} }] });
  const bob = await table.join();
  for (const guest of [ann, bob]) await guest.status({ media: 'a' });
  await ann.ask({ type: 'start', force: true });
  await table.pass(10_150);
  return { table, ann, bob };
}

describe('somebody buffers', () => {
  it('off: nobody waits, and all see it', async () => {
    const { table, ann, bob } = await playing('off');
    await bob.status({ buffering: true });
    await table.pass(60_000);
    expect(ann.timeline.phase).toBe('playing');
    expect(ann.last('participant').participant).toMatchObject({ id: 'p2', buffering: true });
  });

  it('grace: what is over within half a second is not noticed', async () => {
    const { table, ann, bob } = await playing('grace');
    await bob.status({ buffering: true });
    await table.pass(499);
    await bob.status({ buffering: false });
    await table.pass(5000);
    expect(ann.timeline).toMatchObject({ seq: 1, phase: 'playing' });
  });

  it('grace: else all wait, and start together when it is over', async () => {
    const { table, ann, bob } = await playing('grace');
    await bob.status({ buffering: true });
    await table.pass(500);
    expect(ann.last('timeline')).toMatchObject({
      timeline: { phase: 'waiting', position: 10.5, waitingFor: ['p2'] },
      cause: { kind: 'buffering', by: 'p2' },
    });
    await table.pass(3000);
    await bob.status({ buffering: false });
    expect(ann.last('timeline')).toMatchObject({
      timeline: { phase: 'playing', position: 10.5, at: table.clock.now() + 150 },
      cause: { kind: 'ready', by: null },
    });
  });

  it('grace: but 15 s at most, and then not again for the same stall', async () => {
    const { table, ann, bob } = await playing('grace');
    await bob.status({ buffering: true });
    await table.pass(15_500);
    expect(ann.timeline).toMatchObject({ phase: 'playing', position: 10.5 });
    await table.pass(30_000);
    expect(ann.timeline.seq).toBe(3);
    await bob.status({ buffering: false });
    await bob.status({ buffering: true });
    await table.pass(500);
    expect(ann.timeline.phase).toBe('waiting');
  });

  it('everyone: at once, and until all are there', async () => {
    const { table, ann, bob } = await playing('everyone');
    await bob.status({ buffering: true });
    expect(ann.timeline.phase).toBe('waiting');
    await table.pass(600_000);
    expect(ann.timeline.phase).toBe('waiting');
    await bob.status({ buffering: false });
    expect(ann.timeline).toMatchObject({ phase: 'playing', position: 10 });
  });

  it.each(['leaves', 'is lost', 'does not want it', 'is sent out'])(
    'nobody waits for one who %s',
    async (how) => {
      const { ann, bob } = await playing('everyone');
      await bob.status({ buffering: true });
      if (how === 'leaves') await bob.ask({ type: 'leave' });
      else if (how === 'is lost') await bob.lose();
      else if (how === 'is sent out') await ann.ask({ type: 'kick', participant: 'p2' });
      else await bob.ask({ type: 'preferences', waitForMe: false });
      expect(ann.timeline).toMatchObject({ phase: 'playing', position: 10 });
    },
  );

  it('nobody waits twice for one who has not the film', async () => {
    const { table, ann, bob } = await playing('grace');
    await bob.status({ media: null });
    await ann.ask({ type: 'seek', position: 5 });
    expect(ann.timeline).toMatchObject({ phase: 'waiting', waitingFor: ['p2'] });
    await table.pass(15_000);
    expect(ann.timeline.phase).toBe('playing');
    await ann.ask({ type: 'seek', position: 8 });
    expect(ann.timeline).toMatchObject({ phase: 'playing', position: 8 });
    // Who has found it meanwhile counts again.
    await bob.status({ media: 'a' });
    await ann.ask({ type: 'pause' });
    await bob.status({ media: 'a', buffering: true });
    await ann.ask({ type: 'play' });
    expect(ann.timeline.phase).toBe('waiting');
  });

  it('the next film is another chance', async () => {
    const { table, ann, bob } = await playing('grace');
    const items = ['a', 'b'].map((id) => ({ id, media: {} }));
    await ann.ask({ type: 'queue', items });
    await bob.status({ media: null });
    await ann.ask({ type: 'seek', position: 5 });
    await table.pass(15_000);
    await ann.ask({ type: 'select', item: 'b' });
    await ann.status({ media: 'b' });
    expect(ann.timeline).toMatchObject({ phase: 'waiting', waitingFor: ['p2'] });
  });

  it('whoever says play does not wait any longer', async () => {
    const { table, ann, bob } = await playing('everyone');
    await bob.status({ buffering: true });
    await ann.ask({ type: 'play' });
    expect(ann.timeline).toMatchObject({ phase: 'playing', position: 10 });
    await table.pass(60_000);
    expect(ann.timeline.phase).toBe('playing');
  });

  it('a pause in a wait is a pause', async () => {
    const { table, ann, bob } = await playing('everyone');
    await bob.status({ buffering: true });
    await ann.ask({ type: 'pause' });
    await bob.status({ buffering: false });
    await table.pass(60_000);
    expect(ann.timeline).toMatchObject({ phase: 'paused', position: 10 });
    expect(ann.timeline.waitingFor).toBeUndefined();
  });

  it('one who buffers again and again does not hold the others for ever', async () => {
    const { table, ann, bob } = await playing('everyone');
    for (let time = 0; time < 10; time += 1) {
      await bob.status({ buffering: true });
      await bob.status({ buffering: false });
      await table.pass(500);
    }
    await bob.status({ buffering: true });
    expect(ann.timeline.phase).toBe('playing');
    expect(ann.all('timeline').filter(({ cause }) => cause.kind === 'buffering')).toHaveLength(6);
  });
});
