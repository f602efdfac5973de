import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DisposableStore } from '@kinoport/core';
import type { StreamOwner } from '../../../host/src/streams/front.ts';

/** Bytes in which every position of a 64 KiB window differs from its neighbours' windows. */
export function content(size: number): Buffer {
  return randomBytes(size);
}

export function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export async function tempFolder(store: DisposableStore): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'kp-streams-'));
  store.defer(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The response ended as its head announced. */
  readonly complete: boolean;
}

/** Sends a request as it stands (fetch would set Host and Origin as it likes) and gives the response at its head. */
export function open(
  url: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { hostname, port, pathname } = new URL(url);
    const outgoing = request({ hostname, port, path: pathname, method, headers, agent: false }, resolve);
    outgoing.on('error', reject);
    outgoing.end();
  });
}

export async function get(
  url: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Answer> {
  const response = await open(url, headers, method);
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch {
    // shows in `complete`
  }
  const { statusCode: status = 0, complete } = response;
  return { status, headers: response.headers, body: Buffer.concat(chunks), complete };
}

/** An owner whose generation a test sets and takes away. */
export class TestOwner implements StreamOwner {
  #socketPath: string | undefined;
  #waiting: (() => void)[] = [];
  acquired = 0;

  constructor(socketPath?: string) {
    this.#socketPath = socketPath;
  }

  set(socketPath: string | undefined): void {
    this.#socketPath = socketPath;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  async acquire(signal: AbortSignal): Promise<{ readonly socketPath: string }> {
    this.acquired++;
    while (this.#socketPath === undefined) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      signal.throwIfAborted();
    }
    return { socketPath: this.#socketPath };
  }
}

/** A plugin's process: a byte server over a file, in a process of its own. */
export interface PluginProcess {
  readonly child: ChildProcess;
  kill(): Promise<void>;
}

export async function startPlugin(
  store: DisposableStore,
  options: { readonly socketPath: string; readonly id: string; readonly file: string },
): Promise<PluginProcess> {
  const script = fileURLToPath(new URL('./byteServerProcess.ts', import.meta.url));
  const child = spawn(process.execPath, [script, options.socketPath, options.id, options.file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  store.defer(kill);
  const lines = createInterface({ input: child.stdout });
  await new Promise<void>((resolve, reject) => {
    lines.once('line', () => resolve());
    child.once('exit', (code) => reject(new Error(`the byte server's process ended with ${code}`)));
  });
  return { child, kill };
}
