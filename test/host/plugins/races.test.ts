import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { isAlive } from '../../support/lab/processes.ts';
import { until } from '../../support/lab/waiting.ts';
import { PluginHost } from './support/pluginHost.ts';

let host: PluginHost;

afterEach(() => host.dispose());

const plugin = (id: string) => {
  const found = host.manager.set.plugins.find((each) => each.plugin.id === id)?.plugin;
  if (!found) throw new Error(`There is no plugin ${id}.`);
  return found;
};

describe('a plugin that is starting', () => {
  it('is replaced when what it builds on has changed meanwhile', async () => {
    host = new PluginHost({
      user: {
        manifest: { dependencies: [{ plugin: 'base', optional: true }] },
        code: `import { existsSync } from 'node:fs'; import { setTimeout } from 'node:timers/promises';
        export default definePlugin({ async activate(ctx) {
          console.log('activating');
          while (ctx.generation === 1 && !existsSync(new URL('go', import.meta.url))) await setTimeout(20);
        } });`,
      },
      base: { code: 'export default definePlugin({ activate() {} });' },
    });
    await host.setEnabled('base', false);
    const started = plugin('user').current();
    await until('it activates', () => host.pluginLog('user').includes('activating'));
    const enabled = host.setEnabled('base', true);
    await until('the other one is there', () => host.view('base').state !== 'disabled');
    writeFileSync(join(host.folders.root, 'user', 'go'), '');
    await Promise.all([started, enabled]);
    expect(host.view('user')).toMatchObject({ state: 'active', generation: 2 });
    expect(host.view('base').state).toBe('active');
  });
});

describe('a host that ends', () => {
  it('waits for no generation that hangs before it is active', async () => {
    host = new PluginHost({
      a: {
        code: `export default definePlugin({ async activate(ctx) {
          console.log('generation', ctx.generation, process.pid);
          if (ctx.generation === 2) await new Promise(() => {});
        } });`,
      },
    });
    await plugin('a').current();
    const reloaded = host.manager.set.reload('a').catch((error: unknown) => error);
    await until('the next one hangs', () => host.pluginLog('a').includes('generation 2'));
    const next = Number(/generation 2 (\d+)/.exec(host.pluginLog('a'))?.[1]);
    const began = performance.now();
    await host.manager.dispose();
    expect(performance.now() - began, 'less than it has to activate').toBeLessThan(6_000);
    expect(isAlive(next)).toBe(false);
    expect(await reloaded).toBeInstanceOf(Error);
  });
});
