import { describe, expect, it } from 'vitest';
import { parseStartTime, startSeconds } from '../../../host/src/playback/startTime.ts';

describe('a time as a viewer writes it', () => {
  it.each([
    ['0', { type: 'seconds', value: 0 }],
    ['754.5', { type: 'seconds', value: 754.5 }],
    ['12:34', { type: 'seconds', value: 754 }],
    ['90:00', { type: 'seconds', value: 5400 }],
    ['1:02:03.25', { type: 'seconds', value: 3723.25 }],
    ['50%', { type: 'percent', value: 50 }],
    ['99.5%', { type: 'percent', value: 99.5 }],
    ['-90', { type: 'fromEnd', value: 90 }],
    ['-1:30', { type: 'fromEnd', value: 90 }],
  ])('%s', (text, expected) => expect(parseStartTime(text)).toEqual(expected));

  it.each(['', 'soon', '1:2:3:4', '101%', '-50%', '1e3', '12:', ':12', '+5', ' 5', 'NaN', '1,5', '5s'])(
    'is not "%s"',
    (text) => {
      expect(() => parseStartTime(text)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    },
  );
});

describe('its seconds', () => {
  it.each([
    ['30', 100, 30],
    ['30', undefined, 30],
    ['50%', 100, 50],
    ['100%', 100, 99],
    ['-10', 100, 90],
    ['-500', 100, 0],
    ['-0', 100, 99],
    ['99.5', 100, 99.5],
  ])('%s of %s', (text, duration, expected) => {
    expect(startSeconds(parseStartTime(text), duration)).toBe(expected);
  });

  it.each([
    ['500', 100],
    ['100', 100],
    ['5', 0.5],
  ])('%s of %s lies behind the end', (text, duration) => {
    expect(() => startSeconds(parseStartTime(text), duration)).toThrow(/behind its end/);
  });

  it.each(['50%', '-10'])('%s wait for the duration', (text) => {
    expect(startSeconds(parseStartTime(text), undefined)).toBeUndefined();
  });
});
