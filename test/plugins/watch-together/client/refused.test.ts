/** What becomes of a member whose relay refuses what nobody has asked for, at a relay with real sockets. */
import { once } from '@kinoport/core';
import { expect, it } from 'vitest';
import type { LinkOpener } from '../../../../plugins/watch-together/src/client/link.ts';
import { openWebSocketLink } from '../../../../plugins/watch-together/src/client/webSocketLink.ts';
import type { ClientMessage } from '../../../../plugins/watch-together/src/protocol/index.ts';
import { addressOf, FILM, machine, openRelay } from '../gathering.ts';

const NEXT = { ...FILM, key: 'test:next', uri: '/films/Next.mkv', title: 'Next', size: 5 } as const;

/** A guest's `start` is refused, and so is what is sent in its place. */
const refusing = (...types: readonly ClientMessage['type'][]): LinkOpener => {
  return async (relay, signal) => {
    const link = await openWebSocketLink(relay, signal);
    const send = link.send.bind(link);
    link.send = (message) =>
      send(types.includes(message.type) && 'id' in message ? { type: 'start', id: message.id } : message);
    return link;
  };
};

it('is told when the room does not take that nobody is to wait for it', async () => {
  const [ann, bob] = [machine(), machine({ open: refusing('preferences') })];
  ann.playback.start({ item: FILM, queue: [FILM, NEXT] });
  const room = await ann.service.create({
    name: 'Ann',
    relay: addressOf(await openRelay()),
    playbackId: 'session',
  });
  bob.playback.start({ item: FILM });
  const joined = await bob.service.join(room.invitation, { name: 'Bob', playbackId: 'session' });
  const warned = once(joined.onDidWarn, ({ code }) => code === 'ROOM_FORBIDDEN', AbortSignal.timeout(5000));
  // Bob has not the film.
  await room.select('i2');
  await warned;
  await expect(joined.setWaitForMe(false)).rejects.toMatchObject({ code: 'ROOM_FORBIDDEN' });
});

it('leaves all the same', async () => {
  const [ann, bob] = [machine(), machine({ open: refusing('leave') })];
  const room = await ann.service.create({ name: 'Ann', relay: addressOf(await openRelay()) });
  const joined = await bob.service.join(room.invitation, { name: 'Bob' });
  const over = once(joined.onDidClose, undefined, AbortSignal.timeout(5000));
  await joined.leave();
  expect(await over).toEqual({ reason: 'left' });
  expect(bob.service.rooms).toEqual([]);
});
