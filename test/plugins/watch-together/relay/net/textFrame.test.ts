import { expect, it } from 'vitest';
import { textFrame } from '../../../../../plugins/watch-together/relay/src/net/textFrame.ts';

it.each([
  // The first is of RFC 6455, 5.7.
  ['Hello', '810548656c6c6f'],
  ['', '8100'],
  ['é', '8102c3a9'],
])('%j is framed as a server frames it', (text, frame) => {
  expect(textFrame(text).toString('hex')).toBe(frame);
});

it.each([
  [125, '817d'],
  [126, '817e007e'],
  [256, '817e0100'],
  [65_535, '817effff'],
  [65_536, '817f0000000000010000'],
])('a text of %i bytes has its length before it', (bytes, head) => {
  const text = 'a'.repeat(bytes);
  const frame = textFrame(text);
  expect(frame.toString('hex', 0, head.length / 2)).toBe(head);
  expect(frame.toString('utf8', head.length / 2)).toBe(text);
});
