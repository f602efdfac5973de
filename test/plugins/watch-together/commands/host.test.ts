/** What the host of a room says, and what the others are told of it. */
import { once, systemClock } from '@kinoport/core';
import { TestContext } from '@kinoport/core/testing';
import { afterEach, expect, it } from 'vitest';
import { readOptions } from '../../../../plugins/watch-together/relay/src/program/options.ts';
import { startRelay } from '../../../../plugins/watch-together/relay/src/program/relay.ts';
import type { Room } from '../../../../plugins/watch-together/src/client/room.ts';
import { RoomService } from '../../../../plugins/watch-together/src/client/roomService.ts';
import { openWebSocketLink } from '../../../../plugins/watch-together/src/client/webSocketLink.ts';
import { steer } from '../../../../plugins/watch-together/src/commands/steer.ts';
import { termsChanges, termsOf } from '../../../../plugins/watch-together/src/commands/terms.ts';
import { parseTyped, type Typed } from '../../../../plugins/watch-together/src/commands/typed.ts';
import { readSettings } from '../../../../plugins/watch-together/src/settings.ts';

const disposables: { dispose(): void | Promise<void> }[] = [];
afterEach(async () => {
  for (const one of disposables.splice(0).reverse()) await one.dispose();
});

function service(): RoomService {
  const context = new TestContext();
  const made = new RoomService(context.ctx, () => readSettings({}), openWebSocketLink);
  disposables.push(context, made);
  return made;
}

async function say(room: Room, line: string): Promise<void> {
  await steer(room, parseTyped(line) as Parameters<typeof steer>[1] & Typed, 0);
}

it('gives the room away, changes it, and sends people out', async () => {
  const options = readOptions(['--port', '0', '--silent'], {});
  if (!options) throw new Error('help');
  const relay = await startRelay(options, { clock: systemClock, log: () => undefined });
  disposables.push(relay);
  const url = `http://127.0.0.1:${relay.port}`;
  const ann = await service().create({ name: 'Ann', relay: url });
  const bob = await service().join(ann.invitation, { name: 'Bob' });

  const before = termsOf(bob);
  const lines: string[] = [];
  bob.onDidChangeRoom(() => lines.push(...termsChanges(before, termsOf(bob))));
  let changed = once(bob.onDidChangeRoom);
  await say(ann, 'set control host');
  await changed;
  changed = once(bob.onDidChangeRoom);
  await say(ann, 'set password open sesame');
  await changed;
  expect(lines).toEqual([
    'Only the host steers from now on.',
    'Only the host steers from now on.',
    'The room has a password now.',
  ]);
  expect([bob.settings.control, bob.locked]).toEqual(['host', true]);
  await expect(say(bob, 'set control everyone')).rejects.toMatchObject({ code: 'ROOM_FORBIDDEN' });
  await expect(service().join(ann.invitation, { name: 'Cleo' })).rejects.toMatchObject({
    code: 'ROOM_PASSWORD',
  });

  await expect(say(ann, 'transfer Ann')).rejects.toMatchObject({ code: 'ROOM_STATE' });
  await say(ann, 'transfer bob');
  const over = once(ann.onDidClose);
  await say(bob, 'set no password');
  await say(bob, 'kick ANN');
  expect(await over).toEqual({ reason: 'kicked' });
  expect(bob.locked).toBe(false);
});
