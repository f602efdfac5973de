import { beforeEach, expect, it, vi } from 'vitest';
import { registerCommands } from '../../../../plugins/watch-together/src/commands/index.ts';
import { addressOf, machine as gathered, openRelay, type Relay } from '../gathering.ts';

const FILM = '/films/Film.mkv';
const ITEM = { key: 'test:film', uri: FILM, title: 'Film', kind: 'video', duration: 60 } as const;

let relay: Relay;

beforeEach(async () => {
  relay = await openRelay();
});

/** A machine with the commands, and whoever is at its terminal. */
function machine() {
  const { context, service } = gathered();
  registerCommands(context.ctx, service);
  const terminal = (command: 'room create' | 'room join', args: Record<string, string | string[]>) => {
    const ending = new AbortController();
    const over = (clientGoes: boolean) =>
      context.run(command, {
        args,
        clientGoes,
        json: true,
        signal: ending.signal,
        options: { name: 'Ann', relay: addressOf(relay) },
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
    relay: addressOf(relay),
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
  await relay.dispose();
  await openRelay(port);
  expect(await ended).toMatchObject({
    code: 'ROOM_NOT_FOUND',
    hint: expect.stringContaining('room create'),
  });
  expect(ann.methods()).not.toContain('stop');
});
