import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { instant, until, within } from './waiting.ts';

/** Where the picture was at an instant. */
export interface Frame {
  readonly position: number;
  /** Monotonic milliseconds. */
  readonly at: number;
}

/** A second client of mpv's socket that notes every frame: the truth that the product is measured against. */
export class MpvObserver {
  readonly frames: Frame[] = [];
  /** Resolves when mpv has closed the socket and all that it sent was read. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #replies = new Map<number, (data: unknown) => void>();
  #nextId = 1;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => undefined);
    const lines = createInterface({ input: socket });
    lines.on('line', (line) => this.#read(line));
    this.closed = new Promise((resolve) => lines.once('close', resolve));
    this.#send(['observe_property', 1, 'time-pos']);
  }

  static async connect(path: string): Promise<MpvObserver> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new MpvObserver(socket);
  }

  get last(): Frame {
    const frame = this.frames.at(-1);
    if (!frame) throw new Error('mpv has not told a frame yet.');
    return frame;
  }

  /** A frame after now. */
  async frame(timeout = 20_000): Promise<Frame> {
    const before = this.frames.length;
    return until('the next frame', () => this.frames.length > before && this.last, { timeout });
  }

  async property(name: string): Promise<unknown> {
    const answer = Promise.withResolvers<unknown>();
    this.#replies.set(this.#send(['get_property', name]), answer.resolve);
    return within(`mpv's ${name}`, 5000, answer.promise);
  }

  /** As a person's key in mpv's window does. */
  seekByHand(position: number): void {
    this.#send(['seek', position, 'absolute+exact']);
  }

  /** As a key in mpv's window does. */
  press(key: string): void {
    this.#send(['keypress', key]);
  }

  /** The longest time without a new frame since an instant, seconds. */
  longestGap(since: number): number {
    const instants = [since, ...this.frames.filter(({ at }) => at >= since).map(({ at }) => at), instant()];
    return Math.max(...instants.slice(1).map((at, i) => at - (instants[i] ?? at))) / 1000;
  }

  dispose(): void {
    this.#socket.destroy();
  }

  #send(command: readonly (string | number)[]): number {
    const id = this.#nextId++;
    this.#socket.write(`${JSON.stringify({ command, request_id: id })}\n`);
    return id;
  }

  #read(line: string): void {
    const at = instant();
    const message = JSON.parse(line) as Record<string, unknown>;
    if (message.event === 'property-change' && typeof message.data === 'number') {
      this.frames.push({ position: message.data, at });
    } else if (typeof message.request_id === 'number') {
      this.#replies.get(message.request_id)?.(message.data);
      this.#replies.delete(message.request_id);
    }
  }
}
