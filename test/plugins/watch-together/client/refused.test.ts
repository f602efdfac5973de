/** What becomes of a member whose relay refuses what nobody has asked for, at a relay with real sockets. */
import { once, systemClock } from '@kinoport/core';
import { TestContext } from '@kinoport/core/testing';
import { afterEach, expect, it } from 'vitest';
import { readOptions } from '../../../../plugins/watch-together/relay/src/program/options.ts';
import { startRelay } from '../../../../plugins/watch-together/relay/src/program/relay.ts';
import type { LinkOpener } from '../../../../plugins/watch-together/src/client/link.ts';
import { RoomService } from '../../../../plugins/watch-together/src/client/roomService.ts';
import { openWebSocketLink } from '../../../../plugins/watch-together/src/client/webSocketLink.ts';
import type { ClientMessage } from '../../../../plugins/watch-together/src/protocol/index.ts';
import { readSettings } from '../../../../plugins/watch-together/src/settings.ts';

const disposables: { dispose(): void | Promise<void> }[] = [];

afterEach(async () => {
  for (const one of disposables.splice(0).reverse()) await one.dispose();
});

const FILM = {
  key: 'test:film',
  uri: '/films/Film.mkv',
  title: 'Film',
  kind: 'video',
  duration: 60,
} as const;
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

async function started(): Promise<string> {
  const options = readOptions(['--port', '0', '--silent'], {});
  if (!options) throw new Error('help');
  const relay = await startRelay(options, { clock: systemClock, log: () => undefined });
  disposables.push(relay);
  return `http://127.0.0.1:${relay.port}`;
}

function machine(open = openWebSocketLink) {
  const context = new TestContext();
  const service = new RoomService(context.ctx, () => readSettings({}), open);
  disposables.push(context, service);
  return { service, playback: context.playback };
}

it('is told when the room does not take that nobody is to wait for it', async () => {
  const [ann, bob] = [machine(), machine(refusing('preferences'))];
  ann.playback.start({ item: FILM, queue: [FILM, NEXT] });
  const room = await ann.service.create({ name: 'Ann', relay: await started(), playbackId: 'session' });
  bob.playback.start({ item: FILM });
  const joined = await bob.service.join(room.invitation, { name: 'Bob', playbackId: 'session' });
  const warned = once(joined.onDidWarn, ({ code }) => code === 'ROOM_FORBIDDEN', AbortSignal.timeout(5000));
  // Bob has not the film.
  await room.select('i2');
  await warned;
  await expect(joined.setWaitForMe(false)).rejects.toMatchObject({ code: 'ROOM_FORBIDDEN' });
});

it('leaves all the same', async () => {
  const [ann, bob] = [machine(), machine(refusing('leave'))];
  const room = await ann.service.create({ name: 'Ann', relay: await started() });
  const joined = await bob.service.join(room.invitation, { name: 'Bob' });
  const over = once(joined.onDidClose, undefined, AbortSignal.timeout(5000));
  await joined.leave();
  expect(await over).toEqual({ reason: 'left' });
  expect(bob.service.rooms).toEqual([]);
});
