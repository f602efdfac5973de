/** Something acquired that its owner gives back. `dispose` may be called more than once; only the first counts. */
export interface Disposable {
  dispose(): void | Promise<void>;
}

/** What {@link DisposableStore.dispose} throws when disposers failed: all their errors, in the order they ran. */
export class DisposeError extends AggregateError {
  override readonly name = 'DisposeError';
}

/** A Disposable out of a function; runs it once. */
export function toDisposable(dispose: () => void | Promise<void>): Disposable {
  let done: { readonly result: void | Promise<void> } | undefined;
  return {
    dispose() {
      done ??= { result: dispose() };
      return done.result;
    },
  };
}

/**
 * Owns disposables. `dispose` gives them back in reverse order of acquisition, one after the other, awaited;
 * one that throws does not keep the others from running. What is added after `dispose` is disposed at once.
 */
export class DisposableStore implements Disposable {
  readonly #items = new Set<Disposable>();
  #disposing: Promise<void> | undefined;

  get isDisposed(): boolean {
    return this.#disposing !== undefined;
  }

  get size(): number {
    return this.#items.size;
  }

  /** Takes ownership and returns what was given. */
  add<T extends Disposable>(item: T): T {
    if (this.#disposing) {
      this.#disposing = this.#disposing.then(async () => item.dispose());
    } else {
      this.#items.add(item);
    }
    return item;
  }

  /** Takes ownership of a clean-up function. */
  defer(dispose: () => void | Promise<void>): Disposable {
    return this.add(toDisposable(dispose));
  }

  /** Lets go of one without disposing it. */
  release(item: Disposable): void {
    this.#items.delete(item);
  }

  /** Disposes one before its time. */
  async disposeOf(item: Disposable): Promise<void> {
    this.#items.delete(item);
    await item.dispose();
  }

  /** @throws DisposeError when disposers failed; every one of them has run all the same. */
  dispose(): Promise<void> {
    this.#disposing ??= this.#run();
    return this.#disposing;
  }

  async #run(): Promise<void> {
    const errors: unknown[] = [];
    const items = [...this.#items].reverse();
    this.#items.clear();
    for (const item of items) {
      try {
        await item.dispose();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0)
      throw new DisposeError(errors, `${errors.length} of ${items.length} disposers failed`);
  }
}
