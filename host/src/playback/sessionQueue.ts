import { KinoportError } from '@kinoport/core';
import type { Config } from '../config/config.ts';
import type { PluginManager } from '../plugins/manager.ts';
import { followsByItself, type QueueEntry } from './queue.ts';

/** The queue of a session. One that was started with a single item learns its siblings when they are asked for. */
export class SessionQueue {
  readonly #plugins: PluginManager;
  #entries: readonly QueueEntry[];
  #learning: Promise<void> | undefined;
  /** Somebody has said what follows; nobody is asked for more. */
  #isSettled = false;

  constructor(entries: readonly QueueEntry[], plugins: PluginManager) {
    this.#entries = entries;
    this.#plugins = plugins;
  }

  get entries(): readonly QueueEntry[] {
    return this.#entries;
  }

  indexOf(entry: QueueEntry): number {
    return this.#entries.indexOf(entry);
  }

  /** @throws KinoportError `NO_NEXT_ITEM` */
  at(index: number): QueueEntry {
    const entry = this.#entries[index];
    if (!entry) throw new KinoportError('NO_NEXT_ITEM', 'The queue has no item there.');
    return entry;
  }

  /** What stands after an entry, without asking anybody. */
  after(entry: QueueEntry): QueueEntry | undefined {
    return this.#entries[this.indexOf(entry) + 1];
  }

  /** The entry before or after another. */
  async neighbour(entry: QueueEntry, step: 1 | -1): Promise<QueueEntry | undefined> {
    await this.#complete(entry);
    return this.#entries[this.indexOf(entry) + step];
  }

  /** What follows an entry by itself, two at most. Nobody fetches what the viewer has not asked for. */
  async following(entry: QueueEntry, setting: Config['autoplayNext']): Promise<readonly QueueEntry[]> {
    if (setting === 'never') return [];
    await this.#complete(entry);
    const index = this.indexOf(entry);
    const [next, after] = index < 0 ? [] : this.#entries.slice(index + 1, index + 3);
    if (!next || !followsByItself(entry, next, setting)) return [];
    return after && followsByItself(next, after, setting) ? [next, after] : [next];
  }

  /** Its place is behind another. */
  insertAfter(entry: QueueEntry, added: QueueEntry): void {
    this.#entries = this.#entries.toSpliced(this.indexOf(entry) + 1, 0, added);
  }

  remove(entry: QueueEntry): void {
    this.#entries = this.#entries.filter((each) => each !== entry);
  }

  /** What stands behind an entry from now on; siblings are not asked for any more. */
  setUpcoming(entry: QueueEntry, upcoming: readonly QueueEntry[]): void {
    this.#isSettled = true;
    this.#entries = [...this.#entries.slice(0, this.indexOf(entry) + 1), ...upcoming];
  }

  /** Whoever asks meanwhile waits for the same answer: an entry that was handed out stays in the queue. */
  async #complete(entry: QueueEntry): Promise<void> {
    if (this.#isSettled || this.#entries.length > 1) return;
    this.#learning ??= this.#addSiblings(entry).finally(() => {
      this.#learning = undefined;
    });
    await this.#learning;
  }

  async #addSiblings(entry: QueueEntry): Promise<void> {
    const { item, source } = entry;
    const siblings = await this.#plugins
      .source(source)
      .siblings(item)
      .catch(() => []);
    if (this.#isSettled || this.#entries.length > 1) return;
    const at = siblings.findIndex((sibling) => sibling.key === item.key || sibling.uri === item.uri);
    if (at < 0) return;
    this.#entries = siblings.map((sibling, i) =>
      i === at ? entry : { item: sibling, source, origin: 'sibling' as const },
    );
  }
}
