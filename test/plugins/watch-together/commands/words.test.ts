import type { SyncParticipant, SyncTimelineChange } from '@kinoport/core';
import { describe, expect, it } from 'vitest';
import { typedPath } from '../../../../plugins/watch-together/src/commands/film.ts';
import {
  offsetLine,
  participantLine,
  peopleChanges,
  timelineLine,
} from '../../../../plugins/watch-together/src/commands/words.ts';

type Change = Partial<SyncTimelineChange['timeline']> & { readonly cause: SyncTimelineChange['cause'] };

const said = ({ cause, ...timeline }: Change): string | undefined =>
  timelineLine(
    {
      timeline: { seq: 1, phase: 'playing', position: 5, at: 0, rate: 1, media: 'i2', ...timeline },
      cause,
    },
    (id) => ({ p1: 'Ann', p2: 'Bob' })[id] ?? id,
    (id) => (id === 'i2' ? 'Episode 2' : undefined),
  );

const ANN: SyncParticipant = {
  id: 'p1',
  name: 'Ann',
  isHost: false,
  isSelf: false,
  isReady: true,
  connected: true,
  buffering: false,
  waitForMe: true,
  match: 'same',
};

describe('what is said of the timeline', () => {
  it.each<[string | undefined, Change]>([
    ['Ann goes to 0:05 from 1:00.', { cause: { kind: 'seek', by: 'p1', from: 60 } }],
    [
      'Ann goes to 0:05 from 1:00; waiting for Bob.',
      { phase: 'waiting', waitingFor: ['p2'], cause: { kind: 'seek', by: 'p1', from: 60 } },
    ],
    ['Ann goes on with "Episode 2".', { cause: { kind: 'media', by: 'p1' } }],
    ['Ann goes on with another film.', { media: 'i3', cause: { kind: 'media', by: 'p1' } }],
    [
      'At 0:05; waiting for Ann, Bob.',
      { phase: 'waiting', waitingFor: ['p1', 'p2'], cause: { kind: 'buffering', by: 'p1' } },
    ],
    // Whether all are there, or one was waited for long enough, is not known here.
    ['On from 0:05.', { cause: { kind: 'ready', by: null } }],
    [undefined, { cause: { kind: 'buffering', by: 'p1' } }],
  ])('%s', (line, change) => {
    expect(said(change)).toBe(line);
  });
});

describe('what is said of people', () => {
  it('that nobody waits for somebody any more, and that they do again', () => {
    const alone = { ...ANN, waitForMe: false };
    expect(peopleChanges([ANN], [alone])).toEqual(['The room does not wait for Ann any more.']);
    expect(peopleChanges([alone], [ANN])).toEqual(['The room waits for Ann again.']);
    expect(participantLine(alone)).toBe('Ann (ready, not waited for)');
  });

  it('by how much one is ahead', () => {
    expect([0.2, -0.25, 0].map(offsetLine)).toEqual([
      'Your player is 0.2 s ahead of the others.',
      'Your player is 0.25 s behind the others.',
      'Your player is with the others.',
    ]);
  });
});

describe.skipIf(process.platform === 'win32')('a path that is typed', () => {
  it.each([
    [' /films/Film.mkv ', '/films/Film.mkv'],
    ['"/my films/Film.mkv"', '/my films/Film.mkv'],
    ["'/my films/Film.mkv'", '/my films/Film.mkv'],
    ['/my\\ films/Film\\ \\(1\\).mkv', '/my films/Film (1).mkv'],
    ['https://example.org/a%20b.mkv', 'https://example.org/a%20b.mkv'],
    ['', ''],
  ])('%s', (typed, path) => {
    expect(typedPath(typed)).toBe(path);
  });

  it('may begin at home', () => {
    expect(typedPath("'~/my film.mkv'")).toMatch(/^\/.*[^~]\/my film\.mkv$/);
    expect(typedPath('~ann/film.mkv')).toBe('~ann/film.mkv');
  });
});
