import { KinoportError } from '../../errors.ts';
import type { PublishedStream, PublishOptions, Streams } from '../../streams.ts';
import type { Published, StreamAccess } from './subject.ts';

/**
 * `ctx.streams` without a host: keeps what a source publishes, and reads it as the stream front does. For a test that
 * makes a source in its own process.
 */
export class MemoryStreams implements Streams, StreamAccess {
  readonly #published = new Map<string, PublishOptions>();
  readonly #readers = new Map<string, number>();
  readonly #readFile: StreamAccess['readFile'];

  /** `readFile` reads files, for sources that give paths. */
  constructor(options: { readonly readFile?: StreamAccess['readFile'] } = {}) {
    this.#readFile = options.readFile;
  }

  async publish(options: PublishOptions): Promise<PublishedStream> {
    const id = options.id ?? crypto.randomUUID();
    this.#published.set(id, options);
    return {
      id,
      url: `http://127.0.0.1/s/${id}`,
      dispose: () => {
        if (this.#published.get(id) === options) this.#published.delete(id);
      },
    };
  }

  look(streamId: string): Published | undefined {
    const published = this.#published.get(streamId);
    if (!published) return undefined;
    const { size, validators } = published;
    return { ...(size === undefined ? {} : { size }), ...(validators ? { validators } : {}) };
  }

  /** Ids of all that is published. */
  get ids(): readonly string[] {
    return [...this.#published.keys()];
  }

  async *read(
    streamId: string,
    start: number,
    end: number | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const published = this.#published.get(streamId);
    if (!published) throw new KinoportError('STREAM_NOT_FOUND', 'The stream is not published.');
    const { size } = published;
    // The front asks for bytes that are there, never beyond.
    const last = size === undefined ? end : Math.min(end ?? size, size);
    this.#readers.set(streamId, this.readers(streamId) + 1);
    try {
      yield* published.read(start, last, signal);
    } finally {
      this.#readers.set(streamId, this.readers(streamId) - 1);
    }
  }

  readers(streamId: string): number {
    return this.#readers.get(streamId) ?? 0;
  }

  readFile(path: string, start: number, end: number | undefined): AsyncIterable<Uint8Array> {
    if (!this.#readFile)
      throw new KinoportError('INVALID_ARGUMENT', 'The source gave a path, and there is no readFile.', {
        hint: 'Give one: new MemoryStreams({ readFile }).',
      });
    return this.#readFile(path, start, end);
  }
}
