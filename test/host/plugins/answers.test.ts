import { systemClock } from '@kinoport/core';
import { afterEach, describe, expect, it } from 'vitest';
import { CommandRuns } from '../../../host/src/api/commandRuns.ts';
import { PluginHost } from './support/pluginHost.ts';

let host: PluginHost;

afterEach(() => host.dispose());

/** A plugin that keeps to the contract in everything but what is asked for here. */
const CODE = `export default definePlugin({ activate(ctx) {
  const bytes = (count) => ({ text: 'x'.repeat(count - '{"text":""}'.length) });
  const item = (data) => ({ key: 'key:x', uri: 'test:x', title: 'x', kind: 'video', data });
  const state = { itemToken: 'one-1', status: 'playing', position: 1, at: ctx.clock.now(), rate: 1, volume: 100, muted: false,
    seekable: true, epoch: 0, cause: 'user', tracks: [] };
  const never = () => ({ dispose() {} });
  const kib = 1024;
  ctx.sources.register('s', {
    resolve: async (uri) => ({ kind: 'single', items: [item(bytes(4 * kib + (uri === 'test:more' ? 1 : 0)))] }),
    open: async ({ title }) => ({ location: { type: 'path', path: '/x' }, record: bytes(16 * kib + (title === 'more' ? 1 : 0)) }),
    release: async () => {}, stats: async () => ({ downloadRate: 'fast' }) });
  ctx.players.register('p', { capabilities: { attach: true }, probe: async () => [{ path: 5 }], remembered: async () => ({ position: '12' }),
    open: async ({ title }) => ({ endpoint: bytes(4 * kib + (title === 'more' ? 1 : 0)), state, onDidChangeState: never, onDidEnd: never,
      onDidRequest: never, detach: async () => {}, samplePosition: async () => ({ position: 1, at: 'now', uncertainty: 0 }) }) });
  ctx.commands.register('odd', async () => 'well');
} });`;

function start(): PluginHost {
  return new PluginHost({
    a: {
      manifest: {
        contributes: {
          players: [{ id: 'p' }],
          sources: [{ id: 's', schemes: ['test'] }],
          commands: [{ command: 'odd', title: 'Ends oddly' }],
        },
      },
      code: CODE,
    },
  });
}

const options = { sessionId: 'one', start: 0, paused: false, itemToken: 'one-1' };
const protocol = (message: string) => ({
  code: expect.stringMatching(/^PLUGIN_PROTOCOL$/),
  message: expect.stringContaining(message),
  hint: expect.any(String),
});

describe('an answer of a plugin', () => {
  it('is taken up to the size that the host keeps, and not a byte beyond', async () => {
    host = start();
    const [source, player] = [host.manager.source('s'), host.manager.player('p')];
    const [item] = (await source.resolve('test:x')).items;
    if (!item) throw new Error('There is no item.');
    await source.open(item);
    const media = { title: 'x', path: '/x' };
    const session = await player.open(media, options);
    session.dispose();
    await expect(source.resolve('test:more')).rejects.toMatchObject(
      protocol('must be at most 4 KiB of JSON'),
    );
    await expect(source.open({ ...item, title: 'more' })).rejects.toMatchObject(
      protocol('/record that must be at most 16 KiB of JSON'),
    );
    await expect(player.open({ ...media, title: 'more' }, options)).rejects.toMatchObject(
      protocol('/endpoint that must be at most 4 KiB of JSON'),
    );
  });

  it('that is not of the contract is the fault of the plugin, and goes no further', async () => {
    host = start();
    const player = host.manager.player('p');
    await expect(host.manager.source('s').stats('x')).rejects.toMatchObject(protocol('/downloadRate'));
    await expect(player.probe()).rejects.toMatchObject(protocol('answered probe'));
    await expect(player.remembered({ title: 'x', path: '/x' })).rejects.toMatchObject(protocol('/position'));
    const session = await player.open({ title: 'x', path: '/x' }, options);
    await expect(session.call('samplePosition')).rejects.toMatchObject(protocol('/at'));
    session.dispose();
    const runs = new CommandRuns(
      host.calls,
      () => host.manager,
      systemClock,
      async () => undefined,
    );
    const client = { isTTY: false, columns: 80, color: false, wantsJson: false, display: {} };
    const run = runs.run({ command: 'odd', args: {}, options: {}, client }, {}, new AbortController().signal);
    await expect(run).rejects.toMatchObject(protocol('/exitCode'));
  });
});
