import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { isAlive, killed } from '../../support/lab/processes.ts';
import { until } from '../../support/lab/waiting.ts';
import { type Fixture, PluginHost } from './support/pluginHost.ts';

let host: PluginHost;

afterEach(() => host.dispose());

const fixture = (version: number, permissions?: object): Fixture => ({
  manifest: {
    contributes: { commands: [{ command: 'version', title: 'Version' }] },
    ...(permissions ? { permissions } : {}),
  } as NonNullable<Fixture['manifest']>,
  code: `export default definePlugin({ activate(ctx) {
    if (${version} === 666) throw new Error('It does not start.');
    console.log('version ${version}');
    ctx.commands.register('version', async () => ${version});
  } });`,
});

const reload = () => host.manager.set.reload('a');

/** Processes of the plugin that are children of this one. */
function processes(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
        return (
          parent === process.pid &&
          readlinkSync(`/proc/${pid}/cwd`) === join(host.folders.root, 'a') &&
          isAlive(pid)
        );
      } catch {
        return false;
      }
    });
}

/** A plugin that has just been reloaded. */
async function reloaded(): Promise<void> {
  host = new PluginHost({ a: fixture(1) });
  await reload();
  const first = host.view('a').pid ?? 0;
  expect(processes()).toEqual([first]);
  await reload();
  await until('the end of the first generation', () => !isAlive(first));
}

/** The process that runs nothing yet. */
function waiting(): Promise<number> {
  return until('a process that waits', () => processes().find((pid) => pid !== host.view('a').pid));
}

describe.runIf(process.platform === 'linux')('after a reload', () => {
  it('a process waits, and is the next generation', async () => {
    await reloaded();
    const pid = await waiting();
    host.rewrite('a', fixture(2));
    expect(await reload()).toMatchObject({ pid, generation: 3 });
    expect(host.pluginLog('a')).toContain('version 2');
  });

  it('a process waits when the reload failed, too', async () => {
    host = new PluginHost({ a: fixture(1) });
    await reload();
    host.rewrite('a', fixture(666));
    await expect(reload()).rejects.toMatchObject({ code: 'PLUGIN_ACTIVATE_FAILED' });
    const pid = await waiting();
    host.rewrite('a', fixture(2));
    expect(await reload()).toMatchObject({ pid });
  });

  it('one that was killed meanwhile is not missed', async () => {
    await reloaded();
    const pid = await waiting();
    await killed(pid);
    expect(await reload()).toMatchObject({ state: 'active', generation: 3, error: null });
  });

  it('one that dies as it is needed is not missed either', async () => {
    await reloaded();
    const pid = await waiting();
    process.kill(pid, 'SIGKILL');
    expect(await reload()).toMatchObject({ state: 'active', generation: 3, error: null });
  });

  it('one with other permissions than the plugin has by now is ended, not used', async () => {
    await reloaded();
    const pid = await waiting();
    host.rewrite('a', fixture(2, { fs: { read: [], write: [] } }));
    expect((await reload()).pid).not.toBe(pid);
    await until('its end', () => !isAlive(pid));
  });

  it('none is left of a plugin that is switched off', async () => {
    await reloaded();
    const pid = await waiting();
    await host.setEnabled('a', false);
    expect(isAlive(pid)).toBe(false);
    expect(processes()).toEqual([]);
  });
});
