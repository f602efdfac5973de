import { describe, expect, it } from 'vitest';
import {
  isOfferedToContinue,
  isWatched,
  resumePosition,
  type WatchFacts,
  watchedThreshold,
} from '../../../host/src/playback/rules.ts';

const rules = { watchedAt: 0.9, beginAfter: 30 };
const film: WatchFacts = { position: 0, duration: 7200, playedSinceSeek: 0 };
const watched = (facts: Partial<WatchFacts>): boolean => isWatched({ ...film, ...facts }, rules);

describe('isWatched', () => {
  it('counts from 90 %, or from the last 3 minutes of an item longer than 20 minutes', () => {
    expect(watchedThreshold(7200, rules)).toBe(6480);
    expect(watchedThreshold(1500, rules)).toBe(1320);
    expect(watchedThreshold(1200, rules)).toBe(1080);
    expect(watchedThreshold(7200, { ...rules, watchedAt: 1 })).toBe(7020);
  });

  it('is true when the item finished, however it was played', () => {
    expect(watched({ endReason: 'finished', position: 7200 })).toBe(true);
    expect(watched({ endReason: 'finished', position: 60, duration: undefined })).toBe(true);
  });

  it('asks for 10 seconds really played past the threshold', () => {
    expect(watched({ position: 6479, playedSinceSeek: 6479 })).toBe(false);
    expect(watched({ position: 6489, playedSinceSeek: 6489 })).toBe(false);
    expect(watched({ position: 6490, playedSinceSeek: 6490 })).toBe(true);
    expect(watched({ position: 6490, playedSinceSeek: 10 })).toBe(true);
  });

  it('does not count a seek past the threshold', () => {
    expect(watched({ position: 7000, playedSinceSeek: 0 })).toBe(false);
    expect(watched({ position: 7000, playedSinceSeek: 9 })).toBe(false);
    expect(watched({ position: 7200, playedSinceSeek: 0 })).toBe(false);
    expect(watched({ position: 7000, playedSinceSeek: 10 })).toBe(true);
  });

  it('asks for half of what remains where that is less', () => {
    expect(watched({ position: 7197, playedSinceSeek: 2 })).toBe(false);
    expect(watched({ position: 7198, playedSinceSeek: 2 })).toBe(true);
    const clip = { duration: 10, playedSinceSeek: 10 };
    expect(watched({ ...clip, position: 9.4 })).toBe(false);
    expect(watched({ ...clip, position: 9.6 })).toBe(true);
  });

  it('is not decided by how the item ended, if not by finishing', () => {
    for (const endReason of ['stopped', 'interrupted', 'failed', 'killed'] as const) {
      expect(watched({ endReason, position: 3000, playedSinceSeek: 3000 })).toBe(false);
      expect(watched({ endReason, position: 6600, playedSinceSeek: 3000 })).toBe(true);
    }
  });

  it('is never true of live streams, nor by percentage where the duration is unknown', () => {
    expect(watched({ live: true, endReason: 'finished', position: 7200 })).toBe(false);
    expect(watched({ live: true, position: 7200, playedSinceSeek: 7200 })).toBe(false);
    for (const duration of [undefined, 0, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(watched({ duration, position: 1e6, playedSinceSeek: 1e6 })).toBe(false);
    }
  });
});

describe('isOfferedToContinue', () => {
  const offered = (position: number, duration?: number, flag = false): boolean =>
    isOfferedToContinue({ position, duration, watched: flag }, rules);

  it('begins at 30 seconds or 5 %, whichever is less', () => {
    expect(offered(29.9, 7200)).toBe(false);
    expect(offered(30, 7200)).toBe(true);
    expect(offered(4.9, 100)).toBe(false);
    expect(offered(5, 100)).toBe(true);
    expect(offered(29.9)).toBe(false);
    expect(offered(30)).toBe(true);
  });

  it('leaves out what was only opened, and what was left in its credits after being watched', () => {
    expect(isOfferedToContinue({ position: 0, watched: false }, { ...rules, beginAfter: 0 })).toBe(false);
    expect(offered(6600, 7200, true)).toBe(false);
    expect(offered(7200, 7200)).toBe(false);
  });

  it('has a film in it that is seen a second time', () => {
    expect(offered(3000, 7200, true)).toBe(true);
  });
});

describe('resumePosition', () => {
  const resumed = (position: number, duration?: number, flag = false): number =>
    resumePosition({ position, duration, watched: flag }, rules);

  it('is exactly where the viewer stopped, however early', () => {
    expect(resumed(3.217, 7200)).toBe(3.217);
    expect(resumed(1234.567)).toBe(1234.567);
    expect(resumed(3000, 7200, true)).toBe(3000);
    expect(resumed(7198, 7200)).toBe(7198);
  });

  it('is the beginning for what is unknown, not begun, watched into its credits, or has nothing left', () => {
    expect(resumePosition(undefined, rules)).toBe(0);
    expect(resumed(0)).toBe(0);
    expect(resumed(6480, 7200, true)).toBe(0);
    expect(resumed(7199.5, 7200)).toBe(0);
    expect(resumed(7200, 7200)).toBe(0);
  });
});
