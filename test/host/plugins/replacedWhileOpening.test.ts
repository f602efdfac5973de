import { afterEach, describe, expect, it } from 'vitest';
import { isAlive } from '../../support/lab/processes.ts';
import { until } from '../../support/lab/waiting.ts';
import { type Fixture, PluginHost, sourcePlugin } from './support/pluginHost.ts';

let host: PluginHost;

afterEach(() => host.dispose());

/** The first generation opens only when it is told new settings. */
const HELD = `const held = async () => {
  if (ctx.generation > 1) return;
  console.log('opening');
  await new Promise((go) => ctx.config.onDidChange(go));
};`;

/** Reloads plugin `a` while it opens something, and lets the generation before finish that. */
async function reloadDuring<T>(opening: Promise<T>): Promise<T> {
  await until('it opens', () => host.pluginLog('a').includes('opening'));
  const old = host.view('a').pid ?? 0;
  const peer = host.manager.set.plugins[0]?.plugin.peer;
  await host.manager.set.reload('a');
  await peer?.notify('config/changed', {});
  const opened = await opening;
  await until('the generation before is gone', () => !isAlive(old));
  return opened;
}

describe('what is being opened while its plugin is reloaded', () => {
  it('is a session of the new generation, when it is a player', async () => {
    const player: Fixture = {
      manifest: { contributes: { players: [{ id: 'p' }] } },
      code: `export default definePlugin({ activate(ctx) { ${HELD}
        const state = (epoch) => ({ itemToken: 'one-1', status: 'playing', position: 10 * epoch, at: ctx.clock.now(), rate: 1,
          volume: 100, muted: false, seekable: true, epoch, cause: 'user', tracks: [] });
        const never = () => ({ dispose() {} });
        const session = (epoch) => ({ endpoint: { socket: '/x' }, state: state(epoch), onDidChangeState: never, onDidEnd: never,
          onDidRequest: never, detach: async () => {}, pause: async () => console.log('paused by', ctx.generation) });
        ctx.players.register('p', { capabilities: { attach: true }, probe: async () => [],
          open: async () => { await held(); return session(1); }, attach: async (endpoint, { epoch }) => session(epoch + 1) });
      } });`,
    };
    host = new PluginHost({ a: player });
    const session = await reloadDuring(
      host.manager
        .player('p')
        .open(
          { title: 'Film', path: '/film' },
          { sessionId: 'one', start: 0, paused: false, itemToken: 'one-1' },
        ),
    );
    await session.call('pause');
    expect(host.pluginLog('a')).toContain('paused by 2');
    expect(session.state).toMatchObject({ status: 'playing', epoch: 2 });
  });

  it('is a stream of the new generation, when it is a source', async () => {
    host = new PluginHost({
      a: sourcePlugin(
        `{ open: async (item, { streamId }) => { await held(); return publish(streamId); },
           reopen: async (record) => publish(record.streamId) }`,
        `${HELD}
         const publish = async (id) => {
           await ctx.streams.publish({ id, size: 1, type: 'video/mp4', async *read() { yield Buffer.from(String(ctx.generation)); } });
           return { location: { type: 'published' }, size: 1 };
         };`,
      ),
    });
    await host.front.start();
    const source = host.manager.source('s');
    const [item] = (await source.resolve('test:x')).items;
    if (!item) throw new Error('There is no item.');
    const { location } = await reloadDuring(source.open(item));
    expect(await (await fetch('url' in location ? location.url : '')).text()).toBe('2');
  });
});
