import { EventEmitter } from 'eventemitter3';
import { type Disposable, toDisposable } from './lifecycle.ts';

/** An event to subscribe to. The subscription ends when the returned Disposable is disposed. */
export type Event<T> = (listener: (value: T) => void) => Disposable;

/**
 * The private side of an {@link Event}: the owner keeps the Emitter and shows `emitter.event`.
 * Listeners run in order of subscription; one that throws is reported to `onError` and does not stop the rest.
 */
export class Emitter<T> implements Disposable {
  readonly #engine = new EventEmitter<{ event: [T] }>();
  readonly #onError: (error: unknown) => void;

  constructor(options: { readonly onError?: (error: unknown) => void } = {}) {
    this.#onError =
      options.onError ??
      ((error) => {
        queueMicrotask(() => {
          throw error;
        });
      });
  }

  readonly event: Event<T> = (listener) => {
    const guarded = (value: T): void => {
      try {
        listener(value);
      } catch (error) {
        this.#onError(error);
      }
    };
    this.#engine.on('event', guarded);
    return toDisposable(() => {
      this.#engine.off('event', guarded);
    });
  };

  get hasListeners(): boolean {
    return this.#engine.listenerCount('event') > 0;
  }

  fire(value: T): void {
    this.#engine.emit('event', value);
  }

  /** Ends every subscription. */
  dispose(): void {
    this.#engine.removeAllListeners();
  }
}

/** Resolves with the first value for which `accept` holds; rejects with the signal's reason when aborted. */
export function once<T>(
  event: Event<T>,
  accept: (value: T) => boolean = () => true,
  signal?: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const finish = (): void => {
      void subscription.dispose();
      signal?.removeEventListener('abort', aborted);
    };
    const aborted = (): void => {
      finish();
      reject(signal?.reason);
    };
    const subscription = event((value) => {
      if (!accept(value)) return;
      finish();
      resolve(value);
    });
    if (signal?.aborted) aborted();
    else signal?.addEventListener('abort', aborted, { once: true });
  });
}
