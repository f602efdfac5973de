import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { cpuSeconds } from '../../../support/lab/processes.ts';
import { until } from '../../../support/lab/waiting.ts';
import { inRepository } from '../../../support/repository.ts';
import { endWithUs } from './children.ts';
import type { ServerName } from './generator.ts';
import { withDescriptors } from './process.ts';

/** Descriptors of a server beside its connections; the relay keeps as many for others than members. */
const OWN_DESCRIPTORS = 300;

/** A server under load, in a process of its own. */
export class Server {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #folder: string | undefined;

  private constructor(child: ChildProcess, port: number, folder?: string) {
    this.#child = child;
    this.port = port;
    this.#folder = folder;
  }

  static start(name: ServerName): Promise<Server> {
    return name === 'kinoport' ? Server.relay() : Server.syncplay();
  }

  /**
   * The relay as a program of its own, without the limits per address: all clients come from this machine. `ahead`:
   * milliseconds by which its clock differs from the members', as another machine's does; `redis`: where its rooms are.
   */
  static async relay({
    ahead = 0,
    redis,
  }: {
    readonly ahead?: number;
    readonly redis?: string;
  } = {}): Promise<Server> {
    const program = inRepository('plugins/watch-together/dist/relay.js');
    const limits = ['--connections-per-address', '0', '--rooms-per-address', '0'];
    const places = ['--max-connections', '200000', '--max-rooms', '100000'];
    const rooms = redis === undefined ? [] : ['--redis', redis];
    const [file, args] = withDescriptors(process.execPath, [
      ...clockAhead(ahead),
      ...[program, '--port', '0', '--silent', ...limits, ...places, ...rooms],
    ]);
    const child = endWithUs(spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] }));
    const said = once(createInterface({ input: child.stdout }), 'line') as Promise<[string]>;
    const ended = once(child, 'exit').then(() => ['']);
    const [line = ''] = await Promise.race([said, ended]);
    const port = Number(/127\.0\.0\.1:(\d+)/.exec(line)?.[1]);
    if (!port) throw new Error('The relay does not start.');
    return new Server(child, port);
  }

  /** Debian's, with rooms that do not see each other. */
  static async syncplay(): Promise<Server> {
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), 'kp-syncplay-'));
    const [file, args] = withDescriptors('syncplay-server', ['--port', String(port), '--isolate-rooms']);
    const child = endWithUs(
      spawn(file, args, {
        stdio: 'ignore',
        env: { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder },
      }),
    );
    await until('a Syncplay server', () => isOpen(port));
    return new Server(child, port, folder);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Seconds of processor time so far. */
  get cpu(): number {
    return cpuSeconds(this.pid);
  }

  /** Resident memory, MB. */
  get memory(): number {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1]) / 1024;
  }

  /** Connections that it may have, by its limit of descriptors and with some left for itself. */
  get mostConnections(): number {
    const limits = readFileSync(`/proc/${this.pid}/limits`, 'utf8');
    return Number(/Max open files\s+(\d+)/.exec(limits)?.[1]) - OWN_DESCRIPTORS;
  }

  /** Kills it. */
  async dispose(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'exit');
      this.#child.kill('SIGKILL');
      await ended;
    }
    if (this.#folder) rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Makes Node's monotonic clock another one than that of the machine. */
function clockAhead(ms: number): readonly string[] {
  if (ms === 0) return [];
  const code = `const now = process.hrtime.bigint; process.hrtime.bigint = () => now() + ${ms}000000n;`;
  return ['--import', `data:text/javascript,${encodeURIComponent(code)}`];
}

/** Whether a program is on `PATH`. */
export function has(program: string): boolean {
  try {
    execFileSync('/bin/sh', ['-c', 'command -v "$1"', 'sh', program], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
