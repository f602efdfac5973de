import { isAlive, kill } from '../../support/lab/processes.ts';
import { instant, until } from '../../support/lab/waiting.ts';
import { took } from './lab.ts';
import { RealHost } from './realHost.ts';

/** Milliseconds from the command to a host that answers, with the built-in plugins and eight more, none needed yet. */
export async function hostReady(): Promise<number> {
  const host = new RealHost();
  try {
    const names = Array.from({ length: 8 }, (_, n) => `lazy${n}`);
    for (const name of names) {
      host.plugin(name, {
        manifest: { contributes: { commands: [{ command: name, title: name }] } },
        code: `export default definePlugin({ activate(ctx) { ctx.commands.register('${name}', async () => {}); } });`,
      });
    }
    return await took(() => host.start(...names));
  } finally {
    await host.dispose();
  }
}

/** Milliseconds from the kill of the host to the end of the last plugin's process, of one that hangs too. */
export async function hostKilled(): Promise<number> {
  const host = new RealHost();
  const plugin = (name: string, activate: string) =>
    host.plugin(name, {
      manifest: { activationEvents: ['onStartup'] },
      code: `export default definePlugin({ activate() { ${activate} } });`,
    });
  const pids: number[] = [];
  try {
    plugin('rests', '');
    plugin('deaf', "setInterval(() => {}, 1000); process.on('SIGTERM', () => {});");
    plugin('hangs', 'setTimeout(() => { for (;;); }, 300);');
    await host.start('rests', 'deaf', 'hangs');
    const views = await until('three plugins', async () => {
      const all = await Promise.all(['rests', 'deaf', 'hangs'].map((id) => host.view(id)));
      return all.every(({ state }) => state === 'active') && all;
    });
    for (const { pid } of views) if (pid !== null) pids.push(pid);
    await until('one that hangs', async () => (await host.view('hangs')).unresponsive, { timeout: 20_000 });
    const began = instant();
    kill(await host.pid);
    await until('the end of all', () => !pids.some(isAlive), { timeout: 30_000, every: 5 });
    return instant() - began;
  } finally {
    for (const pid of pids) if (isAlive(pid)) kill(pid);
    await host.dispose();
  }
}
