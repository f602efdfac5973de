import type { PlayerState, StreamStats } from '@kinoport/core';
import { VirtualClock } from '@kinoport/core/testing';
import { beforeEach, expect, it } from 'vitest';
import { SourceCare } from '../../../host/src/playback/sourceCare.ts';
import type { RemoteStream } from '../../../host/src/plugins/remoteSource.ts';

let clock: VirtualClock;
let answer: () => Promise<StreamStats>;
let asked: number;
let notified: number[];
let told: (StreamStats | undefined)[];
let care: SourceCare;

const make = (record: object | undefined): SourceCare => {
  const source = {
    plugin: { peer: {} },
    stats: () => {
      asked += 1;
      return answer();
    },
    notifyPosition: (_id: string, { seconds }: { readonly seconds: number }) => notified.push(seconds),
  };
  const stream = { source, id: 'x', record } as unknown as RemoteStream;
  return new SourceCare(clock, stream, () => told.push(care.stats));
};

beforeEach(() => {
  clock = new VirtualClock();
  answer = async () => ({ peers: 3 });
  asked = 0;
  notified = [];
  told = [];
});

const state = (position: number, more: Partial<PlayerState> = {}): PlayerState =>
  ({ status: 'playing', position, epoch: 1, ...more }) as PlayerState;

it('figures are asked for once a second, whatever the player says or does not say', async () => {
  care = make({});
  await clock.advance(3_000);
  expect([asked, told]).toEqual([3, [{ peers: 3 }, { peers: 3 }, { peers: 3 }]]);
  await care.dispose();
  await clock.advance(3_000);
  expect(asked).toBe(3);
});

it('one question at a time; figures that cannot be had are none', async () => {
  care = make({});
  await clock.advance(1_000);
  const slow = Promise.withResolvers<StreamStats>();
  answer = () => slow.promise;
  await clock.advance(5_000);
  expect(asked).toBe(2);
  slow.reject(new Error('late'));
  await clock.advance(1);
  expect(care.stats).toBeUndefined();
  await care.dispose();
});

it('of a source without figures nothing is told, and a file on disk is not asked about', async () => {
  answer = async () => ({});
  care = make({});
  await clock.advance(3_000);
  expect([asked, told]).toEqual([3, []]);
  await care.dispose();
  care = make(undefined);
  await clock.advance(3_000);
  expect(asked).toBe(3);
});

it('the position is told four times a second at most, and at once after a seek', async () => {
  care = make({});
  for (let i = 0; i < 10; i += 1) {
    care.heard(state(i));
    await clock.advance(50);
  }
  expect(notified).toEqual([0, 5]);
  care.heard(state(700, { status: 'seeking', epoch: 2 }));
  expect(notified).toEqual([0, 5, 700]);
  await care.dispose();
});
