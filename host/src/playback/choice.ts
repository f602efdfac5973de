import { randomBytes } from 'node:crypto';
import { contentKeys } from '@kinoport/core';
import type { PlayChoice, PlayParams } from '../api/protocol.ts';
import type { ProgressStore } from '../storage/progress.ts';
import type { QueueEntry } from './queue.ts';

/** What addresses have led to. */
export interface ResolvedQueue {
  readonly entries: readonly [QueueEntry, ...QueueEntry[]];
  readonly title?: string;
  /** The source wants one to be named. */
  readonly ask?: boolean;
}

export type Choice = { readonly choice: PlayChoice };

const MOST_REMEMBERED = 10;

/** What choices were offered of: to resolve it again may take as long as the first time. */
export class OfferedChoices {
  readonly #offered = new Map<string, ResolvedQueue>();

  /** @returns the token that it is found by */
  remember(queue: ResolvedQueue): string {
    const token = randomBytes(12).toString('base64url');
    this.#offered.set(token, queue);
    const [oldest] = this.#offered.keys();
    if (this.#offered.size > MOST_REMEMBERED && oldest !== undefined) this.#offered.delete(oldest);
    return token;
  }

  /** Once. */
  take(token: string | undefined): ResolvedQueue | undefined {
    if (token === undefined) return undefined;
    const queue = this.#offered.get(token);
    this.#offered.delete(token);
    return queue;
  }
}

type Wanted = Pick<PlayParams, 'choose' | 'file' | 'fromStart' | 'shuffle'>;

/** What there is to choose from, where somebody can choose and has not yet said what. */
export function choiceOf(
  offered: OfferedChoices,
  queue: ResolvedQueue,
  { choose, file, fromStart, shuffle }: Wanted,
  progress: ProgressStore,
): Choice | undefined {
  const { entries, title, ask } = queue;
  if (!choose || !ask || entries.length < 2 || file !== undefined || fromStart || shuffle) return undefined;
  const items = entries.map(({ item }) => ({
    title: item.title,
    uri: item.uri,
    size: item.size ?? null,
    duration: item.duration ?? null,
    watched: isWatched(item, progress),
  }));
  const first = Math.max(
    0,
    items.findIndex(({ watched }) => !watched),
  );
  const token = offered.remember(queue);
  return { choice: { token, ...(title === undefined ? {} : { title }), items, first } };
}

/** The first item of a folder that is not yet watched, the first one else. */
export function firstOf(queue: readonly QueueEntry[], wanted: Wanted, progress: ProgressStore): number {
  if (wanted.fromStart || wanted.shuffle || queue[0]?.origin !== 'folder') return 0;
  return Math.max(
    0,
    queue.findIndex(({ item }) => !isWatched(item, progress)),
  );
}

function isWatched(item: QueueEntry['item'], progress: ProgressStore): boolean {
  return progress.find(contentKeys(item))?.watched === true;
}
