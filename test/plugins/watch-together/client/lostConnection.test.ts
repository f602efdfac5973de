/** What a viewer can do, and what the others see, when a connection, a film or a player is missing. */
import { type SyncParticipant, systemClock } from '@kinoport/core';
import { type TestPlayback } from '@kinoport/core/testing';
import { beforeEach, expect, it } from 'vitest';
import type { Room } from '../../../../plugins/watch-together/src/client/room.ts';
import { CutProxy } from '../../../support/lab/cutProxy.ts';
import { addressOf, machine, openRelay, own, FILM as SHORT, within } from '../gathering.ts';

let url: string;
let way: CutProxy;

beforeEach(async () => {
  const relay = await openRelay();
  url = addressOf(relay);
  way = own(await CutProxy.open(relay.port));
});

const FILM = { ...SHORT, duration: 6000 } as const;
const NEXT = { ...FILM, key: 'test:next', uri: '/films/Next.mkv', title: 'Next', size: 5 } as const;

const calls = (playback: TestPlayback, method: string): number =>
  playback.calls.filter((call) => call.method === method).length;

async function underWay(room: Room): Promise<void> {
  const started = within(room.onDidChangeTimeline, ({ timeline }) => timeline.phase === 'playing');
  await room.setReady(true);
  await room.start({ force: true });
  await started;
}

it('leaves the player to its viewer while nobody can be asked, and takes it back afterwards', async () => {
  const ann = machine();
  ann.playback.start({ item: FILM });
  const room = await ann.service.create({ name: 'Ann', relay: way.url, playbackId: 'session' });
  await underWay(room);
  await expect.poll(() => calls(ann.playback, 'play')).toBeGreaterThan(0);
  ann.playback.change({ status: 'playing', position: 0, duration: 6000, at: systemClock.now() });
  const lost = within(room.onDidChangeStatus, ({ connection }) => connection === 'reconnecting');
  way.cut();
  await lost;
  const warned = within(room.onDidWarn);
  const before = calls(ann.playback, 'play');
  ann.playback.change({ status: 'paused', position: 1, at: systemClock.now(), cause: 'user' });
  expect(await warned).toMatchObject({ code: 'RELAY_UNREACHABLE' });
  // Once is enough: whatever else the viewer does now is the viewer's own affair too.
  let more = 0;
  room.onDidWarn(() => {
    more += 1;
  });
  ann.playback.change({ status: 'paused', position: 500, at: systemClock.now(), cause: 'user', epoch: 2 });
  // Told once a second: longer than the player is left alone after a refusal.
  for (let second = 0; second < 3; second += 1) await within(room.onDidChangeStatus);
  expect([calls(ann.playback, 'play') - before, more]).toEqual([0, 0]);
  const back = within(room.onDidChangeStatus, ({ connection }) => connection === 'connected');
  way.heal();
  await back;
  await expect.poll(() => calls(ann.playback, 'play'), { timeout: 5000 }).toBeGreaterThan(before);
});

it('is not waited for where the next film is missing, and is again once it has a film', async () => {
  const [ann, bob] = [machine(), machine()];
  ann.playback.start({ item: FILM, queue: [FILM, NEXT] });
  const room = await ann.service.create({ name: 'Ann', relay: url, playbackId: 'session' });
  bob.playback.start({ item: FILM });
  const joined = await bob.service.join(room.invitation, { name: 'Bob', playbackId: 'session' });
  await underWay(room);
  const warned = within(joined.onDidWarn, ({ code }) => code === 'ROOM_MEDIA_MISSING');
  const isAlone = (all: readonly SyncParticipant[]): boolean => all[1]?.waitForMe === false;
  const alone = within(room.onDidChangeParticipants, isAlone);
  await room.select('i2');
  await warned;
  await alone;
  const again = within(room.onDidChangeParticipants, (all) => all[1]?.waitForMe === true);
  await room.select('i1');
  await again;
});
