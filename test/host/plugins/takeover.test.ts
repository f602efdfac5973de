import type { PlayerEnd, PlayerState } from '@kinoport/core';
import { afterEach, describe, expect, it } from 'vitest';
import { kill } from '../../support/lab/processes.ts';
import { until } from '../../support/lab/waiting.ts';
import { type Fixture, PluginHost, sourcePlugin } from './support/pluginHost.ts';

let host: PluginHost;

afterEach(() => host.dispose());

/** A player that lives on in nobody's process: its sessions are what the plugin says of them. */
function playerPlugin(more: string): Fixture {
  return {
    manifest: { contributes: { players: [{ id: 'p' }] } },
    code: `
      const state = (epoch, status = 'playing') => ({ itemToken: 'one-1', status, position: 10 * epoch, at: ctx0.clock.now(), rate: 1, volume: 100,
        muted: false, seekable: true, epoch, cause: 'user', tracks: [] });
      let ctx0;
      const never = () => ({ dispose() {} });
      const session = (epoch, commands = {}) => ({ endpoint: { socket: '/x' }, state: state(epoch), onDidChangeState: never,
        onDidEnd: never, onDidRequest: never, detach: async () => {}, ...commands });
      export default definePlugin({ activate(ctx) { ctx0 = ctx;
        ctx.players.register('p', { capabilities: { attach: true }, probe: async () => [], open: async () => session(1), ${more} });
      } });`,
  };
}

async function open() {
  await host.front.start();
  const session = await host.manager
    .player('p')
    .open(
      { title: 'Film', path: '/film' },
      { sessionId: 'one', start: 0, paused: false, itemToken: 'one-1' },
    );
  session.itemToken = 'one-1';
  const states: PlayerState[] = [];
  const ends: PlayerEnd[] = [];
  session.onDidChangeState((state) => states.push(state));
  session.onDidEnd((end) => ends.push(end));
  return { session, states, ends };
}

const pid = (): number => host.view('a').pid ?? 0;

describe("a player's session whose plugin is killed", () => {
  it('is attached by the next generation, with its endpoint and the newest epoch', async () => {
    host = new PluginHost({
      a: playerPlugin(`attach: async (endpoint, { sessionId, epoch }) => {
        console.log('attach', JSON.stringify({ endpoint, sessionId, epoch, generation: ctx.generation }));
        return session(epoch + 1);
      }`),
    });
    const { session, states, ends } = await open();
    kill(pid());
    await until(
      'the next generation',
      () => host.view('a').generation === 2 && host.view('a').state === 'active',
    );
    expect(host.pluginLog('a')).toContain(
      `attach ${JSON.stringify({ endpoint: { socket: '/x' }, sessionId: 'one', epoch: 1, generation: 2 })}`,
    );
    expect(session.state).toMatchObject({ status: 'playing', epoch: 2, position: 20 });
    expect(states.map(({ epoch }) => epoch)).toEqual([2]);
    expect(ends).toEqual([]);
  });

  it('has its command sent again, which the caller does not notice', async () => {
    host = new PluginHost({
      a: playerPlugin(`attach: async (endpoint, { epoch }) => session(epoch + 1, { pause: async () => console.log('paused by', ctx.generation) }),
        open: async () => session(1, { pause: () => { console.log('asked'); return new Promise(() => {}); } })`),
    });
    const { session } = await open();
    const paused = session.call('pause');
    await until('the command is there', () => host.pluginLog('a').includes('asked'));
    kill(pid());
    await paused;
    expect(host.pluginLog('a')).toContain('paused by 2');
  });

  it('has its command sent again when the generation that was replaced meanwhile lets go of the player', async () => {
    host = new PluginHost({
      a: playerPlugin(`attach: async (endpoint, { epoch }) => session(epoch + 1, { pause: async () => console.log('paused by', ctx.generation) }),
        open: async () => { let letGo; const gone = new Promise((_, reject) => { letGo = reject; });
          return session(1, { pause: () => { console.log('asked'); return gone; },
            detach: async () => letGo(new KinoportError('PLAYER_GONE', 'Let go of.')) }); }`),
    });
    const { session, ends } = await open();
    const paused = session.call('pause');
    await until('the command is there', () => host.pluginLog('a').includes('asked'));
    await host.manager.set.reload('a');
    await paused;
    expect(host.pluginLog('a')).toContain('paused by 2');
    expect(ends).toEqual([]);
  }, 20_000);

  it('is stopped by the next generation when its own hangs', { timeout: 30_000 }, async () => {
    host = new PluginHost({
      a: playerPlugin(`attach: async (endpoint, { epoch }) => session(epoch + 1, { stop: async () => console.log('stopped by', ctx.generation) }),
        open: async () => session(1, { stop: () => { for (;;); } })`),
    });
    const { session } = await open();
    const began = performance.now();
    await session.call('stop');
    expect(host.pluginLog('a')).toContain('stopped by 2');
    expect(performance.now() - began, 'less than a viewer waits').toBeLessThan(9_000);
  });

  it('is left to stop as long as it takes while its plugin answers', { timeout: 30_000 }, async () => {
    host = new PluginHost({
      a: playerPlugin(
        'open: async () => session(1, { stop: () => new Promise((resolve) => setTimeout(resolve, 4000)) })',
      ),
    });
    const { session } = await open();
    await session.call('stop');
    expect(host.view('a').generation).toBe(1);
  });

  it('ends as killed, at the last position, when the player cannot be attached', async () => {
    host = new PluginHost({ a: playerPlugin('') });
    const { session, states, ends } = await open();
    kill(pid());
    await until('the end', () => states.at(-1)?.status === 'gone');
    expect(ends).toEqual([{ reason: 'killed', itemToken: 'one-1', position: 10 }]);
    await expect(session.call('pause')).rejects.toMatchObject({
      code: expect.stringMatching(/^PLAYER_GONE$/),
    });
  });

  it.each([
    ['the same item', 'one-1', { reason: 'finished', itemToken: 'one-1', position: 95, duration: 96 }],
    ['another item', 'one-0', { reason: 'killed', itemToken: 'one-1', position: 10 }],
  ])("ends as the player's own journal knows it, when that speaks of %s", async (_what, itemToken, end) => {
    host = new PluginHost({
      a: playerPlugin(`attach: async () => { throw new KinoportError('PLAYER_GONE', 'Gone.'); },
        recover: async ({ socket }) => ({ itemToken: '${itemToken}', position: 95, duration: 96, updatedAt: 1, ended: socket === '/x' })`),
    });
    const { states, ends } = await open();
    kill(pid());
    await until('the end', () => states.at(-1)?.status === 'gone');
    expect(ends).toEqual([end]);
  });

  it('lives on when the next generation dies while it attaches', async () => {
    host = new PluginHost({
      a: playerPlugin(`attach: async (endpoint, { epoch }) => {
        if (ctx.generation === 2) process.exit(1);
        return session(epoch + 1, { pause: async () => console.log('paused by', ctx.generation) });
      }`),
    });
    const { session, ends } = await open();
    kill(pid());
    await session.call('pause').catch(() => session.call('pause'));
    expect(host.pluginLog('a')).toContain('paused by 3');
    expect(ends).toEqual([]);
    expect(session.state.status).toBe('playing');
    expect(host.view('a')).toMatchObject({ generation: 3, state: 'active' });
  });

  it("is not believed a journal's answer that is not of the contract", async () => {
    host = new PluginHost({
      a: playerPlugin(`attach: async () => { throw new KinoportError('PLAYER_GONE', 'Gone.'); },
        recover: async () => ({ itemToken: 'one-1', position: '95', updatedAt: 1 })`),
    });
    const { states, ends } = await open();
    kill(pid());
    await until('the end', () => states.at(-1)?.status === 'gone');
    expect(ends).toEqual([{ reason: 'killed', itemToken: 'one-1', position: 10 }]);
  });

  it('keeps the plugin restarting, further apart each time, until it holds', async () => {
    host = new PluginHost({
      a: playerPlugin('attach: async (endpoint, { epoch }) => session(epoch + 1)'),
    });
    const { session } = await open();
    for (let generation = 1; generation <= 3; generation += 1) {
      await until(
        'it runs',
        () => host.view('a').generation === generation && host.view('a').state === 'active',
      );
      kill(pid());
    }
    await until('it runs again', () => host.view('a').generation === 4 && host.view('a').state === 'active');
    expect(session.state.epoch).toBe(4);
  });
});

describe('a stream whose plugin is killed', () => {
  const size = 2 * 1024 * 1024;
  const streaming = (reopen: string): Fixture =>
    sourcePlugin(
      `{ open: async (item, { streamId }) => publish(streamId), reopen: async (record) => { ${reopen} } }`,
      `const size = ${size};
       const publish = async (id) => {
         await ctx.streams.publish({ id, size, type: 'video/mp4', validators: { etag: '"1"' }, async *read(start, end) {
           for (let at = start; at < end; at += 65536) {
             if (ctx.generation === 1 && at >= size / 2) { console.log('half'); await new Promise(() => {}); }
             const chunk = Buffer.alloc(Math.min(65536, end - at));
             for (let i = 0; i < chunk.length; i += 1) chunk[i] = ((at + i) * 2654435761) >>> 24;
             yield chunk;
           }
         } });
         return { location: { type: 'published' }, size, validators: { etag: '"1"' }, record: { secret: 'none' } };
       };`,
    );

  async function openStream() {
    await host.front.start();
    const source = host.manager.source('s');
    const [item] = (await source.resolve('test:x')).items;
    if (!item) throw new Error('There is no item.');
    return source.open(item);
  }

  it('goes on at the exact byte, and its reader notices nothing', async () => {
    host = new PluginHost({
      a: streaming(`console.log('reopen', JSON.stringify(record.record)); return publish(record.streamId);`),
    });
    const stream = await openStream();
    const { location } = stream;
    const reading = fetch('url' in location ? location.url : '').then((response) => response.arrayBuffer());
    await until('half of it is read', () => host.pluginLog('a').includes('half'));
    kill(pid());
    const bytes = Buffer.from(await reading);
    expect(bytes.length).toBe(size);
    let wrong = 0;
    for (let i = 0; i < size; i += 1) if (bytes[i] !== (i * 2654435761) >>> 24) wrong += 1;
    expect(wrong).toBe(0);
    expect(host.pluginLog('a')).toContain('reopen {"secret":"none"}');
    expect(host.view('a').generation).toBe(2);
    await stream.dispose();
  });

  it('needs nobody any more once it is released: the plugin stays down', async () => {
    host = new PluginHost({ a: streaming('return publish(record.streamId);') });
    const stream = await openStream();
    const { location } = stream;
    await stream.dispose();
    kill(pid());
    await until('the crash is known', () => host.view('a').state === 'resolved');
    expect(host.view('a')).toMatchObject({ generation: 1, pid: null });
    expect((await fetch('url' in location ? location.url : '')).status).toBe(404);
  });
});
