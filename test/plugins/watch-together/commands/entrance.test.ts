/** `room join` as its viewer sees it, at a relay with real sockets. */
import { createServer } from 'node:http';
import { KinoportError } from '@kinoport/core';
import { beforeEach, expect, it } from 'vitest';
import { registerCommands } from '../../../../plugins/watch-together/src/commands/index.ts';
import { steer } from '../../../../plugins/watch-together/src/commands/steer.ts';
import { addressOf, FILM, machine as gathered, openRelay, own, type Relay } from '../gathering.ts';

let relay: Relay;

beforeEach(async () => {
  relay = await openRelay();
});

function machine() {
  const one = gathered();
  registerCommands(one.context.ctx, one.service);
  return one;
}

async function hosted() {
  const ann = machine();
  ann.context.playback.start({ item: FILM });
  const url = addressOf(relay);
  const room = await ann.service.create({ name: 'Ann', relay: url, playbackId: 'session' });
  return { ...ann, room };
}

it('asks for the film until one opens', async () => {
  const { room } = await hosted();
  const { context } = machine();
  const { playback } = context;
  const open = playback.open.bind(playback);
  playback.open = async (address, options) => {
    if (String(address).includes('nothing')) throw new KinoportError('SOURCE_NOT_FOUND', 'Nothing there.');
    return open(address, options);
  };
  const leave = new AbortController();
  const joined = context.run('room join', {
    args: { room: `<${room.invitation.toUpperCase()}>.`.replace('HTTP', 'http') },
    options: { name: 'Bob' },
    answers: ['nothing', "'/films/nothing too'", '"/films/Film of mine.mkv"'],
    signal: leave.signal,
  });
  await expect.poll(() => room.participants[1]?.match, { timeout: 5000 }).toBe('same');
  leave.abort();
  const { questions, stderr } = await joined;
  expect(questions).toHaveLength(3);
  expect(stderr).toEqual(['Nothing there.', 'Nothing there.']);
  expect(playback.calls.filter(({ method }) => method === 'open').map(({ args }) => args[0])).toEqual([
    ['/films/Film of mine.mkv'],
  ]);
});

it.each([
  ['in the lobby is closed with the room', false],
  ['that was started goes on when the relay has lost the room', true],
])('a film %s', async (_what, started) => {
  const { room } = await hosted();
  const { context } = machine();
  const joined = context
    .run('room join', { args: { room: room.invitation, file: ['/Film.mkv'] }, options: { name: 'Bob' } })
    .catch((error: unknown) => error);
  await expect.poll(() => room.participants[1]?.match, { timeout: 5000 }).toBe('same');
  if (started) await room.start({ force: true });
  const { port } = relay;
  await relay.dispose();
  relay = await openRelay(port);
  expect(await joined).toMatchObject({ code: 'ROOM_NOT_FOUND' });
  const stopped = context.playback.calls.some(({ method }) => method === 'stop');
  expect(stopped).toBe(!started);
});

it('is over for somebody who is sent out while still looking for the film', async () => {
  const { room } = await hosted();
  const { context, service } = machine();
  const { playback } = context;
  const open = playback.open.bind(playback);
  playback.open = async (address, options) => {
    const [own] = service.rooms;
    const closed = new Promise<void>((resolve) => own?.onDidClose(() => resolve()));
    await room.kick('p2');
    await closed;
    return open(address, options);
  };
  const joined = context.run('room join', {
    args: { room: room.invitation },
    options: { name: 'Bob' },
    answers: ['/films/Film of mine.mkv'],
  });
  await expect(joined).rejects.toMatchObject({ code: 'ROOM_KICKED' });
});

it('sends somebody out by name, and knows when that is nobody', async () => {
  const { room } = await hosted();
  const bob = await machine().service.join(room.invitation, { name: 'Bob' });
  await expect.poll(() => room.participants.length).toBe(2);
  const over = new Promise<string>((resolve) => bob.onDidClose(({ reason }) => resolve(reason)));
  for (const who of ['nobody', 'Ann'])
    await expect(steer(room, { command: 'kick', who }, 0)).rejects.toMatchObject({ code: 'ROOM_STATE' });
  await steer(room, { command: 'kick', who: ' bob' }, 0);
  expect(await over).toBe('kicked');
});

it.each([
  [404, /what answers there is no relay \(404\)/],
  [429, /no more connections from this address/],
  [502, /in front of it says 502/],
])('a server that answers %d is told as what it is', async (status, words) => {
  const server = createServer((_request, response) => response.writeHead(status).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  own({ dispose: () => void server.close() });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const joined = machine().service.join(`http://127.0.0.1:${port}/r/ABC234`, { name: 'Bob' });
  await expect(joined).rejects.toMatchObject({
    code: 'RELAY_UNREACHABLE',
    message: expect.stringMatching(words),
  });
});
