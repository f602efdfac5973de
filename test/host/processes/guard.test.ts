import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { GUARDIAN, type GuardianMode, guardianStart } from '../../../host/src/processes/guardian.ts';
import { isAlive, kill, killed } from '../../support/lab/processes.ts';
import { until } from '../../support/lab/waiting.ts';
import { Script, scratchFolder } from '../storage/scratch.ts';

const pids = new Set<number>();
afterEach(() => {
  for (const pid of pids) kill(pid);
  pids.clear();
});

interface Started {
  readonly pid: number;
  readonly said: number;
  readonly guardian: number;
}

async function start(host: Script, what: 'busy' | 'idle' | 'leader'): Promise<Started> {
  host.tell(`start ${what}`);
  const started = (await host.next()) as Started;
  for (const pid of [started.pid, started.guardian, started.said]) if (pid > 1) pids.add(pid);
  return started;
}

const guardHost = (): Script => new Script('processes/guardHost.script.ts', []);
const gone = (...all: readonly number[]): Promise<unknown> =>
  until('their end', () => !all.some(isAlive), { timeout: 2_000 });

describe.skipIf(process.platform === 'win32')('when the host is killed', () => {
  it('a process in a busy loop, a stopped one and a group end with it, and so does the guardian', async () => {
    const host = guardHost();
    const busy = await start(host, 'busy');
    const stopped = await start(host, 'idle');
    const leader = await start(host, 'leader');
    process.kill(stopped.pid, 'SIGSTOP');
    await host.kill();
    await gone(busy.pid, stopped.pid, leader.pid, leader.said, busy.guardian);
  });

  it('they end even if the guardian was told to end, or the terminal hung up', async () => {
    const host = guardHost();
    const { pid, guardian } = await start(host, 'busy');
    for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM', 'SIGQUIT'] as const) process.kill(guardian, signal);
    await host.kill();
    await gone(pid, guardian);
  });

  it('they end even if the guardian was killed before: there is another', async () => {
    const host = guardHost();
    const { pid, guardian } = await start(host, 'busy');
    await killed(guardian);
    const next = await until('another guardian', async () => {
      host.tell('guardian');
      const answer = (await host.next()) as { guardian: number | null };
      return answer.guardian !== guardian && answer.guardian !== null && answer.guardian;
    });
    pids.add(next);
    await host.kill();
    await gone(pid, next);
  });

  it('one that had ended before is no concern', async () => {
    const host = guardHost();
    const { pid, guardian } = await start(host, 'busy');
    host.tell(`end ${pid}`);
    expect(await host.next()).toEqual({ ended: String(pid) });
    await host.kill();
    await gone(guardian);
  });
});

describe.skipIf(process.platform === 'win32')('the guardian', () => {
  it('has a session of its own, out of reach of a terminal', async () => {
    const host = guardHost();
    const { guardian } = await start(host, 'idle');
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${guardian}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      expect([stat[2], stat[3]]).toEqual([String(guardian), String(guardian)]);
    }
  });

  it.runIf(process.platform === 'linux')('needs less than 1 MB', async () => {
    const host = guardHost();
    const { guardian } = await start(host, 'idle');
    const kb = /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${guardian}/smaps_rollup`, 'utf8'))?.[1];
    expect(Number(kb)).toBeLessThan(1024);
  });

  it('ends with an orderly end of the host, and takes along what was forgotten', async () => {
    const host = guardHost();
    const { pid, guardian } = await start(host, 'idle');
    host.tell('dispose');
    expect(await host.next()).toEqual({ disposed: true });
    expect(isAlive(guardian)).toBe(false);
    await gone(pid);
  });

  it('is killed when it is stopped while the host ends', async () => {
    const host = guardHost();
    const { guardian } = await start(host, 'idle');
    process.kill(guardian, 'SIGSTOP');
    host.tell('dispose');
    expect(await host.next()).toEqual({ disposed: true });
    expect(isAlive(guardian)).toBe(false);
  });
});

describe.skipIf(process.platform === 'win32').each<[GuardianMode, NodeJS.Platform]>([
  ['proc', 'linux'],
  ['ps', 'darwin'],
])('by %s the guardian', (mode, platform) => {
  const available = mode === 'ps' || process.platform === 'linux';

  function program(name: string): ChildProcess & { readonly pid: number } {
    const child = spawn('sleep', ['100'], { argv0: name, stdio: 'ignore' });
    if (child.pid === undefined) throw new Error('sleep cannot be started.');
    pids.add(child.pid);
    return Object.assign(child, { pid: child.pid });
  }

  /** Runs the guardian on lines of its own, to the end. */
  async function guardian(shell: string, lines: readonly string[], path = process.env.PATH): Promise<void> {
    const child = spawn(shell, ['-c', GUARDIAN, 'guardian', mode], {
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { ...process.env, PATH: path },
    });
    child.stdin?.end(lines.join('\n'));
    expect(await once(child, 'exit')).toEqual([0, null]);
  }

  const shells = ['/bin/sh', '/bin/bash'].filter(existsSync);

  it.runIf(available).each(shells)('in %s kills a process that is still the same', async (shell) => {
    const one = program('one');
    const start = await guardianStart(one.pid, platform);
    const ended = once(one, 'exit');
    await guardian(shell, [`${one.pid} ${start}`, '']);
    expect(await ended).toEqual([null, 'SIGKILL']);
  });

  it.runIf(available).each(shells)('in %s leaves alone what has the pid by now', async (shell) => {
    const [other, listed] = [program('other'), program('listed')];
    const start = await guardianStart(listed.pid, platform);
    const ended = once(listed, 'exit');
    const earlier = mode === 'proc' ? '1' : 'Mon_Jun_2_10:11:12_2025';
    await guardian(shell, [`999999999 1 ${other.pid} ${earlier} ${listed.pid} ${start}`, '']);
    // The last of the list has been dealt with, so the other has been as well.
    await ended;
    expect(isAlive(other.pid)).toBe(true);
  });

  it.runIf(available)('believes the last whole line only', async () => {
    const [first, second] = [program('first'), program('second')];
    const entry = async (pid: number): Promise<string> => `${pid} ${await guardianStart(pid, platform)}`;
    const ended = once(first, 'exit');
    await guardian('/bin/sh', [await entry(second.pid), await entry(first.pid), await entry(second.pid)]);
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect(isAlive(second.pid)).toBe(true);
  });

  it.runIf(available)('takes nonsense for nothing', async () => {
    await guardian('/bin/sh', ['* ? $(touch x) `id`', '']);
    await guardian('/bin/sh', ['x - -', '']);
  });

  it.runIf(available)('waits for the healthy only where there is something to guard', async () => {
    const folder = scratchFolder();
    const waited = join(folder, 'waited');
    writeFileSync(join(folder, 'sleep'), `#!/bin/sh\necho "$1" > ${waited}\n`, { mode: 0o755 });
    const path = `${folder}:${process.env.PATH}`;
    await guardian('/bin/sh', [], path);
    await guardian('/bin/sh', ['999999999 1', '', ''], path);
    expect(existsSync(waited)).toBe(false);
    await guardian('/bin/sh', ['999999999 1', ''], path);
    expect(existsSync(waited)).toBe(true);
  });
});
