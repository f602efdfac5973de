import { connect, type Socket } from 'node:net';
import { abortedError, Emitter, type JsonObject, type JsonValue, KinoportError } from '@kinoport/core';

/** An event of mpv as it comes over the socket. */
export interface MpvEvent extends JsonObject {
  readonly event: string;
}

/** A command as mpv takes it: positional, or with named arguments. */
export type MpvCommand = readonly JsonValue[] | JsonObject;

export interface CommandSettings {
  readonly signal?: AbortSignal;
  /** Runs while the reply is read, before any later message: for those who must know the order. */
  readonly onReply?: (data: JsonValue | undefined) => void;
  /** mpv does the work beside its main loop. */
  readonly async?: boolean;
}

/** A command serialised in advance, for when the instant of sending matters. */
export interface PreparedCommand {
  send(): Promise<JsonValue | undefined>;
}

interface Pending {
  readonly name: string;
  readonly onReply: ((data: JsonValue | undefined) => void) | undefined;
  readonly resolve: (data: JsonValue | undefined) => void;
  readonly reject: (error: unknown) => void;
}

const MAX_LINE = 4 * 1024 * 1024;
const MAX_PENDING = 512;
// mpv 0.35.1 that seeks while its server refuses connections answers nothing for about 10 s.
const REPLY_TIMEOUT = 45_000;

/** mpv's JSON IPC: one JSON message a line, over a unix socket or a Windows named pipe. */
export class IpcClient {
  readonly #socket: Socket;
  readonly #pending = new Map<number, Pending>();
  readonly #event = new Emitter<MpvEvent>();
  readonly #settled = new Emitter<void>();
  readonly #close = new Emitter<void>();
  #parts: string[] = [];
  #partsLength = 0;
  #nextId = 1;
  #closed = false;

  /** Every event, in order, at the moment it is read. */
  readonly onDidReceive = this.#event.event;
  /** After all messages that came together were read. */
  readonly onDidSettle = this.#settled.event;
  /** The connection is over; fires once. */
  readonly onDidClose = this.#close.event;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => this.#read(chunk));
    socket.on('error', () => this.#end());
    socket.on('close', () => this.#end());
  }

  /** One attempt. Rejects with the system's error (`ENOENT`, `ECONNREFUSED`) when nobody listens. */
  static connect(path: string): Promise<IpcClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new IpcClient(socket));
      });
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** @throws KinoportError `PLAYER_COMMAND_FAILED` with mpv's own words, `PLAYER_GONE`, `ABORTED` */
  command(command: MpvCommand, settings: CommandSettings = {}): Promise<JsonValue | undefined> {
    return this.prepare(command, settings).send();
  }

  /** Serialises now, sends later. */
  prepare(command: MpvCommand, settings: CommandSettings = {}): PreparedCommand {
    const id = this.#nextId++;
    const line = `${JSON.stringify({ command, request_id: id, ...(settings.async ? { async: true } : {}) })}\n`;
    const first = Array.isArray(command) ? command[0] : (command as JsonObject).name;
    return { send: () => this.#send(id, String(first), line, settings) };
  }

  #send(id: number, name: string, line: string, settings: CommandSettings): Promise<JsonValue | undefined> {
    const { signal, onReply } = settings;
    if (this.#closed) return Promise.reject(goneError());
    if (signal?.aborted) return Promise.reject(abortedError());
    if (this.#pending.size >= MAX_PENDING) {
      return Promise.reject(
        new KinoportError('PLAYER_COMMAND_FAILED', 'mpv has too many commands waiting.', {
          hint: 'Wait for the commands before, or stop the player.',
        }),
      );
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        finish();
        reject(
          new KinoportError('PLAYER_COMMAND_FAILED', `mpv does not answer the command "${name}".`, {
            hint: 'The player may hang; close its window and play again.',
          }),
        );
      }, REPLY_TIMEOUT);
      const aborted = (): void => {
        finish();
        reject(abortedError());
      };
      const finish = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', aborted);
        this.#pending.delete(id);
      };
      signal?.addEventListener('abort', aborted, { once: true });
      this.#pending.set(id, {
        name,
        onReply,
        resolve: (data) => {
          finish();
          resolve(data);
        },
        reject: (error) => {
          finish();
          reject(error);
        },
      });
      this.#socket.write(line);
    });
  }

  /** Closes the connection; mpv goes on. Waiting commands reject with `PLAYER_GONE`. */
  dispose(): void {
    this.#end();
    this.#socket.destroy();
  }

  #read(chunk: string): void {
    let from = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', from)) {
      this.#parts.push(chunk.slice(from, end));
      const line = this.#parts.join('');
      this.#parts = [];
      this.#partsLength = 0;
      from = end + 1;
      this.#dispatch(line);
      if (this.#closed) return;
    }
    if (from < chunk.length) {
      this.#parts.push(chunk.slice(from));
      this.#partsLength += chunk.length - from;
    }
    if (this.#partsLength > MAX_LINE) {
      this.dispose();
      return;
    }
    this.#settled.fire();
  }

  #dispatch(line: string): void {
    const message = parse(line);
    if (message === undefined) return;
    if (typeof message.event === 'string') {
      this.#event.fire(message as MpvEvent);
      return;
    }
    const pending =
      typeof message.request_id === 'number' ? this.#pending.get(message.request_id) : undefined;
    if (pending === undefined) return;
    if (message.error === 'success') {
      pending.onReply?.(message.data);
      pending.resolve(message.data);
    } else {
      pending.reject(
        new KinoportError(
          'PLAYER_COMMAND_FAILED',
          `mpv refused "${pending.name}": ${String(message.error)}.`,
          {
            hint: 'The item may not allow it at this moment.',
            data: { mpv: String(message.error) },
          },
        ),
      );
    }
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const pending of [...this.#pending.values()]) pending.reject(goneError());
    this.#close.fire();
  }
}

/** The error of everything that is asked of a player that is no longer there. */
export function goneError(): KinoportError {
  return new KinoportError('PLAYER_GONE', 'mpv is no longer running.', { hint: 'Play the item again.' });
}

function parse(line: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as JsonObject) : undefined;
  } catch {
    // Before 0.33 mpv could break a line inside a bad UTF-8 string; one such line says nothing of the others.
    return undefined;
  }
}
