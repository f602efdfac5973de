import type { Item, JsonObject, PlayerLoadOptions, PlayerMedia } from '@kinoport/core';
import type { PlayParams } from '../api/protocol.ts';
import type { Config } from '../config/config.ts';
import type { RemoteStream } from '../plugins/remoteSource.ts';
import type { JournalEntry } from '../storage/journal.ts';
import type { ProgressRecord } from '../storage/progress.ts';
import type { QueueEntry } from './queue.ts';
import { resumePosition } from './rules.ts';
import { parseStartTime, startSeconds } from './startTime.ts';

/** What was asked for with `play`, without the addresses. */
export type SessionOptions = Omit<
  PlayParams,
  'uris' | 'file' | 'fromStart' | 'shuffle' | 'source' | 'choose' | 'choice'
>;

/** Where an item begins. */
export interface Begin {
  readonly seconds: number;
  /** From progress, ours or the player's own. */
  readonly resumed: boolean;
  /** A percentage or a time from the end: sought when the duration is known, paused until then. */
  readonly later?: string;
  /** Nothing is known here of the item; the player's own memory may be asked. */
  readonly unknown?: boolean;
}

/** What was asked for, else where the viewer stopped. `options` are those of the first item, else absent. */
export function beginAt(
  options: SessionOptions | undefined,
  record: ProgressRecord | undefined,
  duration: number | undefined,
  rules: Config['progress'],
): Begin {
  if (options?.start !== undefined) {
    const seconds = startSeconds(parseStartTime(options.start), duration ?? record?.duration);
    return seconds === undefined
      ? { seconds: 0, resumed: false, later: options.start }
      : { seconds, resumed: false };
  }
  if (options?.ignoreResume) return { seconds: 0, resumed: false };
  if (!record) return { seconds: 0, resumed: false, unknown: true };
  const seconds = resumePosition(record, rules);
  return { seconds, resumed: seconds > 0 };
}

/** What the player gets to see of an item and its open stream. */
export function mediaOf(
  item: Item,
  stream: RemoteStream,
  moreSubtitles: readonly string[] = [],
): PlayerMedia {
  const duration = item.duration ?? stream.info.duration;
  const subtitles = [...(stream.info.subtitles ?? []), ...moreSubtitles.map((path) => ({ path }))];
  return {
    title: item.title,
    ...(duration === undefined ? {} : { duration }),
    ...(item.live === undefined ? {} : { live: item.live }),
    ...(subtitles.length > 0 ? { subtitles } : {}),
    ...stream.location,
  };
}

export function loadOptionsOf(
  options: SessionOptions,
  token: string,
  begin: Begin,
  paused: boolean | undefined,
): PlayerLoadOptions {
  const { rate, audioLanguages, subtitleLanguages } = options;
  return {
    start: begin.seconds,
    paused: paused === true || begin.later !== undefined,
    itemToken: token,
    ...(rate === undefined ? {} : { rate }),
    ...(audioLanguages === undefined ? {} : { audioLanguages }),
    ...(subtitleLanguages === undefined ? {} : { subtitleLanguages }),
  };
}

/** How an item, its queue and options stand in the session journal. */
export function journalled(
  entry: QueueEntry,
  queue: readonly QueueEntry[],
  stream: RemoteStream,
  options: SessionOptions,
): Pick<JournalEntry, 'source' | 'item' | 'index' | 'stream' | 'queue' | 'options'> {
  const { environment: _, ...play } = options;
  return {
    source: entry.source,
    item: entry.item,
    index: queue.indexOf(entry),
    stream: stream.record,
    queue: queue.map((entry) => entry.item),
    options: { play: play as JsonObject, origins: queue.map((entry) => [entry.source, entry.origin]) },
  };
}

/** The reverse of {@link journalled}. */
export function fromJournal(entry: JournalEntry): {
  readonly play: SessionOptions;
  readonly queue: readonly QueueEntry[];
} {
  const { play, origins } = entry.options as {
    play?: SessionOptions;
    origins?: readonly (readonly [string, QueueEntry['origin']])[];
  };
  return {
    play: play ?? {},
    queue: entry.queue.map((item: Item, i) => ({
      item,
      source: origins?.[i]?.[0] ?? entry.source,
      origin: origins?.[i]?.[1] ?? 'argument',
    })),
  };
}
