import {
  type Disposable,
  type DisposableStore,
  KinoportError,
  type Registry,
  toDisposable,
} from '@kinoport/core';

/** Implementations by id; only ids that the manifest declares are taken. */
export class RegistryImpl<T> implements Registry<T> {
  readonly #what: string;
  readonly #declared: ReadonlySet<string>;
  readonly #owner: DisposableStore;
  readonly #items = new Map<string, T>();

  constructor(what: string, declared: Iterable<string>, owner: DisposableStore) {
    this.#what = what;
    this.#declared = new Set(declared);
    this.#owner = owner;
  }

  register(id: string, implementation: T): Disposable {
    if (!this.#declared.has(id)) {
      throw new KinoportError('PLUGIN_NOT_REGISTERED', `The manifest declares no ${this.#what} "${id}".`, {
        hint: `Add it to contributes.${this.#what}s in package.json.`,
      });
    }
    if (this.#items.has(id)) {
      throw new KinoportError('PLUGIN_CONTRIBUTION_CLASH', `The ${this.#what} "${id}" is registered twice.`);
    }
    this.#items.set(id, implementation);
    return this.#owner.add(
      toDisposable(() => {
        this.#items.delete(id);
      }),
    );
  }

  /** @throws KinoportError `PLUGIN_NOT_REGISTERED` */
  get(id: string): T {
    const item = this.#items.get(id);
    if (item === undefined) {
      throw new KinoportError(
        'PLUGIN_NOT_REGISTERED',
        `The plugin registered no ${this.#what} "${id}" in activate.`,
      );
    }
    return item;
  }

  entries(): IterableIterator<[string, T]> {
    return this.#items.entries();
  }

  /** What is declared and was not registered, for a message: `source "radio"`. */
  missing(): readonly string[] {
    return [...this.#declared].filter((id) => !this.#items.has(id)).map((id) => `${this.#what} "${id}"`);
  }
}
