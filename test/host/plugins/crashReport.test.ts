import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { kill } from '../../support/lab/processes.ts';
import { until } from '../../support/lab/waiting.ts';
import { PluginHost } from './support/pluginHost.ts';

let host: PluginHost;

afterEach(() => host.dispose());

it('is told of a plugin whose log somebody has removed, too', async () => {
  host = new PluginHost({ a: { code: 'export default definePlugin({ activate() {} });' } });
  const plugin = host.manager.set.plugins[0]?.plugin;
  await plugin?.current();
  rmSync(join(host.home.logs, 'plugin-a.log'));
  kill(host.view('a').pid ?? 0);
  await until('the crash is known', () => host.view('a').error !== null);
  expect(host.view('a').error).toMatchObject({ code: 'PLUGIN_CRASHED' });
  expect((await plugin?.current())?.generation).toBe(2);
});
