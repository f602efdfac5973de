import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { bigModule } from './bundle.ts';
import { memoryOf, took } from './lab.ts';
import { RealHost } from './realHost.ts';

const run = promisify(execFile);
/** Reloads before memory is looked at: what is loaded once is loaded then. */
const WARM_UP = 20;

export interface Reloads {
  /** Milliseconds of each. */
  readonly times: readonly number[];
  /** MB by which memory of the process that stays has grown meanwhile, when garbage has been collected. */
  readonly growth: number;
  /** The same with what garbage there is. */
  readonly grossGrowth: number;
}

/** Something that reloads a module of 1 MB, of which every version is another file. */
export interface Reloader {
  reload(): Promise<number>;
  memory(): number;
  /** Has garbage collected. */
  collect(): Promise<void>;
  dispose(): Promise<void>;
}

/** Takes them in turns, one reload each. */
export async function reloads<K extends string>(
  count: number,
  reloaders: Readonly<Record<K, Reloader>>,
): Promise<Record<K, Reloads>> {
  const names = Object.keys(reloaders) as K[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<K, number[]>;
  for (let round = 0; round < WARM_UP; round += 1) for (const name of names) await reloaders[name].reload();
  const before = await Promise.all(names.map((name) => measured(reloaders[name])));
  for (let round = 0; round < count; round += 1)
    for (const name of names) times[name].push(await reloaders[name].reload());
  const after = await Promise.all(names.map((name) => measured(reloaders[name])));
  return Object.fromEntries(
    names.map((name, n) => [
      name,
      {
        times: times[name],
        growth: (after[n]?.kept ?? 0) - (before[n]?.kept ?? 0),
        grossGrowth: (after[n]?.gross ?? 0) - (before[n]?.gross ?? 0),
      },
    ]),
  ) as unknown as Record<K, Reloads>;
}

async function measured(reloader: Reloader): Promise<{ readonly gross: number; readonly kept: number }> {
  const gross = reloader.memory();
  await reloader.collect();
  return { gross, kept: reloader.memory() };
}

/** The real host: from the command to the answer that calls go to the new generation. */
export async function hostReloader(): Promise<Reloader> {
  const folder = mkdtempSync(join(tmpdir(), 'kp-reload-'));
  const collector = join(folder, 'collector.mjs');
  writeFileSync(collector, "process.on('SIGUSR2', () => { gc({ type: 'major', flavor: 'last-resort' }); });");
  const host = new RealHost({ NODE_OPTIONS: `--expose-gc --import=${collector}` });
  const manifest = { contributes: { commands: [{ command: 'big', title: 'big' }] } };
  const code = (version: number): string =>
    `${bigModule(version)}\nexport default definePlugin({ activate(ctx) { ctx.commands.register('big', async () => {}); } });`;
  let version = 0;
  host.plugin('big', { manifest, code: code(version) });
  await host.start('big');
  const pid = await host.pid;
  return {
    async reload() {
      version += 1;
      host.plugin('big', { manifest, code: code(version) });
      const before = await host.view('big');
      const ms = await took(() => host.call('plugins.reload', { id: 'big' }));
      const after = await host.view('big');
      if (after.state !== 'active' || after.generation <= before.generation)
        throw new Error(`It was not reloaded: ${JSON.stringify(after)}`);
      return ms;
    },
    memory: () => memoryOf(pid).anonymous,
    async collect() {
      process.kill(pid, 'SIGUSR2');
      // It has been heard when the second of two answers is there.
      for (let n = 0; n < 2; n += 1) await host.view('big');
    },
    async dispose() {
      await host.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The module is imported once more, under another address: what Node itself has to offer. */
export const importReloader = (): Promise<Reloader> =>
  childReloader('', "await import(url + '?v=' + n);", undefined);

/** Cordis disposes the plugin with all of its effects, in order; its module is imported anew. */
export const cordisReloader = (): Promise<Reloader> =>
  childReloader(
    "import { Context } from 'cordis'; const ctx = new Context(); let fiber;",
    'await fiber?.dispose(); fiber = await ctx.plugin({ name: "big", apply: () => {}, ...(await import(url + "?v=" + n)) });',
    'cordis@3.18.1',
  );

async function childReloader(setup: string, step: string, install: string | undefined): Promise<Reloader> {
  const folder = mkdtempSync(join(tmpdir(), 'kp-reload-'));
  const file = join(folder, 'big.mjs');
  const code = `import { createInterface } from 'node:readline'; import { pathToFileURL } from 'node:url';
    const url = pathToFileURL(${JSON.stringify(file)}).href; let n = 0; ${setup}
    for await (const line of createInterface({ input: process.stdin })) {
      if (line === 'gc') { gc({ type: 'major', flavor: 'last-resort' }); console.log(0); continue; }
      const began = performance.now(); n += 1; ${step}
      console.log(performance.now() - began);
    }`;
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  writeFileSync(join(folder, 'main.mjs'), code);
  if (install) await run('npm', ['install', '--no-audit', '--no-fund', install], { cwd: folder });
  const child = spawn(process.execPath, ['--expose-gc', join(folder, 'main.mjs')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (what: string): Promise<number> => {
    child.stdin.write(`${what}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error('The process that reloads has ended.');
    return Number(value);
  };
  let version = 0;
  return {
    async reload() {
      version += 1;
      writeFileSync(file, bigModule(version));
      return ask('reload');
    },
    memory: () => memoryOf(child.pid ?? 0).anonymous,
    collect: async () => void (await ask('gc')),
    async dispose() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
