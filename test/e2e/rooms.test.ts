/** Two people with a home, a copy and a real mpv each, and a relay: a film together through the command line. */
import { systemClock } from '@kinoport/core';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { CutProxy } from '../support/lab/cutProxy.ts';
import { needs } from '../support/system.ts';
import type { CommandLine, JsonLine } from './commandLine.ts';
import { test as base, World } from './harness.ts';
import { Media } from './media.ts';
import type { MpvObserver } from './mpvObserver.ts';
import { eventually } from './processes.ts';

interface Line extends JsonLine {
  readonly [name: string]: unknown;
}

const test = base.extend<{ other: World }>({
  // biome-ignore lint/correctness/noEmptyPattern: the fixture needs no other
  other: async ({}, use) => {
    const other = new World();
    await use(other);
    expect(await other.dispose(), 'processes left behind').toEqual([]);
  },
});

const line = (command: CommandLine, accept: (line: Line) => boolean): Promise<Line> =>
  command.line((one) => accept(one as Line)) as Promise<Line>;

/** Milliseconds that one player is ahead of the other, asked of both players themselves. */
async function apart(a: MpvObserver, b: MpvObserver): Promise<number> {
  const differences: number[] = [];
  for (let n = 0; n < 9; n += 1) {
    const began = systemClock.now();
    const [first, second, third] = [await a.position(), await b.position(), await a.position()];
    // A slow answer says little.
    if (systemClock.now() - began < 20) differences.push(1000 * (second - (first + third) / 2));
  }
  return Math.abs(differences.sort((x, y) => x - y)[Math.floor(differences.length / 2)] ?? Number.NaN);
}

const settled = (a: MpvObserver, b: MpvObserver): Promise<number> =>
  eventually(
    'both players at the same place',
    () => apart(a, b),
    (ms) => ms < 40,
    5000,
  );

describe.skipIf(needs('mpv', 'ffmpeg'))('a room', { timeout: 60_000 }, () => {
  let media: Media;
  beforeAll(() => {
    media = new Media();
  });
  afterAll(() => media.dispose());

  test('plays one film in two players, through a cut connection too', async ({ world, other }) => {
    const film = media.make(world.film('Film.mkv'), 110);
    const copy = media.make(other.film('Film.mkv'), 110);
    const relay = world.start(['relay', '--port', '0', '--silent', '--json']);
    const port = Number((await line(relay, (one) => String(one.event) === 'started')).port);
    const way = await CutProxy.open(port);
    try {
      const ann = world.start([
        'room',
        'create',
        film,
        '--relay',
        `http://127.0.0.1:${port}`,
        '--name',
        'Ann',
        '--json',
      ]);
      const { code } = await line(ann, (one) => String(one.event) === 'room');
      const bob = other.start([
        'room',
        'join',
        `${way.url}/r/${code}`,
        copy,
        '--name',
        'Bob\u001b[31m',
        '--json',
      ]);
      await line(ann, (one) => String(one.event) === 'participant' && one.name === 'Bob[31m');
      await line(
        bob,
        (one) => String(one.event) === 'participant' && one.match === 'same' && one.isSelf === true,
      );
      expect((await other.run(['room', 'ready'])).code).toBe(0);
      await line(ann, (one) => String(one.event) === 'ready' && one.name === 'Bob[31m' && one.ready === true);
      expect((await world.run(['room', 'start'])).code).toBe(0);
      await line(bob, (one) => String(one.event) === 'started');
      const [here, there] = [await world.player(), await other.player()];
      await eventually(
        'the film',
        () => there.position(),
        (at) => at > 1,
        8000,
      );
      expect(await settled(here, there)).toBeLessThan(40);

      // The viewer's hand on one player is everybody's.
      await there.command('set_property', 'pause', true);
      await line(ann, (one) => String(one.event) === 'state' && one.phase === 'paused' && one.by === 'p2');
      await eventually(
        'a pause',
        () => here.get('pause'),
        (paused) => paused === true,
        3000,
      );
      expect((await world.run(['room', 'seek', '60'])).code).toBe(0);
      await eventually(
        'the place',
        () => there.position(),
        (at) => Math.abs(at - 60) < 0.1,
        3000,
      );
      expect((await other.run(['room', 'chat', 'hello', 'there'])).code).toBe(0);
      await line(
        ann,
        (one) => String(one.event) === 'chat' && one.text === 'hello there' && one.name === 'Bob[31m',
      );
      expect((await world.run(['room', 'play'])).code).toBe(0);
      await eventually(
        'the film',
        () => there.position(),
        (at) => at > 61,
        8000,
      );
      expect(await settled(here, there)).toBeLessThan(40);

      // Cut, then sought by the other: the same seat, and the same place.
      way.cut();
      await line(bob, (one) => String(one.event) === 'disconnected');
      await line(
        ann,
        (one) => String(one.event) === 'participant' && one.id === 'p2' && one.connected === false,
      );
      expect((await world.run(['room', 'seek', '20'])).code).toBe(0);
      way.heal();
      await line(bob, (one) => String(one.event) === 'reconnected');
      await eventually(
        'the place',
        () => there.position(),
        (at) => at > 20 && at < 50,
        8000,
      );
      expect(await settled(here, there)).toBeLessThan(40);
      const [status] = await Promise.all([other.json<Line>('room', 'status')]);
      expect(status.participants).toMatchObject([
        { id: 'p1', isHost: true },
        { id: 'p2', isSelf: true, connected: true },
      ]);

      // Closed in a room: said, and the seat is kept; then it is given up.
      await there.quit();
      await line(bob, (one) => String(one.event) === 'warning' && one.code === 'PLAYER_GONE');
      expect((await other.run(['room', 'leave'])).code).toBe(0);
      expect((await bob.exit).code).toBe(0);
      await line(ann, (one) => String(one.event) === 'participant' && one.change === 'left');
      expect((await world.run(['room', 'leave'])).code).toBe(0);
      expect((await ann.exit).code).toBe(0);
    } finally {
      await way.dispose();
      relay.kill('SIGTERM');
      await relay.exit;
    }
  });
});
