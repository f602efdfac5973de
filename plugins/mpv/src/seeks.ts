/** A seek that was sent and has not landed. */
interface PendingSeek {
  readonly cause: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  /** mpv has taken the command. */
  taken: boolean;
  /** mpv has begun to seek since it took the command. */
  begun: boolean;
}

export interface SeekHandle {
  readonly landed: Promise<void>;
  taken(): void;
  fail(error: unknown): void;
}

/**
 * Which seeks a `playback-restart` confirms. mpv merges seeks that come while one is under way (measured with
 * 0.35.1: four commands, two `seek` events, one restart), so a seek has landed at the first restart after the
 * first `seek` event after its reply.
 */
export class Seeks {
  readonly #pending = new Set<PendingSeek>();

  add(cause: string): SeekHandle {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const seek: PendingSeek = { cause, resolve, reject, taken: false, begun: false };
    this.#pending.add(seek);
    return {
      landed: promise,
      taken: () => {
        seek.taken = true;
      },
      fail: (error) => {
        this.#pending.delete(seek);
        reject(error);
      },
    };
  }

  /** A `seek` event: gives the cause, the newest command's, or `undefined` when none of ours began it. */
  begin(): string | undefined {
    let cause: string | undefined;
    for (const seek of this.#pending) {
      if (!seek.taken || seek.begun) continue;
      seek.begun = true;
      cause = seek.cause;
    }
    return cause;
  }

  /** A `playback-restart`, or the end that a seek ran into. */
  land(): void {
    for (const seek of [...this.#pending]) {
      if (!seek.begun) continue;
      this.#pending.delete(seek);
      seek.resolve();
    }
  }

  /** The item or the player is gone. */
  failAll(error: unknown): void {
    for (const seek of [...this.#pending]) seek.reject(error);
    this.#pending.clear();
  }
}
