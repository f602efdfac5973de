/** What progress means to a viewer. Every place that asks *watched?* asks here. */
import type { EndReason } from '@kinoport/core';
import type { Config } from '../config/config.ts';

/** What is known at the moment the question is asked. */
export interface WatchFacts {
  /** Seconds. */
  readonly position: number;
  /** Seconds; absent while unknown. */
  readonly duration?: number;
  /** A stream without an end. */
  readonly live?: boolean;
  /**
   * Seconds of the item (not of the wall clock) that were really played without a break since it was opened or
   * since the last seek, up to `position`.
   */
  readonly playedSinceSeek: number;
  /** Set when the item has ended. */
  readonly endReason?: EndReason;
}

const LONG_ITEM = 20 * 60;
const TAIL_OF_LONG_ITEM = 3 * 60;
const PLAYED_PAST = 10;

/** Seconds from which an item of this duration is watched: `watchedAt` of it, or the last 3 minutes of a long one. */
export function watchedThreshold(duration: number, rules: Config['progress']): number {
  const share = duration * rules.watchedAt;
  return duration > LONG_ITEM ? Math.min(share, duration - TAIL_OF_LONG_ITEM) : share;
}

/**
 * Whether the item counts as watched by what has just happened. It never takes the flag away: `false` means
 * "not by this".
 *
 * An item is watched when it ended as `finished`, or when it was really played past the threshold: 90 % of its
 * duration by default, or the last 3 minutes of an item longer than 20 minutes. Past it at least 10 seconds
 * were played without a break, or half of what remained where that playing began, whichever is less; so a seek
 * to the end alone does not count, and neither does a stream that broke there. Live streams and items of
 * unknown duration are never watched by percentage, and live ones not at all.
 *
 * Why 90 % and not 95: closing credits are 3 to 8 % of a film, and people leave when they begin. At 95 % a
 * film left in long credits never counts and stays in the list of what to continue; at 90 % hardly a film has
 * its last scene still before it. The last 3 minutes are the earlier threshold for items of 20 to 30 minutes,
 * and for longer ones where `watchedAt` is set higher.
 */
export function isWatched(facts: WatchFacts, rules: Config['progress']): boolean {
  if (facts.live === true) return false;
  if (facts.endReason === 'finished') return true;
  const { duration, position } = facts;
  if (duration === undefined || !(duration > 0) || !Number.isFinite(duration)) return false;
  const threshold = watchedThreshold(duration, rules);
  const from = Math.max(threshold, position - facts.playedSinceSeek);
  const played = Math.min(position, duration) - from;
  return played > 0 && played >= Math.min(PLAYED_PAST, (duration - from) / 2);
}

/** What the rules need of a record of progress. */
export interface StoredProgress {
  readonly position: number;
  readonly duration?: number;
  readonly watched: boolean;
}

/**
 * Whether a viewer is in the middle of it: begun (`beginAfter` seconds or 5 % of it, whichever is less) and not
 * yet where only the credits are left. The flag plays no part, so that a film seen a second time is offered too.
 */
export function isOfferedToContinue(stored: StoredProgress, rules: Config['progress']): boolean {
  const { duration, position } = stored;
  const share = duration !== undefined && duration > 0 ? duration * 0.05 : Number.POSITIVE_INFINITY;
  return position > 0 && position >= Math.min(rules.beginAfter, share) && resumePosition(stored, rules) > 0;
}

/**
 * Seconds at which playing goes on: exactly where the viewer stopped, however early that was. 0 for what was
 * never begun, for what is watched and was left in its credits, and for what was left within its last second.
 */
export function resumePosition(stored: StoredProgress | undefined, rules: Config['progress']): number {
  if (stored === undefined || !(stored.position > 0)) return 0;
  const { duration, position, watched } = stored;
  if (duration === undefined) return position;
  if (watched && position >= watchedThreshold(duration, rules)) return 0;
  return position > duration - Math.min(1, duration / 2) ? 0 : position;
}
