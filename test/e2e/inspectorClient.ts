import { WebSocket } from 'ws';
import { within } from '../support/lab/waiting.ts';
import { eventually } from './processes.ts';

const PATIENCE = 30_000;

interface Result {
  readonly result?: { readonly value?: unknown };
  readonly callFrames?: readonly CallFrame[];
  readonly scriptId?: string;
  readonly url?: string;
}

interface CallFrame {
  readonly location: { readonly scriptId: string };
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Result;
  readonly result?: Result;
  readonly error?: { readonly message: string };
}

/** A debugger: finds the process as one does, by HTTP, and speaks the inspector protocol. */
export class InspectorClient {
  readonly closed: Promise<void>;
  readonly #socket: WebSocket;
  readonly #calls = new Map<number, PromiseWithResolvers<Result>>();
  readonly #events = new Map<string, PromiseWithResolvers<Result>>();
  /** Addresses by script. */
  readonly #scripts = new Map<string, string>();
  #last = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => undefined);
    socket.on('message', (data) => this.#received(JSON.parse(String(data)) as Message));
  }

  /** Again and again, until a process lets it in. */
  static async attach(port: number): Promise<InspectorClient> {
    const socket = await eventually(
      `a debugger on port ${port}`,
      () => connected(port).catch(() => undefined),
      (found) => found !== undefined,
      PATIENCE,
    );
    if (!socket) throw new Error('No process lets a debugger in.');
    return new InspectorClient(socket);
  }

  call(method: string, params: object = {}): Promise<Result> {
    this.#last += 1;
    const answer = Promise.withResolvers<Result>();
    this.#calls.set(this.#last, answer);
    this.#socket.send(JSON.stringify({ id: this.#last, method, params }));
    return within(method, PATIENCE, answer.promise);
  }

  /** The next event of that name. */
  next(event: string): Promise<Result> {
    const coming = Promise.withResolvers<Result>();
    this.#events.set(event, coming);
    return within(event, PATIENCE, coming.promise);
  }

  /** Where the code of a frame comes from. */
  scriptOf(frame: CallFrame | undefined): string | undefined {
    return this.#scripts.get(frame?.location.scriptId ?? '');
  }

  close(): void {
    this.#socket.terminate();
  }

  #received({ id, method = '', params = {}, result = {}, error }: Message): void {
    if (id === undefined) {
      if (params.scriptId !== undefined) this.#scripts.set(params.scriptId, params.url ?? '');
      this.#events.get(method)?.resolve(params);
      this.#events.delete(method);
      return;
    }
    if (error) this.#calls.get(id)?.reject(new Error(error.message));
    else this.#calls.get(id)?.resolve(result);
  }
}

async function connected(port: number): Promise<WebSocket> {
  const signal = AbortSignal.timeout(2_000);
  const list = (await (await fetch(`http://127.0.0.1:${port}/json/list`, { signal })).json()) as readonly {
    readonly webSocketDebuggerUrl: string;
  }[];
  const url = list[0]?.webSocketDebuggerUrl ?? '';
  if (new URL(url).port !== String(port)) throw new Error(`Led elsewhere: ${url}`);
  const socket = new WebSocket(url);
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  return socket;
}
