import { describe, expect, it } from 'vitest';
import { addressName, newStreamId, STREAM_ID } from '../../../host/src/streams/address.ts';
import { ifRangeHolds, selectBytes } from '../../../host/src/streams/ranges.ts';

const part = (start: number, end: number) => ({ kind: 'part', start, end });
const whole = { kind: 'whole' };
const unsatisfiable = { kind: 'unsatisfiable' };

describe('a Range header', () => {
  it.each([
    [undefined, whole],
    ['bytes=0-0', part(0, 1)],
    ['bytes=0-', part(0, 1000)],
    ['bytes=999-', part(999, 1000)],
    ['bytes=10-19', part(10, 20)],
    ['Bytes= 10 - 19 ', part(10, 20)],
    ['bytes=990-5000', part(990, 1000)],
    ['bytes=0-99999999999999999999999', part(0, 1000)],
    ['bytes=-1', part(999, 1000)],
    ['bytes=-5000', part(0, 1000)],
    ['bytes=-0', unsatisfiable],
    ['bytes=1000-', unsatisfiable],
    ['bytes=99999999999999999999999-', unsatisfiable],
    ['bytes=9-3', whole],
    ['bytes=-', whole],
    ['bytes=a-b', whole],
    ['bytes=0-9,20-29', whole],
    ['bytes', whole],
    ['seconds=0-9', whole],
    ['bytes=1.5-2', whole],
    ['', whole],
  ])('%s', (header, expected) => {
    expect(selectBytes(header, 1000)).toEqual(expected);
  });

  it('finds nothing but the whole in an empty file', () => {
    expect(selectBytes('bytes=-5', 0)).toEqual(whole);
    expect(selectBytes('bytes=0-', 0)).toEqual(unsatisfiable);
  });
});

describe('an If-Range header', () => {
  const validators = { etag: '"a1"', lastModified: 'Tue, 01 Jul 2025 10:00:00 GMT' };
  it.each([
    [undefined, true],
    ['"a1"', true],
    ['"a2"', false],
    ['W/"a1"', false],
    ['Tue, 01 Jul 2025 10:00:00 GMT', true],
    ['Tue, 01 Jul 2025 10:00:01 GMT', false],
    ['rubbish', false],
  ])('%s', (header, expected) => {
    expect(ifRangeHolds(header, validators)).toBe(expected);
  });

  it('never holds without validators', () => {
    expect(ifRangeHolds('"a1"', undefined)).toBe(false);
    expect(ifRangeHolds('Tue, 01 Jul 2025 10:00:00 GMT', {})).toBe(false);
  });
});

describe('the address of a stream', () => {
  it('carries 128 random bits', () => {
    const id = newStreamId();
    expect(id).toMatch(STREAM_ID);
    expect(Buffer.from(id, 'base64url')).toHaveLength(16);
    expect(newStreamId()).not.toBe(id);
  });

  it.each([
    ['Film.mkv', 'video/x-matroska', 'Film.mkv'],
    ['../../etc/passwd', 'video/mp4', encodeURIComponent('.._.._etc_passwd')],
    ['a?b#c%d.mp4', 'video/mp4', 'a_b_c_d.mp4'],
    ['Amélie 2.mkv', 'video/x-matroska', encodeURIComponent('Amélie 2.mkv')],
    [undefined, 'video/webm; codecs=vp9', 'stream.webm'],
    ['..', 'application/x-subrip', 'stream.srt'],
    [undefined, 'application/octet-stream', 'stream'],
    ['\ud800x.mp4', 'video/mp4', encodeURIComponent('\ufffdx.mp4')],
  ])('ends with a name from %s', (name, type, expected) => {
    expect(addressName(name, type)).toBe(expected);
  });

  it('keeps the extension of a long name', () => {
    const name = addressName(`${'x'.repeat(500)}.mkv`, 'video/x-matroska');
    expect(name).toHaveLength(100);
    expect(name).toMatch(/x\.mkv$/);
  });
});
