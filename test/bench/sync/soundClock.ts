import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { type Disposable, systemClock } from '@kinoport/core';

/** Where an mpv's sound was at an instant: seconds, monotonic milliseconds. */
export interface SoundSample {
  readonly at: number;
  readonly position: number;
}

/** An answer that took longer says too little of its instant, milliseconds. */
const SLOWEST = 4;

/**
 * A second client of an mpv that reads its sound's clock (`audio-pts`: continuous, the device's delay counted), each
 * reading stamped in the middle of its way. Measures what a person hears, whatever the product believes.
 */
export class SoundClock implements Disposable {
  readonly samples: SoundSample[] = [];
  readonly #socket: Socket;
  readonly #waiting = new Map<number, { readonly sent: number; readonly done: (data: unknown) => void }>();
  #timer: Disposable | undefined;
  #nextId = 1;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => undefined);
    const lines = createInterface({ input: socket });
    // A killed player resets the connection, and the reader tells it once more.
    lines.on('error', () => undefined);
    lines.on('line', (line) => this.#read(line));
  }

  static async connect(path: string): Promise<SoundClock> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new SoundClock(socket);
  }

  /** Begins to sample; `rate` a second. */
  start(rate = 40): void {
    this.#timer ??= systemClock.every(1000 / rate, () => {
      // A stopped player answers all at once when it goes on, each answer too late to be used.
      if (this.#waiting.size < 4) void this.#sample();
    });
  }

  async property(name: string): Promise<unknown> {
    return (await this.#ask(['get_property', name])).data;
  }

  async command(...command: readonly (string | number)[]): Promise<void> {
    await this.#ask(command);
  }

  dispose(): void {
    void this.#timer?.dispose();
    this.#socket.destroy();
  }

  async #sample(): Promise<void> {
    const { data, sent, received } = await this.#ask(['get_property', 'audio-pts']);
    if (typeof data !== 'number' || received - sent > SLOWEST) return;
    this.samples.push({ at: (sent + received) / 2, position: data });
  }

  #ask(command: readonly (string | number)[]): Promise<{ data: unknown; sent: number; received: number }> {
    const id = this.#nextId++;
    const sent = systemClock.now();
    this.#socket.write(`${JSON.stringify({ command, request_id: id })}\n`);
    return new Promise((resolve) => {
      this.#waiting.set(id, { sent, done: (data) => resolve({ data, sent, received: systemClock.now() }) });
    });
  }

  #read(line: string): void {
    const message = JSON.parse(line) as { readonly request_id?: number; readonly data?: unknown };
    const waiting = message.request_id === undefined ? undefined : this.#waiting.get(message.request_id);
    if (waiting === undefined || message.request_id === undefined) return;
    this.#waiting.delete(message.request_id);
    waiting.done(message.data);
  }
}
