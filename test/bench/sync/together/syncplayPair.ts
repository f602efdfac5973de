import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, kill } from '../../../support/lab/processes.ts';
import { until } from '../../../support/lab/waiting.ts';
import { has, Server } from '../load/servers.ts';
import { SoundClock } from '../soundClock.ts';
import { DelayProxy } from './delayProxy.ts';
import { mpvArguments, type Pair, type PairOptions } from './pair.ts';
import { mpvBelow, suspended } from './players.ts';

const CONFIG = `[client_settings]
readyatstart = True
unpauseaction = Always
forceguiprompt = False
autoplayinitialstate = False
[general]
checkforupdatesautomatically = False
`;

/** Milliseconds: Python and Qt are slow to load where others work, and it opens its player once it is in the room. */
const STARTS = 60_000;

export const canSyncplay = (): boolean => has('syncplay') && has('syncplay-server') && has('mpv');

/** Two of Debian's Syncplay clients, each with its mpv, at Debian's server. */
export async function openSyncplayPair({ film, way, ppm = 0 }: PairOptions): Promise<Pair> {
  const server = await Server.syncplay();
  const proxy = way && (await DelayProxy.start(server.port, way));
  const port = proxy?.port ?? server.port;
  const clients: Client[] = [];
  const dispose = async (): Promise<void> => {
    for (const client of clients.splice(0)) await client.dispose();
    await proxy?.dispose();
    await server.dispose();
  };
  const enter = async (name: string, speed = 0): Promise<Client> => {
    const client = new Client({ name, film, port, ppm: speed });
    clients.push(client);
    await client.open();
    return client;
  };
  try {
    const first = await enter('first');
    const second = await enter('second', ppm);
    const hand = first.sound;
    return {
      first: first.sound,
      second: second.sound,
      play: () => hand.command('set', 'pause', 'no'),
      pause: () => hand.command('set', 'pause', 'yes'),
      seek: (position) => hand.command('seek', position, 'absolute+exact'),
      stop: (ms) => suspended(second.player, ms),
      late: async () => (await enter('late')).sound,
      speedChanges: () => undefined,
      dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** A Syncplay client as a person starts it, with a home of its own. */
class Client {
  readonly #child: ChildProcess;
  readonly #folder = mkdtempSync(join(tmpdir(), 'kp-syncplay-'));
  #sound: SoundClock | undefined;
  /** The last that it has printed. */
  #said = '';
  player = 0;

  constructor(options: { name: string; film: string; port: number; ppm: number }) {
    const config = join(this.#folder, 'config');
    mkdirSync(config);
    // Where it looks depends on its version.
    for (const name of [join(config, 'syncplay.ini'), join(this.#folder, '.syncplay')])
      writeFileSync(name, CONFIG);
    const { name, film, port, ppm } = options;
    this.#child = spawn(
      'syncplay',
      [
        ...['--no-gui', '--no-store', '-a', `127.0.0.1:${port}`, '-n', name, '-r', 'room'],
        ...['--player-path', '/usr/bin/mpv', film, '--', '--config=no', ...mpvArguments(ppm)],
        `--input-ipc-server=${join(this.#folder, 'mpv.sock')}`,
      ],
      {
        stdio: ['pipe', 'pipe', 'pipe'],
        env: { ...process.env, HOME: this.#folder, XDG_CONFIG_HOME: config, TMPDIR: this.#folder },
      },
    );
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        this.#said = `${this.#said}${chunk}`.slice(-2000);
      });
  }

  get sound(): SoundClock {
    if (!this.#sound) throw new Error('The player is not there yet.');
    return this.#sound;
  }

  async open(): Promise<void> {
    const mpv = await until('an mpv of Syncplay', () => this.#mpv(), { every: 50, timeout: STARTS });
    this.player = mpv.pid;
    // The socket's file is there before anybody listens.
    const connected = () => SoundClock.connect(mpv.socket).catch(() => undefined);
    const sound = await until('its socket', connected, { every: 50, timeout: STARTS });
    this.#sound = sound;
    sound.start();
    await until('its film', async () => typeof (await sound.property('duration')) === 'number', {
      every: 50,
      timeout: STARTS,
    });
  }

  #mpv(): ReturnType<typeof mpvBelow> {
    const { exitCode, signalCode, pid } = this.#child;
    if (exitCode !== null || signalCode !== null)
      throw new Error(`Syncplay has ended (${exitCode ?? signalCode}): ${this.#said}`);
    return mpvBelow(pid ?? 0);
  }

  async dispose(): Promise<void> {
    this.#sound?.dispose();
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'exit');
      this.#child.kill('SIGKILL');
      await ended;
    }
    kill(this.player);
    await until('the end of its mpv', () => this.player === 0 || !isAlive(this.player));
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}
