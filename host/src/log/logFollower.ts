import { type FileHandle, open, stat } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { type Clock, type Disposable, DisposableStore } from '@kinoport/core';
import { MOST_BYTES, tailOf, tailOfFile } from './logTail.ts';

const POLL = 200;
const CHUNK = 64 * 1024;
/** A line that goes on for longer is told in parts. */
const LONGEST_LINE = 256 * 1024;

export interface LogFollowerOptions {
  readonly file: string;
  readonly clock: Clock;
  /** Lines of what is there already to begin with. */
  readonly lines: number;
  /** Each line, without its newline, as soon as it is whole. */
  readonly onLine: (line: string) => void;
  /** Once, when the file cannot be read any more; nothing more is told. */
  readonly onError: (error: unknown) => void;
}

/**
 * Tells what is written to a log from now on, looking five times a second: no kind of watching tells of every write
 * on every file system. A log that is not there yet is waited for. One that is put aside (renamed) is read to its end,
 * and further while its writer goes on with it, beside the new one; one that is cut off is read from its beginning.
 */
export class LogFollower implements Disposable {
  readonly #options: LogFollowerOptions;
  readonly #owned = new DisposableStore();
  /** The newest last; of those put aside only the one before is read on. */
  #parts: LogPart[] = [];
  #isFirst = true;
  #reading: Promise<void> | undefined;

  private constructor(options: LogFollowerOptions) {
    this.#options = options;
    this.#owned.defer(async () => {
      await this.#reading;
      for (const part of this.#parts.splice(0)) await part.close();
    });
  }

  /** Resolves when what is there has been told. Rejects with the system's error where it cannot be read. */
  static async open(options: LogFollowerOptions): Promise<LogFollower> {
    const follower = new LogFollower(options);
    try {
      await follower.#read();
    } catch (error) {
      await follower.dispose();
      throw error;
    }
    follower.#owned.add(options.clock.every(POLL, () => follower.#look()));
    return follower;
  }

  /** What of a last line has come without its newline is told before the end. */
  dispose(): Promise<void> {
    return this.#owned.dispose();
  }

  #look(): void {
    this.#reading ??= this.#read()
      .catch((error: unknown) => {
        if (this.#owned.isDisposed) return;
        this.#options.onError(error);
        void this.#owned.dispose();
      })
      .finally(() => {
        this.#reading = undefined;
      });
  }

  async #read(): Promise<void> {
    await this.#open();
    for (const part of this.#parts) await part.read();
  }

  /** Opens the file under the name when it is another one than before. */
  async #open(): Promise<void> {
    const { file, lines, onLine } = this.#options;
    const current = this.#parts.at(-1);
    const found = await ifThere(stat(file, { bigint: true }));
    if (!found || current?.is(found)) {
      this.#isFirst &&= found !== undefined;
      return;
    }
    const handle = await ifThere(open(file, 'r'));
    if (!handle) return;
    const part = await LogPart.of(handle, onLine);
    while (this.#parts.length > 1) await this.#parts.shift()?.close();
    this.#parts.push(part);
    if (!this.#isFirst) return;
    this.#isFirst = false;
    const tail = await part.skip(lines);
    const missing = { lines: lines - tail.length, bytes: MOST_BYTES };
    const before = missing.lines > 0 ? await tailOfFile(`${file}.1`, missing) : undefined;
    for (const line of [...(before?.lines ?? []), ...tail]) onLine(line);
  }
}

interface FileIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** One file, under whatever name it goes by now. */
class LogPart {
  readonly #file: FileHandle;
  readonly #identity: FileIdentity;
  readonly #onLine: (line: string) => void;
  readonly #buffer = Buffer.alloc(CHUNK);
  #decoder = new StringDecoder('utf8');
  #position = 0;
  #pending = '';

  private constructor(file: FileHandle, identity: FileIdentity, onLine: (line: string) => void) {
    this.#file = file;
    this.#identity = identity;
    this.#onLine = onLine;
  }

  static async of(file: FileHandle, onLine: (line: string) => void): Promise<LogPart> {
    try {
      return new LogPart(file, await file.stat({ bigint: true }), onLine);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  is({ dev, ino }: FileIdentity): boolean {
    return dev === this.#identity.dev && ino === this.#identity.ino;
  }

  /** Goes to the end; a line that has no newline yet is told when it has one. @returns the last lines before it */
  async skip(lines: number): Promise<readonly string[]> {
    this.#position = (await this.#file.stat()).size;
    const tail = await tailOf(this.#file, this.#position, { lines: lines + 1, bytes: MOST_BYTES });
    const whole = [...tail.lines];
    if (!tail.isWhole) this.#pending = whole.pop() ?? '';
    return lines > 0 ? whole.slice(-lines) : [];
  }

  async read(): Promise<void> {
    if ((await this.#file.stat()).size < this.#position) {
      this.#tellRest();
      this.#position = 0;
    }
    for (;;) {
      const { bytesRead } = await this.#file.read(this.#buffer, 0, CHUNK, this.#position);
      if (bytesRead === 0) return;
      this.#position += bytesRead;
      this.#take(this.#decoder.write(this.#buffer.subarray(0, bytesRead)));
    }
  }

  async close(): Promise<void> {
    this.#tellRest();
    await this.#file.close();
  }

  #take(text: string): void {
    const lines = (this.#pending + text).split('\n');
    this.#pending = lines.pop() ?? '';
    for (const line of lines) this.#onLine(line);
    if (this.#pending.length > LONGEST_LINE) this.#tellRest();
  }

  #tellRest(): void {
    const rest = this.#pending + this.#decoder.end();
    this.#pending = '';
    this.#decoder = new StringDecoder('utf8');
    if (rest !== '') this.#onLine(rest);
  }
}

async function ifThere<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
