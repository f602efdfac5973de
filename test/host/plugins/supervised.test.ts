import { afterEach, describe, expect, it } from 'vitest';
import { isAlive, kill } from '../../support/lab/processes.ts';
import { until } from '../../support/lab/waiting.ts';
import { type Fixture, PluginHost } from './support/pluginHost.ts';

let host: PluginHost;

afterEach(() => host.dispose());

const view = () => host.view('a');
const pid = (): number => view().pid ?? 0;
const QUICK = { interval: 50, tick: 25, unresponsive: 300, giveUp: 1_000 };

/** It watches what happens, so that it is always needed. */
function watcher(code: string): Fixture {
  return {
    manifest: { activationEvents: ['onStartup'] },
    code: `export default definePlugin({ activate(ctx) { ${code} } });`,
  };
}

describe('a plugin that is needed all the time', () => {
  it('is called unresponsive while it does not answer, and is ended and started again when that goes on', async () => {
    host = new PluginHost(
      { a: watcher(`if (ctx.generation === 1) process.on('SIGUSR2', () => { for (;;); });`) },
      { heartbeat: QUICK },
    );
    await host.manager.startEager();
    const hung = pid();
    const seen: boolean[] = [];
    host.manager.set.onDidChange(({ unresponsive }) => seen.push(unresponsive));
    process.kill(hung, 'SIGUSR2');
    await until('the next generation', () => view().generation === 2 && view().state === 'active');
    expect(seen).toContain(true);
    expect(isAlive(hung)).toBe(false);
    expect(view()).toMatchObject({ unresponsive: false, crashes: 1, error: { code: 'PLUGIN_CRASHED' } });
    expect(view().error?.message).toContain('did not answer for 10 s');
  });

  it('is left alone when it only took its time', async () => {
    host = new PluginHost(
      {
        a: watcher(
          `process.on('SIGUSR2', () => { const end = Date.now() + 600; while (Date.now() < end); });`,
        ),
      },
      { heartbeat: { ...QUICK, giveUp: 60_000 } },
    );
    await host.manager.startEager();
    const seen: boolean[] = [];
    host.manager.set.onDidChange(({ unresponsive }) => seen.push(unresponsive));
    process.kill(pid(), 'SIGUSR2');
    await until('it answers again', () => seen.includes(true) && seen.at(-1) === false);
    expect(view()).toMatchObject({ generation: 1, state: 'active', crashes: 0 });
  });

  it('is given up after five ends within five minutes, with the reason and the end of its log', async () => {
    host = new PluginHost({ a: watcher(`console.log('I am number ' + ctx.generation);`) });
    await host.manager.startEager();
    for (let crash = 1; crash <= 5; crash += 1) {
      kill(pid());
      await until(`the end ${crash} is dealt with`, () =>
        crash < 5 ? view().generation === crash + 1 && view().state === 'active' : view().state === 'failed',
      );
    }
    await until('the log is read', () => JSON.stringify(view().error?.data).includes('number 5'));
    expect(view()).toMatchObject({
      state: 'failed',
      pid: null,
      crashes: 5,
      error: { code: 'PLUGIN_FAILED' },
    });
    expect(view().error?.message).toContain('SIGKILL');
    await expect(host.manager.set.plugins[0]?.plugin.current()).rejects.toMatchObject({
      code: 'PLUGIN_FAILED',
    });
  });

  it('stays given up in the next host, until it is reloaded', async () => {
    host = new PluginHost({ a: watcher('') });
    await host.manager.startEager();
    for (let crash = 1; crash <= 5; crash += 1) {
      kill(pid());
      await until(
        `the end ${crash} is dealt with`,
        () => view().state === 'failed' || (view().generation === crash + 1 && view().state === 'active'),
      );
    }
    await until('it is noted', () => JSON.stringify(view().error?.data ?? null).includes('lastLines'));
    host = await host.restarted();
    await host.manager.startEager();
    expect(view()).toMatchObject({ state: 'failed', generation: 0, error: { code: 'PLUGIN_FAILED' } });
    expect(await host.manager.set.reload('a')).toMatchObject({ state: 'active', error: null, crashes: 0 });
    host = await host.restarted();
    expect(view()).toMatchObject({ state: 'resolved' });
  });

  it('is tried again when its code has changed', async () => {
    host = new PluginHost({ a: watcher('throw new Error("not yet")') });
    await host.manager.startEager();
    expect(view()).toMatchObject({ state: 'failed', error: { code: 'PLUGIN_ACTIVATE_FAILED' } });
    host.rewrite('a', watcher(''));
    expect(await host.manager.set.reload('a')).toMatchObject({ state: 'active', error: null });
  });
});
