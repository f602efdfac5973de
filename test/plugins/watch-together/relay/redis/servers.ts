import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { inRepository } from '../../../../support/repository.ts';

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

async function end(child: ChildProcess | undefined): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'close');
}

/** A real redis-server that keeps nothing on disk: ended, it has forgotten everything. */
export class RedisServer implements AsyncDisposable {
  readonly port: number;
  readonly #folder = mkdtempSync(join(tmpdir(), 'redis-'));
  readonly #more: readonly string[];
  #child: ChildProcess | undefined;

  private constructor(port: number, more: readonly string[]) {
    this.port = port;
    this.#more = more;
  }

  static async start(...more: readonly string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), more);
    await server.begin();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async begin(): Promise<void> {
    const settings = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    const child = spawn('redis-server', [...settings, '--dir', this.#folder, ...this.#more], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.#child = child;
    for await (const line of createInterface({ input: child.stdout }))
      if (line.includes('Ready to accept connections')) break;
    child.stdout.resume();
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  kill(): Promise<void> {
    return end(this.#child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** The built relay as a process. */
export class RelayProcess implements AsyncDisposable {
  readonly url: string;
  readonly log: string[] = [];
  readonly child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.child = child;
    this.url = url;
  }

  static start(...argv: readonly string[]): Promise<RelayProcess> {
    return RelayProcess.within({}, ...argv);
  }

  /** With more in its environment. */
  static async within(environment: NodeJS.ProcessEnv, ...argv: readonly string[]): Promise<RelayProcess> {
    const program = inRepository('plugins/watch-together/dist/relay.js');
    const child = spawn(process.execPath, [program, '--port', '0', ...argv], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    const log: string[] = [];
    createInterface({ input: child.stderr }).on('line', (line) => log.push(line));
    const said = once(createInterface({ input: child.stdout }), 'line') as Promise<[string]>;
    const [line] = await Promise.race([said, once(child, 'close').then(() => [log.join('\n')])]);
    const relay = new RelayProcess(child, /https?:\/\/\S+/.exec(line ?? '')?.[0] ?? line ?? '');
    relay.log.push(...log);
    createInterface({ input: child.stderr }).on('line', (more) => relay.log.push(more));
    return relay;
  }

  kill(): Promise<void> {
    return end(this.child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
