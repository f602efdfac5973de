import type { JsonObject } from '@kinoport/core';
import { afterEach, describe, expect, it } from 'vitest';
import { isAlive } from '../../support/lab/processes.ts';
import { until } from '../../support/lab/waiting.ts';
import { type Fixture, PluginHost } from './support/pluginHost.ts';

let host: PluginHost;

afterEach(() => host.dispose());

/** A plugin that notes its start in the log of its own, with the instant. */
function plugin(dependencies: readonly JsonObject[], contributes: JsonObject = {}, code = ''): Fixture {
  return {
    manifest: { dependencies: [...dependencies], contributes, experimental: ['services'] },
    code: `export default definePlugin({
      async activate(ctx) { ${code} console.log('up', ctx.generation, ctx.clock.now()); },
      deactivate() { console.log('down', Number(process.hrtime.bigint()) / 1e6); },
    });`,
  };
}

function instant(id: string, word: string): number {
  const line = host
    .pluginLog(id)
    .split('\n')
    .findLast((each) => each.startsWith(word));
  return Number(line?.split(' ').at(-1));
}

async function start(id: string): Promise<void> {
  await host.manager.set.plugins.find(({ plugin: each }) => each.id === id)?.plugin.current();
}

const error = (id: string) => host.view(id).error;

describe('a plugin that depends on another', () => {
  it('starts it first and ends before it', async () => {
    host = new PluginHost({
      user: plugin([{ plugin: 'base' }]),
      base: plugin([], {}, 'await new Promise((r) => setTimeout(r, 100));'),
    });
    await start('user');
    expect(host.view('base').state).toBe('active');
    expect(instant('user', 'up')).toBeGreaterThan(instant('base', 'up'));
    await host.manager.dispose();
    expect(instant('user', 'down')).toBeLessThan(instant('base', 'down'));
  });

  it.each([
    ['that is not there', { plugin: 'none' }, /"none" is not there/],
    ['of another version', { plugin: 'base', version: '^2.0.0' }, /version 1\.0\.0, not \^2\.0\.0/],
    ['that offers what nobody does', { contract: 'player:vlc' }, /player "vlc"/],
  ])('%s is not loaded, with the reason', (_, dependency, message) => {
    host = new PluginHost({
      user: plugin([dependency]),
      base: plugin([]),
      other: plugin([{ plugin: 'user' }]),
    });
    expect(error('user')).toMatchObject({
      code: 'PLUGIN_DEPENDENCY_MISSING',
      message: expect.stringMatching(message),
    });
    expect(error('other')).toMatchObject({ code: 'PLUGIN_DEPENDENCY_MISSING' });
    expect(error('base')).toBeNull();
  });

  it('goes without where that is optional', async () => {
    host = new PluginHost({ user: plugin([{ plugin: 'none', optional: true }]) });
    await start('user');
    expect(host.view('user')).toMatchObject({ state: 'active', error: null });
  });

  it('finds it by what it contributes', async () => {
    host = new PluginHost({
      user: plugin([{ contract: 'source' }, { contract: 'source:s' }]),
      base: plugin([], { sources: [{ id: 's' }] }, `ctx.sources.register('s', {});`),
    });
    await start('user');
    expect(host.view('base').state).toBe('active');
  });

  it('is not started when it does not start, and says so', async () => {
    host = new PluginHost({
      user: plugin([{ plugin: 'base' }]),
      base: plugin([], {}, `throw new Error('no luck');`),
    });
    await expect(start('user')).rejects.toMatchObject({
      code: 'PLUGIN_DEPENDENCY_MISSING',
      message: expect.stringContaining('no luck'),
    });
  });

  it('is restarted when it is replaced, and ended when it is switched off', async () => {
    host = new PluginHost({ user: plugin([{ plugin: 'base' }]), base: plugin([]) });
    await start('user');
    await host.manager.set.reload('base');
    await until('the dependant is there again', () => host.view('user').generation === 2);
    const pid = host.view('user').pid ?? 0;
    await host.setEnabled('base', false);
    expect(isAlive(pid)).toBe(false);
    expect(host.view('user')).toMatchObject({ pid: null, error: { code: 'PLUGIN_DEPENDENCY_MISSING' } });
    await host.setEnabled('base', true);
    expect(host.view('user')).toMatchObject({ state: 'resolved', error: null });
  });
});

describe('plugins that need each other in a circle', () => {
  it('are refused, and nobody else is', () => {
    host = new PluginHost({
      a: plugin([{ plugin: 'b' }]),
      b: plugin([{ plugin: 'c' }]),
      c: plugin([{ plugin: 'a' }]),
      d: plugin([]),
    });
    for (const id of ['a', 'b', 'c'])
      expect(error(id)).toMatchObject({
        code: 'PLUGIN_DEPENDENCY_CYCLE',
        message: expect.stringContaining('→'),
      });
    expect(error('d')).toBeNull();
  });

  it('start when it is an optional one', async () => {
    host = new PluginHost({
      a: plugin([{ plugin: 'b', optional: true }]),
      b: plugin([{ plugin: 'a' }]),
      c: plugin([{ plugin: 'd', optional: true }]),
      d: plugin([{ plugin: 'c', optional: true }]),
    });
    await Promise.all(['a', 'b', 'c', 'd'].map(start));
    expect(instant('b', 'up')).toBeGreaterThan(instant('a', 'up'));
  });
});

describe('ctx.services', () => {
  const offering = plugin(
    [],
    { services: [{ id: 'math' }] },
    `ctx.services.register('math', {
       double: async ({ n }, { caller }) => ({ n: 2 * n, caller }),
       fail: async () => { throw new KinoportError('MATH_FAILED', 'Too hard.'); },
       wait: (_, { signal }) => new Promise((_, no) => signal.addEventListener('abort', () => { console.log('given up'); no(signal.reason); })),
     });`,
  );
  const asking = (
    code: string,
    dependencies: readonly JsonObject[] = [{ contract: 'service:math' }],
  ): Fixture =>
    plugin(
      dependencies,
      {},
      `const said = await (async () => ${code})().catch((e) => e.code); console.log('said', JSON.stringify(said));`,
    );

  it.each([
    ['answers', `ctx.services.call('math', 'double', { n: 21 })`, '{"n":42,"caller":"user"}'],
    ['throws what it throws', `ctx.services.call('math', 'fail')`, '"MATH_FAILED"'],
    ['has only its methods', `ctx.services.call('math', 'toString')`, '"METHOD_NOT_FOUND"'],
    ['is the only one of its name', `ctx.services.call('physics', 'x')`, '"SERVICE_UNKNOWN"'],
    [
      'hears that its caller gave up',
      `ctx.services.call('math', 'wait', null, { signal: AbortSignal.timeout(100) })`,
      '"ABORTED"',
    ],
  ])('%s', async (_, code, expected) => {
    host = new PluginHost({ user: asking(code), math: offering });
    await start('user');
    expect(host.pluginLog('user')).toContain(`said ${expected}`);
  });

  it('is for those that say they need it', async () => {
    host = new PluginHost({
      user: asking(`ctx.services.call('math', 'double', { n: 1 })`, []),
      math: offering,
    });
    await start('user');
    expect(host.pluginLog('user')).toContain('said "SERVICE_UNKNOWN"');
  });
});
