import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inRepository } from '../../../support/repository.ts';
import { OPEN_PERMISSIONS } from './openPermissions.ts';

/** A command of the program that runs, with pipes for its input and output. */
export class CliRun {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
  stdout = '';
  stderr = '';
  readonly #waiting = new Set<() => void>();

  constructor(child: ChildProcess) {
    this.child = child;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      for (const check of [...this.#waiting]) check();
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      for (const check of [...this.#waiting]) check();
    });
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, stdout: this.stdout, stderr: this.stderr }));
    });
  }

  /** Resolves when standard output holds the text, from a place on. */
  printed(text: string, from = 0): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        if (!this.stdout.includes(text, from)) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      this.child.once('close', () =>
        reject(new Error(`It ended without printing "${text}":\n${this.stdout}\n${this.stderr}`)),
      );
      check();
    });
  }
}

/** A home of one test, used through the command line of the checkout as a person uses it. */
export class CliHome {
  readonly folder = mkdtempSync(join(tmpdir(), 'kp-plug-'));
  readonly entry = inRepository('host/bin/kinoport.js');
  readonly env: NodeJS.ProcessEnv;

  constructor() {
    mkdirSync(join(this.folder, 'mpv-conf'));
    this.env = { ...process.env, KINOPORT_HOME: this.folder, MPV_HOME: join(this.folder, 'mpv-conf') };
  }

  config(value: object): void {
    const plugins = (value as { readonly plugins?: object }).plugins ?? {};
    const mpv = { config: { args: ['--vo=null', '--ao=null'] } };
    writeFileSync(
      join(this.folder, 'config.jsonc'),
      JSON.stringify({ ...value, plugins: { mpv, ...plugins } }),
    );
  }

  /** A plugin in a folder of the home: its manifest and its entry module. */
  plugin(name: string, kinoport: object, code: string, more: object = {}): string {
    const root = join(this.folder, name);
    mkdirSync(root, { recursive: true });
    const manifest = {
      name: `kinoport-plugin-${name}`,
      version: '1.0.0',
      type: 'module',
      main: './index.js',
      engines: { kinoport: '^0.1.0' },
      kinoport: { permissions: OPEN_PERMISSIONS, ...kinoport },
      ...more,
    };
    writeFileSync(join(root, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(root, 'index.js'), code);
    return root;
  }

  start(...args: readonly string[]): CliRun {
    return new CliRun(
      spawn(process.execPath, [this.entry, ...args], {
        env: this.env,
        cwd: this.folder,
        stdio: ['pipe', 'pipe', 'pipe'],
      }),
    );
  }

  /** Runs a command to its end, with nothing to read. */
  run(...args: readonly string[]): CliRun['ended'] {
    const run = this.start(...args);
    run.child.stdin?.end();
    return run.ended;
  }

  /** The JSON values that a command printed, one a line. */
  async json<T>(...args: readonly string[]): Promise<readonly T[]> {
    const { stdout } = await this.run(...args, '--json');
    return lines(stdout).map((line) => JSON.parse(line) as T);
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), 'utf8');
  }

  async dispose(): Promise<void> {
    await this.run('stop');
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

export function lines(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '');
}
