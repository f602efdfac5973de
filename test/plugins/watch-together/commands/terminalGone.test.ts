/** What becomes of a room and its film when a terminal, the plugin's process or the relay goes, at a relay with real sockets. */
import { systemClock } from '@kinoport/core';
import { TestContext } from '@kinoport/core/testing';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { readOptions } from '../../../../plugins/watch-together/relay/src/program/options.ts';
import { type Relay, startRelay } from '../../../../plugins/watch-together/relay/src/program/relay.ts';
import { RoomService } from '../../../../plugins/watch-together/src/client/roomService.ts';
import { openWebSocketLink } from '../../../../plugins/watch-together/src/client/webSocketLink.ts';
import { registerCommands } from '../../../../plugins/watch-together/src/commands/index.ts';
import { readSettings } from '../../../../plugins/watch-together/src/settings.ts';

const FILM = '/films/Film.mkv';
const ITEM = { key: 'test:film', uri: FILM, title: 'Film', kind: 'video', duration: 60 } as const;

const disposables: { dispose(): void | Promise<void> }[] = [];
let relay: Relay;

beforeEach(async () => {
  relay = await started();
});

afterEach(async () => {
  for (const one of disposables.splice(0).reverse()) await one.dispose();
});

async function started(port = 0): Promise<Relay> {
  const options = readOptions(['--port', String(port), '--silent'], {});
  if (!options) throw new Error('help');
  const one = await startRelay(options, { clock: systemClock, log: () => undefined });
  disposables.push(one);
  return one;
}

/** A machine with the commands, and whoever is at its terminal. */
function machine() {
  const context = new TestContext();
  disposables.push(context);
  const service = new RoomService(context.ctx, () => readSettings({}), openWebSocketLink);
  disposables.push(service);
  registerCommands(context.ctx, service);
  const terminal = (command: 'room create' | 'room join', args: Record<string, string | string[]>) => {
    const ending = new AbortController();
    const over = (clientGoes: boolean) =>
      context.run(command, {
        args,
        clientGoes,
        json: true,
        signal: ending.signal,
        options: { name: 'Ann', relay: `http://127.0.0.1:${relay.port}` },
      });
    return { ending, over };
  };
  const methods = (): readonly string[] => context.playback.calls.map(({ method }) => method);
  return { context, service, terminal, methods };
}

type Machine = ReturnType<typeof machine>;

/** In a room with a film that has begun; `clientGoes`: whoever ends the terminal does not ask for the end. */
async function watching({ service, terminal }: Machine, clientGoes: boolean) {
  const { ending, over } = terminal('room create', { file: [FILM] });
  const ended = over(clientGoes).then(
    () => undefined,
    (error: unknown) => error,
  );
  const room = await vi.waitUntil(() => service.rooms.find(({ playbackId }) => playbackId !== undefined));
  await vi.waitUntil(() => room.participants.every(({ match }) => match === 'same'));
  await room.setReady(true);
  await room.start();
  return { room, ending, ended };
}

it('takes the player that plays the film already', async () => {
  const ann = machine();
  ann.context.playback.start({ item: ITEM });
  const { room } = await watching(ann, false);
  expect(room.playbackId).toBe('session');
  expect(ann.methods()).not.toContain('open');
  expect(ann.methods()).toContain('pause');
});

it('opens another player where the one that has the film is in a room', async () => {
  const ann = machine();
  ann.context.playback.start({ id: 'first', item: ITEM });
  const first = await ann.service.create({
    name: 'Ann',
    relay: `http://127.0.0.1:${relay.port}`,
    playbackId: 'first',
  });
  expect(first.playbackId).toBe('first');
  const { over } = ann.terminal('room create', { file: [FILM] });
  // The end of the test ends it.
  over(false).catch(() => undefined);
  await vi.waitUntil(() => ann.service.rooms.length === 2);
  expect(ann.methods()).toContain('open');
});

it('stays in the room when the terminal is gone, and is joined again', async () => {
  const ann = machine();
  const { room, ending, ended } = await watching(ann, true);
  ending.abort();
  await ended;
  expect(ann.service.rooms).toEqual([room]);
  expect(room.status.connection).toBe('connected');
  expect(ann.methods()).not.toContain('stop');

  const again = ann.terminal('room join', { room: room.code });
  const left = again.over(false);
  again.ending.abort();
  await left;
  expect(ann.service.rooms).toEqual([]);
  expect(ann.methods().filter((method) => method === 'open' || method === 'stop')).toEqual(['open', 'stop']);
});

it('is still left with its player when whoever came again had none for it', async () => {
  const ann = machine();
  const { room, ending, ended } = await watching(ann, true);
  ending.abort();
  await ended;
  const again = ann.service.join(room.invitation, { name: 'Ann', playbackId: 'no such' });
  await expect(again).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
  ann.context.playback.close();
  await vi.waitUntil(() => ann.service.rooms.length === 0);
});

it('leaves a room without a terminal when the player is closed', async () => {
  const ann = machine();
  const { ending, ended } = await watching(ann, true);
  ending.abort();
  await ended;
  ann.context.playback.close();
  await vi.waitUntil(() => ann.service.rooms.length === 0);
});

it('leaves the room and closes the player when the end was asked for', async () => {
  const ann = machine();
  const { ending, ended } = await watching(ann, false);
  ending.abort();
  await ended;
  expect(ann.service.rooms).toEqual([]);
  expect(ann.methods()).toContain('stop');
});

it('lets the film go on when the relay has forgotten the room, and says what to do', async () => {
  const ann = machine();
  const { ended } = await watching(ann, false);
  const { port } = relay;
  disposables.splice(disposables.indexOf(relay), 1);
  await relay.dispose();
  await started(port);
  expect(await ended).toMatchObject({
    code: 'ROOM_NOT_FOUND',
    hint: expect.stringContaining('room create'),
  });
  expect(ann.methods()).not.toContain('stop');
});
