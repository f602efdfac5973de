/** What a host is to its guardian: it holds the pipe, starts processes, and ends in order or not. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type Disposable, systemClock } from '@kinoport/core';
import { createLogger } from '../../../host/src/log/logger.ts';
import { ShellProcessGuard } from '../../../host/src/processes/shellGuard.ts';

const guard = new ShellProcessGuard(
  systemClock,
  createLogger((line) => process.stderr.write(line)),
);
const children = new Map<number, { readonly child: ChildProcess; readonly guarded: Disposable }>();

const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  busy: [process.execPath, '-e', 'console.log(1); for (;;);'],
  idle: [process.execPath, '-e', 'console.log(1); setInterval(() => {}, 1000);'],
  leader: ['/bin/sh', '-c', 'sleep 100 & echo $!; wait'],
};

const say = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

for await (const line of createInterface({ input: process.stdin })) {
  const [verb = '', what = ''] = line.split(' ');
  if (verb === 'start') {
    const [program = '', ...args] = PROGRAMS[what] ?? [];
    const group = what === 'leader';
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: group });
    const pid = child.pid ?? 0;
    children.set(pid, { child, guarded: guard.watch(pid, { group }) });
    child.stdout?.once('data', (text: Buffer) => say({ pid, said: Number(text), guardian: guard.pid }));
  } else if (verb === 'end') {
    const one = children.get(Number(what));
    one?.child.once('exit', async () => {
      await one.guarded.dispose();
      say({ ended: what });
    });
    one?.child.kill('SIGKILL');
  } else if (verb === 'guardian') {
    say({ guardian: guard.pid ?? null });
  } else {
    await guard.dispose();
    say({ disposed: true });
    process.exit(0);
  }
}
