import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { inRepository } from '../repository.ts';
import { CommandRun } from './commandRun.ts';
import { isAlive, kill } from './processes.ts';
import { until } from './waiting.ts';

/** Arguments that make mpv play without screen and sound card, on a machine that has them too. */
export const SILENT_MPV = ['--vo=null', '--ao=null'] as const;

/** What the host has noted of a session that plays. */
export interface OpenSession {
  readonly id: string;
  readonly pid?: number;
  readonly endpoint?: { readonly socket?: string };
  readonly stream?: { readonly streamId: string };
}

export interface StoredProgress {
  readonly uri: string;
  readonly position: number;
  readonly duration: number | null;
  readonly watched: number;
  readonly updated_at: number;
}

interface HostFile {
  readonly pid: number;
  readonly port: number;
  readonly token: string;
}

export interface LabHomeOptions {
  readonly mpvArgs?: readonly string[];
  readonly entry?: string;
  readonly environment?: NodeJS.ProcessEnv;
  /** Settings of plugins beside mpv's, by their id. */
  readonly plugins?: Readonly<Record<string, object>>;
  /** A command that every other one is given to, as its last arguments; told where the home is. */
  readonly through?: (folder: string) => readonly [string, ...string[]];
}

/** A home of its own with the command line of the checkout, used as a person uses it. */
export class LabHome {
  readonly folder = mkdtempSync(join(tmpdir(), 'kp-lab-'));
  readonly #env: NodeJS.ProcessEnv;
  readonly #through: readonly string[];
  readonly #pids = new Set<number>();
  readonly #runs = new Set<CommandRun>();

  constructor(options: LabHomeOptions = {}) {
    const nobodysMpv = join(this.folder, 'mpv-conf');
    mkdirSync(nobodysMpv);
    this.entry = options.entry ?? inRepository('host/bin/kinoport.js');
    this.#env = { ...process.env, KINOPORT_HOME: this.folder, MPV_HOME: nobodysMpv, ...options.environment };
    this.#through = options.through?.(this.folder) ?? [];
    const others = Object.entries(options.plugins ?? {}).map(([id, each]) => [id, { config: each }]);
    const mpv = { config: { args: [...SILENT_MPV, ...(options.mpvArgs ?? [])] } };
    const config = { plugins: { ...Object.fromEntries(others), mpv } };
    writeFileSync(join(this.folder, 'config.jsonc'), JSON.stringify(config));
  }

  /** The file of the command. */
  readonly entry: string;

  start(...args: readonly string[]): CommandRun {
    return this.#start(args, false);
  }

  /** A command that lines are typed to. */
  startTyped(...args: readonly string[]): CommandRun {
    return this.#start(args, true);
  }

  #start(args: readonly string[], isTyped: boolean): CommandRun {
    const [program = '', ...rest] = [...this.#through, process.execPath, this.entry, ...args];
    const run = new CommandRun(program, rest, {
      env: this.#env,
      cwd: this.folder,
      isTyped,
    });
    this.#runs.add(run);
    run.ended.then(
      () => this.#runs.delete(run),
      () => this.#runs.delete(run),
    );
    return run;
  }

  /** Runs a command to its end. */
  async run(...args: readonly string[]): Promise<CommandRun> {
    const run = this.start(...args);
    await run.ended;
    return run;
  }

  /** `play --json`, followed until it plays. */
  async play(uri: string, ...args: readonly string[]): Promise<CommandRun> {
    const run = this.start('play', uri, '--json', ...args);
    await run.playing();
    return run;
  }

  get host(): HostFile | undefined {
    try {
      const file = JSON.parse(readFileSync(join(this.folder, 'data/host.json'), 'utf8')) as HostFile;
      this.#pids.add(file.pid);
      return isAlive(file.pid) ? file : undefined;
    } catch {
      return undefined;
    }
  }

  hostPid(): Promise<number> {
    return until('a host', () => this.host?.pid);
  }

  /** Of the generation that runs; with `before`, of one after that. */
  pluginPid(id: string, before?: number): Promise<number> {
    return until(`a process of the plugin ${id}`, async () => {
      const list = (await this.call('plugins.list', {})) as readonly { id: string; pid: number | null }[];
      const pid = list.find((plugin) => plugin.id === id)?.pid;
      return typeof pid === 'number' && pid !== before && pid;
    });
  }

  /** A call of the local API, as the command line makes it for the keys of a terminal. */
  async call(method: string, params: object): Promise<unknown> {
    const host = await until('a host', () => this.host);
    const response = await fetch(`http://127.0.0.1:${host.port}/v1/${method}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${host.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(params),
    });
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`${method}: ${JSON.stringify(answer)}`);
    return answer;
  }

  seek(position: number): Promise<unknown> {
    return this.call('playback.command', { command: { name: 'seek', position } });
  }

  /** What plays, by the host's own journal; waits until the player has a socket. */
  async session(): Promise<OpenSession & { readonly pid: number; readonly socket: string }> {
    const session = await until('a session in the journal', () => {
      const open = this.openSessions().at(-1);
      const socket = open?.endpoint?.socket;
      return open?.pid !== undefined && socket !== undefined && { ...open, pid: open.pid, socket };
    });
    this.#pids.add(session.pid);
    return session;
  }

  openSessions(): readonly OpenSession[] {
    return this.query<{ entry: string }>('SELECT entry FROM sessions ORDER BY started_at').map(
      (row) => JSON.parse(row.entry) as OpenSession,
    );
  }

  /** The newest row, read past the host, straight from the database. */
  stored(): StoredProgress | undefined {
    return this.query<StoredProgress>('SELECT * FROM items ORDER BY updated_at DESC LIMIT 1')[0];
  }

  get databaseFile(): string {
    return join(this.folder, 'data/kinoport.db');
  }

  query<T>(sql: string): readonly T[] {
    if (!existsSync(this.databaseFile)) return [];
    const database = new Database(this.databaseFile, { readonly: true, timeout: 2000 });
    try {
      return database.prepare<[], T>(sql).all();
    } catch (error) {
      // A host that is just starting has made the file and not yet the tables.
      if (error instanceof Error && /no such table/.test(error.message)) return [];
      throw error;
    } finally {
      database.close();
    }
  }

  /** The address at which players read what plays. */
  async streamUrl(): Promise<string> {
    const { stream } = await this.session();
    const port = this.query<{ value: string }>(
      "SELECT value FROM key_values WHERE key = 'streamFront.port'",
    )[0]?.value;
    if (stream === undefined || port === undefined) throw new Error('What plays does not come as a stream.');
    return `http://127.0.0.1:${port}/s/${stream.streamId}/film.mkv`;
  }

  /** A file below the home, empty where there is none. */
  read(name: string): string {
    const file = join(this.folder, name);
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  /** Ends the host and everything that plays. */
  async stop(): Promise<void> {
    const host = this.host;
    if (host === undefined) return;
    await this.run('stop', '-q');
    await until('the end of the host', () => !isAlive(host.pid));
  }

  async dispose(): Promise<void> {
    try {
      await this.stop();
    } finally {
      for (const run of this.#runs) kill(run.pid);
      for (const session of this.openSessions()) if (session.pid) this.#pids.add(session.pid);
      for (const pid of this.#pids) if (isAlive(pid)) kill(pid);
      rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    }
  }
}
