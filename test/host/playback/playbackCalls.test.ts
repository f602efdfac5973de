import { VirtualClock } from '@kinoport/core/testing';
import { expect, it } from 'vitest';
import { checkedCall, openCheck } from '../../../host/src/playback/playbackCalls.ts';

const clock = new VirtualClock({ now: 1000 });
const check = (method: string, args: readonly unknown[]): string =>
  checkedCall({ id: 'one', method, args }, clock);

it.each([
  ['snapshot', []],
  ['play', [{}]],
  ['pause', [{ id: 'room-1', at: -5 }]],
  ['play', [{ at: 1000 + 24 * 3600 * 1000 }]],
  ['seek', [12.5, { exact: true, id: 'x' }]],
  ['setRate', [1.02, {}]],
  ['setVolume', [{ volume: 130 }, {}]],
  ['selectTrack', ['audio', 2, {}]],
  ['selectTrack', ['subtitle', null, {}]],
  ['addSubtitle', [{ path: '/a.srt', language: 'de', select: false }, {}]],
  ['addSubtitle', [{ url: 'http://127.0.0.1:1/a.srt' }, {}]],
  ['load', ['/a.mkv', { start: 3, paused: true, ignoreResume: true, source: 'files' }]],
  ['setUpcoming', [[], {}]],
  ['setWaitAtEnd', [true]],
])('a plugin may call %s with %j', (method, args) => {
  expect(check(method, args)).toBe(method);
});

it.each([
  ['play', [{ at: 1001 + 24 * 3600 * 1000 }]],
  ['play', [{ at: null }]],
  ['play', [{ id: 'x'.repeat(65) }]],
  ['play', [{ extraArgs: ['--script=x'] }]],
  ['seek', [null, {}]],
  ['setRate', [0, {}]],
  ['setVolume', [{ volume: -1 }, {}]],
  ['selectTrack', ['video', 1, {}]],
  ['selectTrack', ['audio', 1.5, {}]],
  ['addSubtitle', [{ path: 'relative.srt' }, {}]],
  ['addSubtitle', [{ url: 'edl://x' }, {}]],
  ['addSubtitle', [{ path: '/a.srt', url: 'http://127.0.0.1/' }, {}]],
  ['showMessage', ['x'.repeat(1001), 1]],
  ['load', ['', {}]],
  ['load', ['/a.mkv', { start: -1 }]],
  ['setUpcoming', ['/a.mkv', {}]],
  ['setUpcoming', [Array.from({ length: 1001 }, () => 'x'), {}]],
  ['setWaitAtEnd', ['yes']],
  ['stop', [1]],
])('refuses %s with %j', (method, args) => {
  expect(() => check(method, args)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
});

it.each(['finish', 'detach', 'constructor', 'toString'])('knows no method %s', (method) => {
  expect(() => check(method, [])).toThrow(expect.objectContaining({ code: 'METHOD_NOT_FOUND' }));
});

it('opens with a display, and with no other variables', () => {
  const open = (options: object) => openCheck.problem({ uris: ['/a.mkv'], options });
  expect(open({ display: { DISPLAY: ':1', PULSE_SERVER: 'x' }, waitAtEnd: true, file: '2' })).toBeUndefined();
  expect(open({ display: { LD_PRELOAD: '/x.so' } })).toBeDefined();
  expect(open({ environment: { DISPLAY: ':1' } })).toBeDefined();
  expect(openCheck.problem({ uris: [], options: {} })).toBeDefined();
});
