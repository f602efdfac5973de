/** The table of vectors, which any other client or relay can run, too. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  CLIENT_MESSAGES,
  CODE_ALPHABET,
  cleanName,
  type Decoded,
  decodeClientMessage,
  decodeServerMessage,
  encode,
  LIMITS,
  type MediaClaim,
  matchMedia,
  mayComeBack,
  mediaToken,
  newRoomCode,
  parseInvitation,
  parseRoomCode,
  positionAt,
  SERVER_MESSAGES,
  socketAddress,
  type Timeline,
} from '../../../../plugins/watch-together/src/protocol/index.ts';
import { inRepository } from '../../../support/repository.ts';
import vectors from './vectors.json' with { type: 'json' };

const decoded = ({ to, frame }: { to: string; frame: string }): Decoded<object> =>
  to === 'relay' ? decodeClientMessage(frame) : decodeServerMessage(frame);

describe('frames', () => {
  it.each(vectors.frames)('to $to: $frame is $is', (vector) => {
    const result = decoded(vector);
    expect(result.ok ? 'valid' : result.why).toBe(vector.is);
    if (result.ok) expect(JSON.parse(encode(result.message as never))).toEqual(JSON.parse(vector.frame));
  });

  it.each([
    ['relay', CLIENT_MESSAGES],
    ['client', SERVER_MESSAGES],
  ])('to the %s: every type has a valid one', (to, messages) => {
    const shown = vectors.frames.filter((vector) => vector.to === to && vector.is === 'valid');
    expect([...new Set(shown.map(({ frame }) => JSON.parse(frame).type))].sort()).toEqual(
      Object.keys(messages).sort(),
    );
  });

  it('every type is in the description of the wire', () => {
    const page = readFileSync(inRepository('docs/watch-together-protocol.md'), 'utf8');
    const missing = [...Object.keys(CLIENT_MESSAGES), ...Object.keys(SERVER_MESSAGES)].filter(
      (type) => !page.includes(`\`${type}\``),
    );
    expect(missing).toEqual([]);
  });

  it('a refused request keeps its number, and the problem names the place and no value', () => {
    expect(decodeClientMessage('{"type":"seek","id":7,"position":"secret"}')).toMatchObject({
      ok: false,
      why: 'invalid',
      type: 'seek',
      id: 7,
      problem: expect.stringMatching(/^\/position (?!.*secret)/),
    });
  });
});

it.each(vectors.positions)('position %j', ({ timeline, at, is }) => {
  const whole = { seq: 1, media: null, ...timeline } as Timeline;
  expect(positionAt(whole, at)).toBeCloseTo(is, 9);
});

it.each(vectors.codes)('code %j', ({ text, is }) => {
  expect(parseRoomCode(text) ?? null).toBe(is);
});

it('a new code is one, and no two are the same', () => {
  const codes = Array.from({ length: 1000 }, newRoomCode);
  for (const code of codes) expect(parseRoomCode(code)).toBe(code);
  expect(new Set(codes).size).toBeGreaterThan(990);
  expect(new Set(codes.join(''))).toEqual(new Set(CODE_ALPHABET));
});

it.each(vectors.invitations)('invitation %j', ({ text, is }) => {
  expect(parseInvitation(text) ?? null).toEqual(is);
});

it.each(vectors.sockets)('address of the WebSocket %j', ({ relay, is }) => {
  expect(socketAddress(relay) ?? null).toBe(is);
});

it.each(vectors.names)('name %j', ({ text, is }) => {
  expect(cleanName(text)).toBe(is);
});

it.each(vectors.tokens)('token %j', ({ kind, value, privacy, salt, is }) => {
  expect(mediaToken(kind as never, value, privacy as never, salt) ?? null).toBe(is);
});

it('a value too long to leave in plain leaves hashed', () => {
  const token = mediaToken('file', 'x'.repeat(5000), 'plain', 'aSaltOfSixteenOrMore');
  expect(token).toMatch(/^file:[\w-]{22}$/);
  expect((token ?? '').length).toBeLessThan(LIMITS.token);
});

it.each(vectors.matches)('match %j', ({ a, b, is }) => {
  expect(matchMedia(a as MediaClaim, b as MediaClaim, vectors.matchSalt)).toBe(is);
  expect(matchMedia(b as MediaClaim, a as MediaClaim, vectors.matchSalt)).toBe(is);
});

it.each(vectors.closes)('close %j', ({ code, comeBack }) => {
  expect(mayComeBack(code)).toBe(comeBack);
});
