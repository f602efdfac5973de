import {
  type Disposable,
  isKinoportError,
  type JsonValue,
  type Log,
  type PluginStorage,
  type Processes,
} from '@kinoport/core';

export interface MediaFacts {
  /** Seconds. */
  readonly duration?: number;
  /** Bits per second. */
  readonly bitrate?: number;
}

const LIMIT = 2_000;
const PREFIX = 'probe:';

/**
 * Duration and bitrate by ffprobe, kept under the content key. Probing happens after a file was opened, never
 * before: the player's window does not wait for it, and the next opening has the figures.
 */
export class Prober implements Disposable {
  readonly #processes: Processes;
  readonly #storage: PluginStorage;
  readonly #log: Log;
  readonly #command: () => string;
  readonly #abort = new AbortController();
  #queue: Promise<void> = Promise.resolve();
  #kept: number | undefined;

  constructor(options: {
    readonly processes: Processes;
    readonly storage: PluginStorage;
    readonly log: Log;
    /** Name or path of ffprobe; empty: none is used. */
    readonly command: () => string;
  }) {
    this.#processes = options.processes;
    this.#storage = options.storage;
    this.#log = options.log;
    this.#command = options.command;
  }

  /** What is known without asking. */
  async known(key: string): Promise<MediaFacts | undefined> {
    return readFacts(await this.#storage.get(PREFIX + key));
  }

  /** Probes a file some time soon, one after the other. */
  later(key: string, path: string): void {
    this.#queue = this.#queue.then(async () => {
      if (this.#abort.signal.aborted) return;
      try {
        await this.#probe(key, path);
      } catch (error) {
        if (!isKinoportError(error, 'ABORTED')) this.#log.debug('ffprobe failed', { reason: String(error) });
      }
    });
  }

  /** Resolves when nothing is left to probe. */
  async idle(): Promise<void> {
    await this.#queue;
  }

  async dispose(): Promise<void> {
    this.#abort.abort();
    await this.#queue;
  }

  async #probe(key: string, path: string): Promise<void> {
    const command = this.#command();
    if (command === '' || (await this.#processes.which(command)) === undefined) return;
    const args = ['-v', 'error', '-of', 'json', '-show_entries', 'format=duration,bit_rate', `file:${path}`];
    const result = await this.#processes.run(command, args, { timeout: 20_000, signal: this.#abort.signal });
    if (result.exitCode !== 0) return;
    const facts = parseFfprobe(result.stdout);
    if (facts) await this.#keep(key, facts);
  }

  async #keep(key: string, facts: MediaFacts): Promise<void> {
    if (this.#kept === undefined || this.#kept >= LIMIT) {
      const keys = (await this.#storage.keys()).filter((name) => name.startsWith(PREFIX));
      const surplus = keys.length >= LIMIT ? keys.slice(0, LIMIT / 4) : [];
      for (const name of surplus) await this.#storage.set(name, undefined);
      this.#kept = keys.length - surplus.length;
    }
    const value: Record<string, number> = {};
    if (facts.duration !== undefined) value.duration = facts.duration;
    if (facts.bitrate !== undefined) value.bitrate = facts.bitrate;
    await this.#storage.set(PREFIX + key, value);
    this.#kept++;
  }
}

/** ffprobe's answer; it writes numbers as strings, and `N/A` for what it does not know. */
export function parseFfprobe(stdout: string): MediaFacts | undefined {
  try {
    const data: unknown = JSON.parse(stdout);
    if (typeof data !== 'object' || data === null || !('format' in data)) return undefined;
    const { format } = data;
    if (typeof format !== 'object' || format === null) return undefined;
    const duration = 'duration' in format ? Number(format.duration) : Number.NaN;
    const bitrate = 'bit_rate' in format ? Number(format.bit_rate) : Number.NaN;
    return readFacts({ duration, bitrate });
  } catch {
    return undefined;
  }
}

function readFacts(value: JsonValue | undefined): MediaFacts | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { duration, bitrate } = value as { readonly duration?: unknown; readonly bitrate?: unknown };
  const facts = {
    ...(positive(duration) ? { duration } : {}),
    ...(positive(bitrate) ? { bitrate } : {}),
  };
  return facts.duration === undefined && facts.bitrate === undefined ? undefined : facts;
}

function positive(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}
