import { KinoportError, type PlayerEnd } from '@kinoport/core';
import { describe, expect, it } from 'vitest';
import { trustedEnd } from '../../../host/src/playback/ends.ts';

const finished = (position: number, duration?: number): PlayerEnd => ({
  reason: 'finished',
  itemToken: 'p-1',
  position,
  ...(duration === undefined ? {} : { duration }),
});

describe('an end that a player tells', () => {
  it.each([
    [600, 600],
    [598.1, 600],
    [5941, 6000],
    [12, undefined],
  ])('is finished at %s of %s', (position, duration) => {
    expect(trustedEnd(finished(position, duration), 0, undefined)).toEqual({ reason: 'finished' });
  });

  it.each([
    [593, 600],
    [5900, 6000],
    [0, 600],
  ])('is interrupted at %s of %s, whatever the player says', (position, duration) => {
    const { reason, error } = trustedEnd(finished(position, duration), 0, undefined);
    expect(reason).toBe('interrupted');
    expect(error).toMatchObject({ code: 'PLAYBACK_INTERRUPTED', hint: expect.stringContaining('continue') });
  });

  it('is interrupted where the bytes broke off, and says why', () => {
    const failure = new KinoportError('SOURCE_FORBIDDEN', 'The server refused.');
    const { reason, error } = trustedEnd(finished(600, 600), 0, failure);
    expect(reason).toBe('interrupted');
    expect(error?.message).toContain('The server refused.');
  });

  it('is no end of a film that was begun behind its end', () => {
    const { reason, error } = trustedEnd(finished(300, 300), 750, undefined);
    expect(reason).toBe('failed');
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('300 s') });
  });

  it('keeps every other reason and its error', () => {
    const error = { code: 'MEDIA_UNRECOGNIZED', message: 'Not a film.' };
    const end: PlayerEnd = { ...finished(0), reason: 'failed', error };
    expect(trustedEnd(end, 0, undefined)).toEqual({ reason: 'failed', error });
  });
});
