import { abortedError, type Disposable } from '@kinoport/core';

type Wake = (error?: Error) => void;

/** Who waits for which piece. */
export class PieceWaiters implements Disposable {
  readonly #waiting = new Map<number, Set<Wake>>();
  #over: Error | undefined;

  /** Resolves with the next `arrived` of the piece. @throws what `failAll` was given; KinoportError `ABORTED` */
  wait(piece: number, signal: AbortSignal): Promise<void> {
    if (this.#over) return Promise.reject(this.#over);
    return new Promise((resolve, reject) => {
      const wake: Wake = (error) => {
        signal.removeEventListener('abort', onAbort);
        this.#remove(piece, wake);
        if (error) reject(error);
        else resolve();
      };
      const onAbort = (): void => wake(abortedError());
      signal.addEventListener('abort', onAbort, { once: true });
      const those = this.#waiting.get(piece) ?? new Set();
      this.#waiting.set(piece, those.add(wake));
      if (signal.aborted) onAbort();
    });
  }

  arrived(piece: number): void {
    for (const wake of [...(this.#waiting.get(piece) ?? [])]) wake();
  }

  /** Who waits now is told; who comes later may wait. */
  failAll(error: Error): void {
    for (const those of [...this.#waiting.values()]) for (const wake of [...those]) wake(error);
  }

  /** Nothing will arrive any more. */
  end(error: Error): void {
    this.#over = error;
    this.failAll(error);
  }

  dispose(): void {
    this.end(abortedError());
  }

  #remove(piece: number, wake: Wake): void {
    const those = this.#waiting.get(piece);
    those?.delete(wake);
    if (those?.size === 0) this.#waiting.delete(piece);
  }
}
