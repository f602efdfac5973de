import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test as base, expect } from 'vitest';
import type { HostEndpoint, PluginView, ProgressView } from '../../host/src/api/protocol.ts';
import { resolveHome } from '../../host/src/home/resolveHome.ts';
import { CommandLine, type Finished, type PrintedError } from './commandLine.ts';
import { MpvObserver } from './mpvObserver.ts';
import { eventually, MARK, markedProcesses } from './processes.ts';

/** Neither screen nor sound card, whatever the machine has. */
const QUIET_PLAYER = { config: { args: ['--vo=null', '--ao=null'] } };

export interface RunOptions {
  readonly environment?: NodeJS.ProcessEnv;
  readonly node?: readonly string[];
}

/** A viewer's machine: a home of its own, a folder for films, and all that runs in it. */
export class World {
  readonly folder: string;
  readonly home: string;
  readonly films: string;
  readonly configFile: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly #commands: CommandLine[] = [];
  readonly #observers: MpvObserver[] = [];

  constructor(parent = tmpdir()) {
    this.folder = mkdtempSync(join(parent, 'kp-'));
    this.home = join(this.folder, 'home');
    this.films = join(this.folder, 'films');
    this.configFile = join(this.home, 'config.jsonc');
    mkdirSync(this.home);
    mkdirSync(this.films);
    const { DISPLAY: _, WAYLAND_DISPLAY: __, ...own } = process.env;
    this.environment = {
      ...own,
      KINOPORT_HOME: this.home,
      // Nobody's own mpv.conf.
      HOME: this.folder,
      XDG_CONFIG_HOME: join(this.folder, 'xdg'),
      [MARK]: this.folder,
    };
    this.configure({});
  }

  /** Writes the config; plugins that are not named keep what tests need. */
  configure(config: {
    readonly plugins?: Readonly<Record<string, unknown>>;
    readonly [key: string]: unknown;
  }): void {
    const plugins = { mpv: QUIET_PLAYER, ...config.plugins };
    this.writeConfig(JSON.stringify({ ...config, plugins }));
  }

  writeConfig(text: string): void {
    writeFileSync(this.configFile, text);
  }

  film(name: string): string {
    return join(this.films, name);
  }

  /** Starts a command. */
  start(args: readonly string[], options: RunOptions = {}): CommandLine {
    const command = new CommandLine(args, {
      cwd: this.films,
      environment: { ...this.environment, ...options.environment },
      ...(options.node === undefined ? {} : { node: options.node }),
    });
    this.#commands.push(command);
    return command;
  }

  /** Runs a command to its end. */
  run(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
    return this.start(args, options).exit;
  }

  /** Runs a command that has to succeed, and gives what it printed as JSON. */
  async json<T>(...args: readonly string[]): Promise<T> {
    const { code, stdout, stderr } = await this.run([...args, '--json']);
    expect({ args, code, stderr }).toMatchObject({ code: 0 });
    return JSON.parse(stdout) as T;
  }

  /** Plays with `--json`. */
  play(...args: readonly string[]): CommandLine {
    return this.start(['play', ...args, '--json']);
  }

  progress(file: string): Promise<ProgressView> {
    return this.json<ProgressView>('progress', file);
  }

  plugins(): Promise<readonly PluginView[]> {
    return this.json<readonly PluginView[]>('plugin', 'list');
  }

  /** The process of a plugin. */
  async pluginPid(id: string): Promise<number> {
    const pid = (await this.plugins()).find((plugin) => plugin.id === id)?.pid;
    if (typeof pid !== 'number') throw new Error(`The plugin ${id} has no process.`);
    return pid;
  }

  /** What the running host tells of itself; `undefined` when there is none. */
  get host(): HostEndpoint | undefined {
    try {
      return JSON.parse(readFileSync(join(this.home, 'data', 'host.json'), 'utf8')) as HostEndpoint;
    } catch {
      return undefined;
    }
  }

  /** Connections to every mpv that runs in this home. */
  async players(): Promise<readonly MpvObserver[]> {
    const folder = resolveHome(this.environment, process.platform, this.folder).runtime;
    const sockets = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.sock'),
    );
    const found = await Promise.all(sockets.map((name) => MpvObserver.connect(join(folder, name))));
    const alive = found.filter((observer) => observer !== undefined);
    this.#observers.push(...alive);
    return alive;
  }

  /** The one mpv that runs. */
  async player(): Promise<MpvObserver> {
    const players = await this.players();
    const [player] = players;
    if (player === undefined || players.length > 1) throw new Error(`${players.length} players are running.`);
    return player;
  }

  logs(): string {
    const folder = join(this.home, 'logs');
    try {
      return readdirSync(folder)
        .map((name) => `--- ${name}\n${readFileSync(join(folder, name), 'utf8').slice(-6000)}`)
        .join('\n');
    } catch {
      return 'no logs';
    }
  }

  /** What every command has printed. */
  transcript(): string {
    return this.#commands
      .map(({ args, stdout, stderr }) => `$ kinoport ${args.join(' ')}\n${stdout}${stderr}`)
      .join('\n');
  }

  /** Ends everything as a viewer would, and names what stays nevertheless. */
  async dispose(): Promise<readonly string[]> {
    for (const observer of this.#observers) observer.close();
    for (const command of this.#commands) if (!command.hasEnded) command.kill('SIGKILL');
    await Promise.allSettled(this.#commands.map((command) => command.exit));
    // On its way out a host of a config or home that a test has broken ends by the signal that a system sends.
    if (markedProcesses(this.folder).length > 0) {
      const stopped = await this.run(['stop']);
      const pid = this.host?.pid;
      if (stopped.code !== 0 && pid !== undefined) process.kill(pid, 'SIGTERM');
    }
    const left = await eventually(
      'processes',
      () => markedProcesses(this.folder),
      (found) => found.length === 0,
      5000,
    ).catch(() => markedProcesses(this.folder));
    for (const { pid } of left) process.kill(pid, 'SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
    return left.map(({ pid, command }) => `${pid} ${command}`);
  }
}

/** A test with a machine of its own, which has to be quiet again when the test is over. */
export const test = base.extend<{ world: World }>({
  world: async ({ task, onTestFailed }, use) => {
    const world = new World();
    onTestFailed(() => console.error(`${basename(task.file.name)}: ${task.name}\n${story}`));
    let story = '';
    await use(world);
    story = `${world.transcript()}\n${world.logs()}`;
    const left = await world.dispose();
    expect(left, 'processes left behind').toEqual([]);
  },
});

/** One line of text with the code, and a hint that says what to do: how every error has to look. */
export async function expectError(
  world: World,
  args: readonly string[],
  expected: { readonly code: string; readonly exit: 1 | 2; readonly message: RegExp; readonly hint: RegExp },
  options: RunOptions = {},
): Promise<PrintedError> {
  const dashes = args.indexOf('--');
  const own = dashes < 0 ? args : args.slice(0, dashes);
  const command = world.start([...own, '--json', ...args.slice(own.length)], options);
  const { code, stdout, stderr } = await command.exit;
  const line = command.lines.find((l) => l.event === 'error' || l.error !== undefined);
  if (line === undefined) throw new Error(`No JSON error: exit ${code}\n${stdout}${stderr}`);
  const error = line.error ?? (line as PrintedError);
  expect({ exit: code, code: error.code, message: error.message }).toMatchObject({
    exit: expected.exit,
    code: expect.stringMatching(`^(?:${expected.code})$`),
    message: expect.stringMatching(expected.message),
  });
  expect(error.message, 'the message is one line').not.toContain('\n');
  expect(error.hint ?? '').toMatch(expected.hint);
  return error;
}
