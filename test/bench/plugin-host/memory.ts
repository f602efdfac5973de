import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { LabHome } from '../../support/lab/home.ts';
import { inRepository } from '../../support/repository.ts';
import { memoryOf, PluginHost, pluginOf } from './lab.ts';

const SIDE_BY_SIDE = 8;
/** What has just started still clears up after itself. */
const AT_REST = 2_000;

/** MB of each of 8 plugins that do nothing. */
export async function idlePlugins(): Promise<number[]> {
  const names = Array.from({ length: SIDE_BY_SIDE }, (_, n) => `idle${n}`);
  const idle = (name: string) => ({
    manifest: { contributes: { commands: [{ command: name, title: name }] } },
    code: `export default definePlugin({ activate(ctx) { ctx.commands.register('${name}', async () => {}); } });`,
  });
  const host = new PluginHost(Object.fromEntries(names.map((name) => [name, idle(name)])));
  try {
    await Promise.all(names.map((name) => pluginOf(host, name).current()));
    await pause(AT_REST);
    return names.map((name) => memoryOf(pluginOf(host, name).pid ?? 0).pss);
  } finally {
    await host.dispose();
  }
}

/** MB of each of 8 processes of Node that run not one line: what a plugin's process cannot be below. */
export async function bareNodes(): Promise<number[]> {
  const bare = (): ChildProcess =>
    spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' });
  const children = Array.from({ length: SIDE_BY_SIDE }, bare);
  try {
    await pause(AT_REST);
    return children.map(({ pid }) => memoryOf(pid ?? 0).pss);
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}

/** MB of the built-in plugins and of the host while a film plays. */
export async function builtins(): Promise<Readonly<Record<string, number>>> {
  const home = new LabHome();
  try {
    await home.play(inRepository('host/media/demo.mkv'));
    const running = (await home.call('plugins.list', {})) as readonly { id: string; pid: number | null }[];
    await pause(AT_REST);
    const pids = running.flatMap(({ id, pid }) => (pid === null ? [] : [[id, pid] as const]));
    return Object.fromEntries(
      [...pids, ['the host', await home.hostPid()] as const].map(([id, pid]) => [id, memoryOf(pid).pss]),
    );
  } finally {
    await home.dispose();
  }
}
