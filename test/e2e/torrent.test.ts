import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { LabSwarm } from '../support/lab/swarm/labSwarm.ts';
import { REAL_CLIENTS, RealClient } from '../support/lab/swarm/realClients.ts';
import { type LabTorrent, makeTorrent } from '../support/lab/swarm/torrent.ts';
import { until } from '../support/lab/waiting.ts';
import { needs } from '../support/system.ts';
import { test, type World } from './harness.ts';
import { Media } from './media.ts';

const MB = 1024 * 1024;

/** What a request is answered with, for its first byte. */
function statusOf(url: URL, headers: Readonly<Record<string, string>>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = get(url, { headers: { range: 'bytes=0-0', ...headers } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.once('error', reject);
  });
}

/** Nobody but whom the test names is asked. */
const ALONE = { dht: false, ssrfMitigation: false, localPeers: false, portMapping: false, trackers: [] };

describe.skipIf(needs('mpv', 'ffmpeg'))('a torrent', { concurrent: true, timeout: 90_000 }, () => {
  let media: Media;
  beforeAll(() => {
    media = new Media();
  });
  afterAll(() => media.dispose());

  function configure(world: World, config: object = { accepted: true }): void {
    world.configure({ plugins: { torrent: { config: { ...ALONE, ...config } } } });
  }

  /** Two episodes of 20 seconds, and a subtitle. */
  async function season(world: World): Promise<LabTorrent> {
    const folder = join(world.films, 'Show');
    mkdirSync(folder);
    const files = [1, 2].map((n) => media.make(join(folder, `Show.S01E0${n}.mkv`), 20));
    return makeTorrent(files, { name: 'Show', pieceLength: 64 * 1024 });
  }

  test.skipIf(needs(...REAL_CLIENTS))('plays from real clients in mpv, and seeks', async ({ world }) => {
    configure(world);
    const film = media.make(world.film('Real.mkv'), 40);
    const meeting = await LabSwarm.start(await makeTorrent(film, { pieceLength: 64 * 1024 }), [], {
      tracker: true,
    });
    const clients: RealClient[] = [];
    try {
      for (const name of REAL_CLIENTS) clients.push(await RealClient.start(name, meeting.announced));
      await until('all have announced themselves', async () => (await meeting.stats()).announces >= 3);
      const command = world.play(meeting.torrent.magnet({ trackers: [meeting.tracker] }));
      await command.playing(1);
      const player = await world.player();
      for (const place of [12, 35, 24]) {
        const from = command.lines.length;
        await player.command('seek', place, 'absolute');
        await command.line(
          (l) => l.status === 'playing' && Math.abs((l.position ?? 0) - place - 1) < 1,
          from,
        );
      }
      await player.quit();
      expect(await command.exit).toMatchObject({ code: 0 });
    } finally {
      for (const client of clients) await client.dispose();
      await meeting.dispose();
    }
  });

  test('plays from its peers in mpv, seeks, and resumes without asking them again', async ({ world }) => {
    configure(world);
    const film = media.make(world.film('Film.mkv'), 30);
    const torrent = await makeTorrent(film, { pieceLength: 64 * 1024 });
    const swarm = await LabSwarm.start(torrent, [{ rate: 4 * MB }, { rate: 4 * MB }]);
    try {
      const command = world.play(swarm.magnet);
      expect(await command.line((l) => l.event === 'started')).toMatchObject({
        itemKey: `btih:${torrent.infohash}/0`,
      });
      await command.playing(1);
      const player = await world.player();
      // A page whose name has come to lead here, one of another origin, and one that guesses.
      const path = new URL(String(await player.command('get_property', 'path')));
      const rebound = `rebound.example:${path.port}`;
      expect(await statusOf(path, { host: rebound, 'sec-fetch-site': 'same-origin' })).toBe(403);
      expect(await statusOf(path, { origin: 'https://page.example' })).toBe(403);
      expect(await statusOf(new URL(`/s/${'0'.repeat(32)}/film.mkv`, path), {})).toBe(404);
      await player.command('seek', 20, 'absolute');
      await command.playing(21);
      await player.quit();
      expect(await command.exit).toMatchObject({ code: 0 });
      const { sent } = await swarm.stats();
      expect(sent).toBeGreaterThan(0);
      expect(await world.json('progress', swarm.magnet)).toMatchObject({ title: 'Film' });
    } finally {
      await swarm.dispose();
    }
    // Nobody is left in the swarm: what was fetched is on disk.
    const again = world.play(torrent.magnet());
    const started = await again.line((l) => l.event === 'started');
    expect(started.start).toBeGreaterThan(20);
    await again.playing(22);
    again.kill('SIGINT');
    await again.exit;
  });

  test('asks first whether one knows what it means for others', async ({ world }) => {
    configure(world, {});
    const film = media.make(world.film('Film.mkv'), 5);
    const torrent = await makeTorrent(film, { pieceLength: 64 * 1024 });
    const refused = await world.run(['play', torrent.magnet(), '--json']);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain('TORRENT_NOT_ACCEPTED');
  });

  test('names what is in it before anything is played', async ({ world }) => {
    configure(world, {});
    const torrent = await season(world);
    const file = torrent.save(join(world.folder, 'season.torrent'));
    expect(await world.json('files', file)).toMatchObject([
      { file: 0, title: expect.stringContaining('Show') },
      { file: 1, title: expect.stringContaining('Show') },
    ]);
  });

  test('has its progress told without asking its peers, also when it is not kept any more', async ({
    world,
  }) => {
    configure(world, {});
    const torrent = await season(world);
    const key = `btih:${torrent.infohash}/1`;
    const nothing = await world.run(['progress', torrent.magnet(), '--json']);
    expect(nothing.stdout).toContain('PROGRESS_NONE');
    const file = torrent.save(join(world.folder, 'season.torrent'));
    await world.json('progress', 'mark', file);
    await world.json('torrent', 'remove', '--all');
    expect(await world.json('progress', `infohash:${torrent.infohash}/1`)).toMatchObject({ itemKey: key });
  });

  test('goes on with the next episode of the torrent', async ({ world }) => {
    configure(world);
    const torrent = await season(world);
    const swarm = await LabSwarm.start(torrent, [{}], { tracker: true });
    try {
      const file = swarm.announced.save(join(world.folder, 'season.torrent'));
      const command = world.play(file, '--file', '0', '--start', '18');
      await command.line((l) => l.event === 'started' && l.itemKey === `btih:${torrent.infohash}/0`);
      await command.line((l) => l.event === 'started' && l.itemKey === `btih:${torrent.infohash}/1`);
      await command.playing(0.5, command.lines.length);
      command.kill('SIGINT');
      await command.exit;
    } finally {
      await swarm.dispose();
    }
  });

  test('that plays is cleared from the cache only by force, and then it ends in order', async ({ world }) => {
    configure(world);
    const film = media.make(world.film('Film.mkv'), 30);
    const torrent = await makeTorrent(film, { pieceLength: 64 * 1024 });
    const swarm = await LabSwarm.start(torrent, [{ rate: 4 * MB }]);
    try {
      const command = world.play(swarm.magnet);
      await command.playing(2);
      expect(await world.json('cache', 'info')).toMatchObject([
        { source: 'torrent', entries: [{ id: torrent.infohash, pinned: false, playing: ['Film'] }] },
      ]);
      const refused = await world.run(['cache', 'clear']);
      expect(refused.stderr).toMatch(/"Film" plays from it\.\s.*CACHE_IN_USE/);
      await command.playing(3);
      const cleared = await world.run(['cache', 'clear', '--yes', '--json']);
      expect(cleared).toMatchObject({
        code: 0,
        stderr: '',
        stdout: expect.stringContaining(torrent.infohash),
      });
      await command.exit;
      expect(await world.json('cache', 'info')).toMatchObject([{ bytes: 0, entries: [] }]);
      expect((await world.progress(swarm.magnet)).position).toBeGreaterThan(1);
    } finally {
      await swarm.dispose();
    }
  });

  test('goes on when its plugin is killed in the middle, every byte right', async ({ world }) => {
    configure(world);
    const film = media.make(world.film('Film.mkv'), 30);
    const torrent = await makeTorrent(film, { pieceLength: 64 * 1024 });
    const swarm = await LabSwarm.start(torrent, [{ rate: MB }]);
    try {
      const command = world.play(swarm.magnet);
      await command.playing(1);
      const player = await world.player();
      const path = String(await player.command('get_property', 'path'));
      const reading = fetch(path).then((response) => response.arrayBuffer());
      process.kill(await world.pluginPid('torrent'), 'SIGKILL');
      const hash = (bytes: Uint8Array): string => createHash('sha1').update(bytes).digest('hex');
      expect(hash(new Uint8Array(await reading))).toBe(hash(readFileSync(film)));
      await command.playing(4);
      command.kill('SIGINT');
      await command.exit;
    } finally {
      await swarm.dispose();
    }
  });
});
