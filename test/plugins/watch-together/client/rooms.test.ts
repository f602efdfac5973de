/** Rooms of two machines in memory, at a relay with real sockets. */
import { type SyncParticipant } from '@kinoport/core';
import { TestContext } from '@kinoport/core/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Room } from '../../../../plugins/watch-together/src/client/room.ts';
import { addressOf, FILM, machine, openRelay, within } from '../gathering.ts';

let url: string;

beforeEach(async () => {
  url = addressOf(await openRelay());
});

/** People as they are to be, now or soon. */
async function people(room: Room, accept: (all: readonly SyncParticipant[]) => boolean): Promise<void> {
  if (!accept(room.participants)) await within(room.onDidChangeParticipants, accept);
}

describe('a room', () => {
  it('is opened with what plays, and found by its link', async () => {
    const [ann, bob] = [machine(), machine()];
    ann.playback.start({ item: FILM });
    bob.playback.start({ item: { ...FILM, uri: '/elsewhere/Film.mkv' } });
    const room = await ann.service.create({ name: 'Ann', relay: url, playbackId: 'session' });
    expect(room.invitation).toBe(`${url}/r/${room.code}`);
    const joined = await bob.service.join(room.invitation, { name: ' Bob\u001b[2J ', playbackId: 'session' });
    await people(joined, (all) => all.every(({ match }) => match === 'same'));
    expect(joined.participants.map(({ name }) => name)).toEqual(['Ann', 'Bob[2J']);
    expect(joined.queue).toEqual([{ id: 'i1', title: 'Film', duration: 60 }]);
  });

  it('is one to each player', async () => {
    const ann = machine();
    ann.playback.start({ item: FILM });
    const first = await ann.service.create({ name: 'Ann', relay: url, playbackId: 'session' });
    const second = ann.service.create({ name: 'Ann', relay: url, playbackId: 'session' });
    await expect(second).rejects.toMatchObject({ code: 'ROOM_PLAYER_IN_USE' });
    await first.leave();
    const third = await ann.service.create({ name: 'Ann', relay: url, playbackId: 'session' });
    expect(third.playbackId).toBe('session');
  });

  it('gives its seat back to whoever comes again after a crash', async () => {
    const ann = machine();
    const room = await ann.service.create({ name: 'Ann', relay: url });
    const crashed = new TestContext();
    const bob = machine({ context: crashed });
    const joined = await bob.service.join(room.invitation, { name: 'Bob' });
    await people(room, (all) => all.length === 2);
    // What a new process has is what was kept of the one before.
    const again = machine();
    for (const [name, value] of crashed.secrets) again.context.secrets.set(name, value);
    const over = within(joined.onDidClose);
    const back = await again.service.join(room.invitation, { name: 'Bob' });
    expect((await over).reason).toBe('replaced');
    expect(back.participants.filter(({ isSelf }) => isSelf)).toMatchObject([{ id: 'p2' }]);
    expect(back.participants).toHaveLength(2);
    await back.leave();
    await expect.poll(() => again.context.secrets.size).toBe(0);
  });

  it('goes on with the next item for all', async () => {
    const ann = machine();
    const next = { ...FILM, key: 'test:next', uri: '/films/Next.mkv', title: 'Next' };
    ann.playback.start({ item: FILM, queue: [FILM, next] });
    const room = await ann.service.create({ name: 'Ann', relay: url, playbackId: 'session' });
    await room.setReady(true);
    await room.start();
    const selected = within(room.onDidChangeTimeline, ({ cause }) => cause.kind === 'media');
    ann.playback.end();
    expect((await selected).timeline.media).toBe('i2');
    await expect
      .poll(() => ann.playback.calls.find(({ method }) => method === 'load')?.args[0])
      .toBe(next.uri);
  });

  it('tells of another film', async () => {
    const [ann, bob] = [machine(), machine()];
    ann.playback.start({ item: FILM });
    const room = await ann.service.create({ name: 'Ann', relay: url, playbackId: 'session' });
    const joined = await bob.service.join(room.code, { name: 'Bob', relay: url });
    bob.playback.start({
      item: { ...FILM, key: 'test:other', title: 'Other', uri: '/Other.mkv', duration: 90 },
    });
    bob.playback.change({ duration: 90 });
    const warned = within(joined.onDidWarn);
    await joined.bind('session');
    expect(await warned).toMatchObject({ code: 'ROOM_MEDIA_MISMATCH' });
  });

  it('keeps the seat of whose player is closed', async () => {
    const ann = machine();
    ann.playback.start({ item: FILM });
    const room = await ann.service.create({ name: 'Ann', relay: url, playbackId: 'session' });
    const warned = within(room.onDidWarn);
    ann.playback.close();
    expect(await warned).toMatchObject({ code: 'PLAYER_GONE' });
    await people(room, ([one]) => one?.waitForMe === false);
    expect(room.playbackId).toBeUndefined();
  });

  it('ends for who is sent out, and for nobody else', async () => {
    const [ann, bob] = [machine(), machine()];
    const room = await ann.service.create({ name: 'Ann', relay: url });
    const joined = await bob.service.join(room.invitation, { name: 'Bob' });
    const over = within(joined.onDidClose);
    await room.kick('p2');
    expect((await over).reason).toBe('kicked');
    await expect(joined.say('again')).rejects.toMatchObject({ code: 'ROOM_CLOSED' });
    expect(room.participants).toHaveLength(1);
  });
});

describe('what is refused', () => {
  it.each([
    ['ABC', 'ROOM_CODE_INVALID'],
    ['ftp://example.org/r/ABC234', 'ROOM_CODE_INVALID'],
    ['ABC234', 'RELAY_NONE'],
    ['http://127.0.0.1:9/r/ABC234', 'RELAY_UNREACHABLE'],
  ])('%s: %s', async (invitation, code) => {
    const joined = machine().service.join(invitation, { name: 'Bob' });
    await expect(joined).rejects.toMatchObject({ code });
  });

  it('a code that nobody has, and a wrong password', async () => {
    const [ann, bob] = [machine(), machine()];
    const room = await ann.service.create({ name: 'Ann', relay: url, password: 'secret' });
    const wrong = bob.service.join(room.invitation, { name: 'Bob', password: 'guess' });
    await expect(wrong).rejects.toMatchObject({ code: 'ROOM_PASSWORD' });
    const joined = await bob.service.join(room.invitation, { name: 'Bob', password: 'secret' });
    expect(joined.code).toBe(room.code);
    const none = bob.service.join(`${url}/r/AAAAAA`, { name: 'Bob' });
    await expect(none).rejects.toMatchObject({ code: 'ROOM_NOT_FOUND' });
  });
});
