import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, watch } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

/** The real command line as its users have it, beside a host that is a stub. */
export class Installation {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<Installation> {
    const folder = await mkdtemp(join(tmpdir(), 'kinoport-cli-'));
    await mkdir(join(folder, 'bin'));
    await copyFile(join(root, 'host/bin/kinoport.js'), join(folder, 'bin/kinoport.js'));
    await copyFile(join(root, 'host/package.json'), join(folder, 'package.json'));
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    await build({
      bundle: true,
      platform: 'node',
      format: 'esm',
      mainFields: ['module', 'main'],
      target: 'node22',
      logLevel: 'warning',
      splitting: true,
      chunkNames: 'chunks/[name]-[hash]',
      entryPoints: {
        cli: join(root, 'host/src/cli/main.ts'),
        host: join(root, 'test/host/cli/stub/stubHost.ts'),
      },
      outdir: join(folder, 'dist'),
      external: ['better-sqlite3'],
      alias: { '@kinoport/core': join(root, 'core/src/index.ts') },
      banner: {
        js: "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);",
      },
    });
    return new Installation(folder);
  }

  async dispose(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A finished command. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running command. */
export class Running {
  readonly process: ChildProcess;
  readonly finished: Promise<Finished>;
  stdout = '';
  stderr = '';
  readonly #waiting = new Set<() => void>();

  constructor(process: ChildProcess) {
    this.process = process;
    process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      for (const check of this.#waiting) check();
    });
    process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      for (const check of this.#waiting) check();
    });
    this.finished = new Promise((resolve) => {
      process.on('close', (code) => resolve({ code, stdout: this.stdout, stderr: this.stderr }));
    });
  }

  /** Resolves when the command has printed the text. */
  printed(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        if (!this.stdout.includes(text) && !this.stderr.includes(text)) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      this.process.once('close', () => {
        reject(new Error(`ended without "${text}":\n${this.stdout}\n${this.stderr}`));
      });
      check();
    });
  }

  lines(): readonly Record<string, unknown>[] {
    return this.stdout
      .trim()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  }
}

/** A home of one test. `dispose` ends every host that was started in it. */
export class TestHome {
  readonly folder: string;
  readonly #installation: Installation;
  readonly #running = new Set<Running>();

  private constructor(folder: string, installation: Installation) {
    this.folder = folder;
    this.#installation = installation;
  }

  static async make(installation: Installation, settings: Record<string, unknown> = {}): Promise<TestHome> {
    const folder = await mkdtemp(join(tmpdir(), 'kp-'));
    await mkdir(join(folder, 'data'), { mode: 0o700 });
    const home = new TestHome(folder, installation);
    await home.configure(settings);
    return home;
  }

  /** What the stub host does; read when one starts. */
  async configure(settings: Record<string, unknown>): Promise<void> {
    await writeFile(join(this.folder, 'data/stub.json'), JSON.stringify(settings));
  }

  start(...args: readonly string[]): Running {
    return this.startWith({}, ...args);
  }

  /** @param environment beside what every run has */
  startWith(environment: Record<string, string>, ...args: readonly string[]): Running {
    const child = spawn(process.execPath, [join(this.#installation.folder, 'bin/kinoport.js'), ...args], {
      cwd: this.folder,
      env: {
        PATH: process.env.PATH,
        KINOPORT_HOME: this.folder,
        DISPLAY: ':7',
        LANG: 'C.UTF-8',
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const running = new Running(child);
    this.#running.add(running);
    return running;
  }

  run(...args: readonly string[]): Promise<Finished> {
    return this.start(...args).finished;
  }

  async calls(): Promise<readonly { method: string; params: Record<string, unknown>; pid: number }[]> {
    return this.#lines('calls.jsonl').then((lines) => lines.map((line) => JSON.parse(line)));
  }

  async pids(): Promise<readonly number[]> {
    return (await this.#lines('pids')).map(Number);
  }

  /** Resolves when the host has been asked for a method a number of times. */
  async called(method: string, times = 1): Promise<void> {
    const enough = async (): Promise<boolean> =>
      (await this.calls()).filter((call) => call.method === method).length >= times;
    await new Promise<void>((resolve, reject) => {
      const check = (): void => {
        enough().then((yes) => {
          if (!yes) return;
          watcher.close();
          resolve();
        }, reject);
      };
      const watcher = watch(join(this.folder, 'data'), check);
      // What came before the watcher.
      check();
    });
  }

  async dispose(): Promise<void> {
    for (const running of this.#running) running.process.kill('SIGKILL');
    await Promise.all([...this.#running].map((running) => running.finished));
    for (const pid of await this.pids()) kill(pid);
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  async #lines(name: string): Promise<readonly string[]> {
    const file = join(this.folder, 'data', name);
    if (!existsSync(file)) return [];
    return (await readFile(file, 'utf8'))
      .trim()
      .split('\n')
      .filter((line) => line !== '');
  }
}

export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
