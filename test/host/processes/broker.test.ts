import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DisposableStore } from '@kinoport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BrokeredProcess } from '../../../host/src/processes/broker.ts';
import { LocalProcessBroker } from '../../../host/src/processes/processBroker.ts';

let store: DisposableStore;
let broker: LocalProcessBroker;
let folder: string;
let logFile: string;

beforeEach(async () => {
  store = new DisposableStore();
  folder = await mkdtemp(path.join(tmpdir(), 'kp-broker-'));
  store.defer(() => rm(folder, { recursive: true, force: true }));
  broker = store.add(
    new LocalProcessBroker({ ...process.env, KINOPORT_TOKEN: 'secret', kinoport_home: 'x', OWN: 'host' }),
  );
  logFile = path.join(folder, 'logs', 'program.log');
});
afterEach(() => store.dispose());

async function start(script: string, args: readonly string[] = []): Promise<BrokeredProcess> {
  const started = await broker.spawn('sh', ['-c', script, 'sh', ...args], { logFile });
  store.defer(async () => {
    await started.kill('SIGKILL');
    await started.exited;
  });
  return started;
}

/** Resolves when a file has something in it. */
async function written(file: string): Promise<string> {
  for (;;) {
    const text = await readFile(file, 'utf8').catch(() => '');
    if (text.endsWith('\n')) return text.trim();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('run', () => {
  it('gives exit code and both outputs, with empty input and arguments as they are', async () => {
    const script = 'cat; echo "$1"; echo oops >&2; exit 3';
    expect(await broker.run('sh', ['-c', script, 'sh', '$(touch x) "a b" *'])).toEqual({
      exitCode: 3,
      signal: null,
      stdout: '$(touch x) "a b" *\n',
      stderr: 'oops\n',
    });
  });

  it('tells the signal that ended a program', async () => {
    expect(await broker.run('sh', ['-c', 'kill -9 $$'])).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
  });

  it('keeps the first MiB of an endless talker and lets it come to its end', async () => {
    const script = 'head -c 5000000 /dev/zero; head -c 3000000 /dev/zero >&2; exit 7';
    const { exitCode, stdout, stderr } = await broker.run('sh', ['-c', script]);
    expect([exitCode, stdout.length, stderr.length]).toEqual([7, 1_048_576, 1_048_576]);
  });

  it('kills after the timeout, also one that ignores the polite signal', async () => {
    const polite = await broker.run('sh', ['-c', 'echo begun; exec sleep 60'], { timeout: 300 });
    expect(polite).toMatchObject({ exitCode: null, signal: 'SIGTERM', stdout: 'begun\n' });
    const stubborn = await broker.run(process.execPath, ['-e', STUBBORN], { timeout: 500 });
    expect(stubborn).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
  });

  it('does not wait for a grandchild that holds the output', async () => {
    const pidFile = path.join(folder, 'pid');
    const script = 'sleep 60 & echo $! > "$1"; echo done; exit 6';
    const result = await broker.run('sh', ['-c', script, 'sh', pidFile]);
    expect(result).toEqual({ exitCode: 6, signal: null, stdout: 'done\n', stderr: '' });
    process.kill(Number(await written(pidFile)), 'SIGKILL');
  });

  it('ends with the signal, before and during', async () => {
    const controller = new AbortController();
    const file = path.join(folder, 'begun');
    const work = broker.run('sh', ['-c', 'echo yes > "$1"; exec sleep 60', 'sh', file], {
      signal: controller.signal,
    });
    const rejected = expect(work).rejects.toMatchObject({ code: 'ABORTED' });
    await written(file);
    controller.abort();
    await rejected;
    await expect(broker.run('true', [], { signal: controller.signal })).rejects.toMatchObject({
      code: 'ABORTED',
    });
  });

  it('ends with the broker', async () => {
    const file = path.join(folder, 'begun');
    const work = broker.run('sh', ['-c', 'echo yes > "$1"; exec sleep 60', 'sh', file]);
    const rejected = expect(work).rejects.toMatchObject({ code: 'ABORTED' });
    await written(file);
    await broker.dispose();
    await rejected;
    await expect(broker.run('true', [])).rejects.toMatchObject({ code: 'DISPOSED' });
  });

  it('says what to do when the program is missing or may not be executed', async () => {
    await expect(broker.run('kinoport-no-such-program', [])).rejects.toMatchObject({
      code: 'PROCESS_SPAWN_FAILED',
      message: expect.stringContaining('kinoport-no-such-program'),
      hint: expect.stringContaining('Install it'),
    });
    await writeFile(path.join(folder, 'plain'), 'text', { mode: 0o600 });
    await expect(broker.run(path.join(folder, 'plain'), [])).rejects.toMatchObject({
      code: 'PROCESS_SPAWN_FAILED',
      hint: expect.stringContaining('permissions'),
    });
  });

  it("passes the host's environment without the product's variables", async () => {
    const { stdout } = await broker.run('env', [], {
      env: { ADDED: 'given', KINOPORT_SESSION: 'given too' },
    });
    const lines = stdout.split('\n');
    expect(lines).toEqual(expect.arrayContaining(['OWN=host', 'ADDED=given', 'KINOPORT_SESSION=given too']));
    expect(stdout).not.toMatch(/KINOPORT_TOKEN|kinoport_home|secret/);
  });
});

const STUBBORN = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)";

describe('spawn', () => {
  it('appends output to the log and tells exit code and the last of it', async () => {
    const first = await start('echo one; echo two >&2; exit 4');
    expect(await first.exited).toEqual({ exitCode: 4, signal: null, output: 'one\ntwo\n' });
    const second = await start('echo three');
    expect(await second.exited).toEqual({ exitCode: 0, signal: null, output: 'three\n' });
    expect(await readFile(logFile, 'utf8')).toBe('one\ntwo\nthree\n');
    expect((await stat(logFile)).mode & 0o777).toBe(0o600);
  });

  it('gives the last lines, at most 4 KiB, of one that talks much', async () => {
    const { exited } = await start('i=0; while [ $i -lt 2000 ]; do echo "line $i"; i=$((i+1)); done');
    const { output } = await exited;
    expect(output.length).toBeLessThanOrEqual(4096);
    expect(output.length).toBeGreaterThan(4000);
    expect(output).toMatch(/^line \d+\n/);
    expect(output).toMatch(/\nline 1999\n$/);
  });

  it('starts in a session of its own, without input, in the folder asked for', async () => {
    const started = await broker.spawn('sh', ['-c', 'cat; pwd; ps -o sid= -p $$; echo "$ADDED"'], {
      logFile,
      cwd: folder,
      environment: { ADDED: 'yes' },
    });
    const { output } = await started.exited;
    const [cwd, sid, added] = output.split('\n').map((line) => line.trim());
    expect([cwd, Number(sid), added]).toEqual([folder, started.pid, 'yes']);
  });

  it('kills, with the helpers of its session, and does nothing after the end', async () => {
    const file = path.join(folder, 'pid');
    const started = await start('sleep 60 & echo $! > "$1"; wait', [file]);
    const helper = Number(await written(file));
    const helperStart = await broker.pidStartTime(helper);
    expect(helperStart).toBeDefined();
    await started.kill('SIGKILL');
    expect(await started.exited).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
    while (await broker.isSameProcess(helper, helperStart)) await new Promise((r) => setTimeout(r, 5));
    await started.kill('SIGKILL');
    await started.kill();
  });

  it('ends politely by default', async () => {
    const file = path.join(folder, 'ready');
    const started = await start(
      'trap "echo bye; exit 5" TERM; echo yes > "$1"; while :; do sleep 0.05; done',
      [file],
    );
    await written(file);
    await started.kill();
    expect(await started.exited).toEqual({ exitCode: 5, signal: null, output: 'bye\n' });
  });

  it('leaves programs alone when the broker is disposed', async () => {
    const started = await start('exec sleep 60');
    await broker.dispose();
    expect(await broker.isSameProcess(started.pid, started.pidStart)).toBe(true);
  });

  it('says why a program cannot be started', async () => {
    await expect(broker.spawn('kinoport-no-such-program', [], { logFile })).rejects.toMatchObject({
      code: 'PROCESS_SPAWN_FAILED',
      hint: expect.stringContaining('Install it'),
    });
    await expect(broker.spawn('true', [], { logFile, cwd: '/no/such' })).rejects.toMatchObject({
      code: 'PROCESS_SPAWN_FAILED',
      hint: expect.stringContaining('/no/such'),
    });
    await writeFile(path.join(folder, 'file'), '');
    const bad = { logFile: path.join(folder, 'file', 'x.log') };
    await expect(broker.spawn('true', [], bad)).rejects.toMatchObject({
      code: 'PROCESS_SPAWN_FAILED',
      hint: expect.stringContaining('x.log'),
    });
  });

  it('puts a log of more than 5 MiB aside, also under a program that runs', async () => {
    const go = path.join(folder, 'go');
    const first = await start('echo old; while [ ! -e "$1" ]; do sleep 0.02; done; echo last', [go]);
    await written(logFile);
    await truncate(logFile, 5 * 1024 * 1024 + 1);
    const second = await start('echo new');
    expect((await second.exited).output).toBe('new\n');
    expect(await readFile(logFile, 'utf8')).toBe('new\n');
    expect((await stat(`${logFile}.1`)).size).toBe(5 * 1024 * 1024 + 1);
    await writeFile(go, '');
    expect((await first.exited).output).toMatch(/last\n$/);
  });
});

describe('a pid with its start time', () => {
  it('names a process while it runs, and no other', async () => {
    const started = await start('exec sleep 60');
    expect(started.pidStart).toBeDefined();
    expect(await broker.pidStartTime(started.pid)).toBe(started.pidStart);
    expect(await broker.isSameProcess(started.pid, started.pidStart)).toBe(true);
    expect(await broker.isSameProcess(started.pid, await broker.pidStartTime(process.pid))).toBe(false);
    expect(await broker.isSameProcess(started.pid, undefined)).toBe(false);
    await started.kill('SIGKILL');
    await started.exited;
    expect(await broker.isSameProcess(started.pid, started.pidStart)).toBe(false);
  });

  it('counts a zombie as dead', async () => {
    // The parent becomes a program that never reaps the child it inherits.
    const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const gone = new Promise((resolve) => parent.once('exit', resolve));
    store.defer(async () => {
      parent.kill('SIGKILL');
      await gone;
    });
    const pid = Number(await new Promise<Buffer>((resolve) => parent.stdout.once('data', resolve)));
    const state = async (): Promise<string | undefined> =>
      (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.[0];
    while ((await state()) !== 'Z') await new Promise((resolve) => setTimeout(resolve, 5));
    process.kill(pid, 0); // signal 0 still takes it for alive
    expect(await broker.pidStartTime(pid)).toBeUndefined();
  });

  it('is nothing for what cannot be a pid', async () => {
    for (const pid of [0, -1, 1.5, Number.NaN, 2 ** 30])
      expect(await broker.pidStartTime(pid)).toBeUndefined();
  });
});
