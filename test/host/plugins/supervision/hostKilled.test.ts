/** What is left of a host that cannot say goodbye, and of one that can. With the real program. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive, kill } from '../../../support/lab/processes.ts';
import { until } from '../../../support/lab/waiting.ts';
import { CliHome, lines } from '../support/cliHome.ts';

const CODE = `export default { activate(ctx) {
  ctx.commands.register(ctx.plugin.id + '-begin', async (_input, io) => {
    const { pid } = await ctx.processes.spawn('sleep', ['100'], { lifetime: 'generation' });
    io.line(process.pid + ' ' + pid);
    return 0;
  });
  ctx.commands.register(ctx.plugin.id + '-spin', async () => { for (;;); });
} };`;

let home: CliHome;
const pids = new Set<number>();

beforeEach(() => {
  home = new CliHome();
  for (const id of ['one', 'two', 'three'])
    home.plugin(
      id,
      {
        permissions: { spawn: [{ command: 'sleep' }] },
        contributes: {
          commands: [`${id}-begin`, `${id}-spin`].map((command) => ({ command, title: command })),
        },
      },
      CODE,
    );
  home.config({ plugins: { './one': true, './two': true, './three': true } });
});
afterEach(async () => {
  for (const pid of pids) kill(pid);
  pids.clear();
  await home.dispose();
});

/** Starts a plugin and a program of its own: their processes. */
async function begin(id: string): Promise<readonly [plugin: number, program: number]> {
  const { stdout, stderr } = await home.run(`${id}-begin`);
  const [plugin = 0, program = 0] = (lines(stdout)[0] ?? '').split(' ').map(Number);
  if (plugin === 0 || program === 0) throw new Error(stderr);
  for (const pid of [plugin, program]) pids.add(pid);
  return [plugin, program];
}

function hostPid(): number {
  const { pid } = JSON.parse(readFileSync(join(home.folder, 'data/host.json'), 'utf8')) as { pid: number };
  pids.add(pid);
  return pid;
}

/** The guardian is the host's only child that is a shell. */
function guardianOf(host: number): number {
  const text = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,command='], { encoding: 'utf8' });
  const found = text
    .split('\n')
    .find((line) => line.includes('kinoport-guardian') && line.trim().split(/ +/)[1] === String(host));
  const pid = Number(found?.trim().split(/ +/)[0]);
  expect(pid).toBeGreaterThan(1);
  pids.add(pid);
  return pid;
}

const alive = (all: readonly number[]): readonly number[] => all.filter(isAlive);

describe.skipIf(process.platform === 'win32')('nothing of the plugins is left', () => {
  it('when the host is killed: not one in a busy loop, not one that is stopped, not their programs', async () => {
    const all = [...(await begin('one')), ...(await begin('two')), ...(await begin('three'))];
    const [healthy = 0, , busy = 0, , stopped = 0] = all;
    const spinning = home.start('two-spin');
    await until('the busy loop', () => isBusy(busy));
    process.kill(stopped, 'SIGSTOP');
    const host = hostPid();
    const guardian = guardianOf(host);
    expect(alive([...all, guardian])).toEqual([...all, guardian]);
    expect(healthy).not.toBe(busy);
    kill(host);
    await until('the end of all', () => alive([...all, guardian]).length === 0, { timeout: 2_000 });
    expect((await spinning.ended).code).toBe(1);
  });

  it('when it ends in order, and nothing of the guardian', async () => {
    const all = [...(await begin('one')), ...(await begin('two'))];
    const guardian = guardianOf(hostPid());
    expect((await home.run('stop')).code).toBe(0);
    expect(alive([...all, guardian])).toEqual([]);
  });
});

/** Whether a process runs at this moment; the one in a busy loop always does. */
function isBusy(pid: number): boolean {
  return execFileSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('R');
}
