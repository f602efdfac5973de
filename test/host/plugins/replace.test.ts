import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PlayerEnd, PlayerState } from '@kinoport/core';
import { afterEach, describe, expect, it } from 'vitest';
import { isAlive, kill } from '../../support/lab/processes.ts';
import { until } from '../../support/lab/waiting.ts';
import { type Fixture, PluginHost, sourcePlugin } from './support/pluginHost.ts';

let host: PluginHost;

afterEach(() => host.dispose());

const view = () => host.view('a');
const pid = (): number => view().pid ?? 0;

/** A command that says who answers. */
function answering(word: string, more = ''): Fixture {
  return {
    manifest: { contributes: { commands: [{ command: 'who', title: 'Who answers' }] } },
    code: `export default definePlugin({ activate(ctx) {
      ${more}
      ctx.commands.register('who', async (_, io) => { console.log('asked ${word}'); await (globalThis.before?.(io)); return ctx.generation; });
    } });`,
  };
}

/** A player that lives in nobody's process: a session is what a generation says of it. */
function player(attach: string, more = ''): Fixture {
  return {
    manifest: { contributes: { players: [{ id: 'p' }] } },
    code: `
      const changed = new Emitter();
      const state = (epoch, position = 10 * epoch) => ({ itemToken: 'one-1', status: 'playing', position, at: ctx.clock.now(), rate: 1,
        volume: 100, muted: false, seekable: true, epoch, cause: 'user', tracks: [] });
      let ctx;
      const never = () => ({ dispose() {} });
      const session = (epoch, commands = {}) => ({ endpoint: { socket: '/x' }, state: state(epoch), onDidChangeState: changed.event,
        onDidEnd: never, onDidRequest: never, detach: async () => console.log('detached by', ctx.generation),
        pause: async () => console.log('paused by', ctx.generation), ...commands });
      export default definePlugin({ activate(given) { ctx = given; ${more}
        ctx.players.register('p', { capabilities: { attach: true }, probe: async () => [], open: async () => session(1), attach: ${attach} });
      } });`,
  };
}

/** The same, which takes its time to activate. */
function slow({ code, ...rest }: Fixture): Fixture {
  return {
    ...rest,
    code: code.replace(
      'activate(given) {',
      'async activate(given) { await new Promise((r) => setTimeout(r, 300));',
    ),
  };
}

const ATTACHES = 'async (endpoint, { epoch }) => session(epoch + 1)';

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

const ask = async (): Promise<unknown> => {
  const generation = await host.manager.commandPlugin('who').current();
  const client = { isTTY: false, columns: 80, color: false, wantsJson: false };
  const params = { runId: 'r', command: 'who', args: {}, options: {}, client };
  return generation.call('command/run', params, { long: true });
};

describe('a plugin that is reloaded', () => {
  it('runs its new code, in a new process beside the old one, which is gone in the end', async () => {
    host = new PluginHost({ a: answering('old') });
    expect(await ask()).toEqual({ exitCode: 1 });
    const old = pid();
    host.rewrite('a', answering('new'));
    expect(await host.manager.set.reload('a')).toMatchObject({ state: 'active', generation: 2, error: null });
    expect(await ask()).toEqual({ exitCode: 2 });
    expect(host.pluginLog('a')).toContain('asked new');
    await until('the old one is gone', () => !isAlive(old));
  });

  it('starts when it did not run', async () => {
    host = new PluginHost({ a: answering('first') });
    expect(await host.manager.set.reload('a')).toMatchObject({ state: 'active', generation: 1 });
  });

  it('keeps the old one when the new one does not start, and says why', async () => {
    host = new PluginHost({ a: answering('old') });
    await ask();
    const old = pid();
    host.rewrite('a', answering('new', 'throw new Error("not today");'));
    await expect(host.manager.set.reload('a')).rejects.toMatchObject({ code: 'PLUGIN_ACTIVATE_FAILED' });
    expect(view()).toMatchObject({ state: 'active', pid: old, generation: 1 });
    expect(view().error?.message).toContain('not today');
    expect(await ask()).toEqual({ exitCode: 1 });
    host.rewrite('a', answering('newest'));
    expect(await host.manager.set.reload('a')).toMatchObject({ state: 'active', error: null });
  });

  it('keeps the old one when the manifest is broken', async () => {
    host = new PluginHost({ a: answering('old') });
    await ask();
    writeFileSync(join(host.folders.root, 'a', 'package.json'), '{ "name": ');
    await expect(host.manager.set.reload('a')).rejects.toMatchObject({ code: 'PLUGIN_MANIFEST_INVALID' });
    expect(await ask()).toEqual({ exitCode: 1 });
    await host.manager.set.refresh();
    expect(view()).toMatchObject({ state: 'active', error: { code: 'PLUGIN_MANIFEST_INVALID' } });
    expect(await ask()).toEqual({ exitCode: 1 });
  });

  it('contributes what its new manifest says, from the switch on', async () => {
    host = new PluginHost({ a: answering('old') });
    await ask();
    host.rewrite('a', {
      manifest: { contributes: { commands: [{ command: 'other', title: 'Other' }] } },
      code: `export default definePlugin({ activate(ctx) { ctx.commands.register('other', async () => 0); } });`,
    });
    expect((await host.manager.set.reload('a')).contributes.commands).toEqual(['other']);
    expect(() => host.manager.commandPlugin('who')).toThrow(
      expect.objectContaining({ code: 'COMMAND_UNKNOWN' }),
    );
  });

  it('lets a command that runs come to its end', async () => {
    host = new PluginHost({
      a: answering(
        'old',
        `globalThis.before = () => new Promise((done) => ctx.config.onDidChange(() => setTimeout(done, 50)));`,
      ),
    });
    const asked = ask();
    await until('the command runs', () => host.pluginLog('a').includes('asked old'));
    host.rewrite('a', answering('new'));
    const old = pid();
    const peer = host.manager.commandPlugin('who').peer;
    await host.manager.set.reload('a');
    await peer?.notify('config/changed', {});
    expect(await asked).toEqual({ exitCode: 1 });
    await until('the old one is gone', () => !isAlive(old));
  });

  it('tells a command that does not come to its end that it was replaced', async () => {
    host = new PluginHost({ a: answering('old', 'globalThis.before = () => new Promise(() => undefined);') });
    const asked = expect(ask()).rejects.toMatchObject({
      code: 'PLUGIN_REPLACED',
      hint: 'Run the command again.',
    });
    await until('the command runs', () => host.pluginLog('a').includes('asked old'));
    host.rewrite('a', answering('new'));
    await host.manager.set.reload('a');
    await asked;
  });

  it('is reloaded one after the other when asked often', async () => {
    host = new PluginHost({ a: answering('old') });
    await ask();
    await Promise.all([1, 2, 3].map(() => host.manager.set.reload('a')));
    expect(view()).toMatchObject({ state: 'active', generation: 4 });
    expect(await ask()).toEqual({ exitCode: 4 });
  });
});

describe("a player's session whose plugin is reloaded", () => {
  it('goes over to the new generation, which is heard and asked from then on', async () => {
    host = new PluginHost({ a: player(ATTACHES) });
    const { session, states, ends } = await open();
    await host.manager.set.reload('a');
    expect(session.state).toMatchObject({ epoch: 2, position: 20 });
    await session.call('pause');
    expect(host.pluginLog('a')).toContain('paused by 2');
    await until('the old one let go', () => host.pluginLog('a').includes('detached by 1'));
    expect(states.map(({ epoch }) => epoch)).toEqual([2]);
    expect(ends).toEqual([]);
  });

  it('stays with the old one when the new one does not take it', async () => {
    host = new PluginHost({ a: player(ATTACHES) });
    const { session, states, ends } = await open();
    host.rewrite('a', player(`async () => { throw new KinoportError('PLAYER_GONE', 'Not there.'); }`));
    await expect(host.manager.set.reload('a')).rejects.toMatchObject({ code: 'PLAYER_GONE' });
    await session.call('pause');
    expect(host.pluginLog('a')).toContain('paused by 1');
    expect(states).toEqual([]);
    expect(ends).toEqual([]);
    expect(session.state.status).toBe('playing');
  });

  it('is not heard of by the generation before any more', async () => {
    const chatty = `process.on('SIGUSR2', () => changed.fire(state(50 + ctx.generation, 500)));`;
    host = new PluginHost({
      a: player(ATTACHES, `${chatty} globalThis.keep = setInterval(() => {}, 1000);`),
    });
    const { session, states } = await open();
    host.rewrite('a', slow(player(ATTACHES, chatty)));
    const old = pid();
    const reloaded = host.manager.set.reload('a');
    process.kill(old, 'SIGUSR2');
    await until('the old one is heard while it serves', () => session.state.epoch === 51);
    await reloaded;
    expect(session.state).toMatchObject({ epoch: 52 });
    if (isAlive(old)) process.kill(old, 'SIGUSR2');
    process.kill(pid(), 'SIGUSR2');
    await until('the new one is heard', () => states.at(-1)?.position === 500 && states.length > 2);
    const epochs = states.map(({ epoch }) => epoch);
    expect(epochs.lastIndexOf(51)).toBeLessThan(epochs.indexOf(52));
  });

  it('goes over when the old one dies while the new one starts', async () => {
    host = new PluginHost({ a: player(ATTACHES) });
    const { session, ends } = await open();
    host.rewrite('a', slow(player(ATTACHES)));
    const old = pid();
    const reloaded = host.manager.set.reload('a');
    kill(old);
    const paused = session.call('pause');
    await reloaded;
    await paused;
    expect(view()).toMatchObject({ generation: 2, state: 'active' });
    expect(host.pluginLog('a')).toContain('paused by 2');
    expect(ends).toEqual([]);
  });
});

describe('a stream whose source is reloaded', () => {
  const size = 2 * 1024 * 1024;
  const streaming = (etag = '1'): Fixture =>
    sourcePlugin(
      `{ open: async (item, { streamId }) => publish(streamId), reopen: async (record) => publish(record.streamId) }`,
      `const size = ${size};
       const validators = { etag: '"${etag}"' };
       const publish = async (id) => {
         await ctx.streams.publish({ id, size, type: 'video/mp4', validators, async *read(start, end) {
           for (let at = start; at < end; at += 65536) {
             if (ctx.generation === 1 && at >= size / 2 && ctx.config.value.held !== false) {
               console.log('half');
               await new Promise((go) => ctx.config.onDidChange(go));
             }
             const chunk = Buffer.alloc(Math.min(65536, end - at));
             for (let i = 0; i < chunk.length; i += 1) chunk[i] = ((at + i) * 2654435761) >>> 24;
             yield chunk;
           }
         } });
         return { location: { type: 'published' }, size, validators };
       };`,
    );

  async function reading() {
    await host.front.start();
    const source = host.manager.source('s');
    const [item] = (await source.resolve('test:x')).items;
    if (!item) throw new Error('There is no item.');
    const stream = await source.open(item);
    const { location } = stream;
    const bytes = fetch('url' in location ? location.url : '').then((response) => response.arrayBuffer());
    await until('half of it is read', () => host.pluginLog('a').includes('half'));
    return { stream, bytes };
  }

  function wrongBytes(bytes: ArrayBuffer): number {
    const read = Buffer.from(bytes);
    let wrong = Math.abs(size - read.length);
    for (let i = 0; i < read.length; i += 1) if (read[i] !== (i * 2654435761) >>> 24) wrong += 1;
    return wrong;
  }

  it('is read on at the exact byte', async () => {
    host = new PluginHost({ a: streaming() });
    const { stream, bytes } = await reading();
    await host.manager.set.reload('a');
    expect(wrongBytes(await bytes)).toBe(0);
    expect(view().generation).toBe(2);
    await stream.dispose();
  });

  it('stays with the old one, unbroken, when the new one has other content', async () => {
    host = new PluginHost({ a: streaming() });
    const { stream, bytes } = await reading();
    host.rewrite('a', streaming('2'));
    await expect(host.manager.set.reload('a')).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
    await host.configure({ a: { held: false } });
    expect(wrongBytes(await bytes)).toBe(0);
    expect(view().generation).toBe(1);
    await stream.dispose();
  });
});

describe('a plugin that is switched off while the host runs', () => {
  it('is ended, and contributes nothing until it is switched on', async () => {
    host = new PluginHost({ a: answering('one') });
    await ask();
    const old = pid();
    await host.setEnabled('a', false);
    expect(isAlive(old)).toBe(false);
    expect(view()).toMatchObject({ state: 'disabled', pid: null });
    expect(() => host.manager.commandPlugin('who')).toThrow(
      expect.objectContaining({ code: 'PLUGIN_DISABLED' }),
    );
    await host.setEnabled('a', true);
    expect(await ask()).toEqual({ exitCode: 2 });
  });
});
