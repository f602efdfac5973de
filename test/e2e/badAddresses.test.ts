import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inRepository } from '../support/repository.ts';
import { needs } from '../support/system.ts';
import { expectError, World } from './harness.ts';
import { Media } from './media.ts';
import { WebServer } from './webServer.ts';

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

describe.skipIf(needs('mpv', 'ffmpeg'))('what cannot be played', { timeout: 90_000 }, () => {
  // One machine for all: what fails must not keep the next from being tried.
  let world: World;
  let server: WebServer;
  let media: Media;
  beforeAll(async () => {
    world = new World();
    server = new WebServer(world.films);
    media = new Media();
    await server.listen();
  });
  afterAll(async () => {
    await server.close();
    media.dispose();
    expect(await world.dispose(), 'processes left behind').toEqual([]);
  });

  test('a file that is not there', async () => {
    await expectError(world, ['play', 'no such film.mkv'], {
      code: 'SOURCE_NOT_FOUND',
      exit: 1,
      message: /no such film\.mkv/,
      hint: /path|name|spell/i,
    });
  });

  test('a folder without media', async () => {
    mkdirSync(world.film('Empty'));
    writeFileSync(world.film('Empty/notes.txt'), 'Nothing to see.');
    await expectError(world, ['play', 'Empty'], {
      code: 'SOURCE_EMPTY',
      exit: 1,
      message: /Empty/,
      hint: /./,
    });
  });

  test('a playlist without entries, and one whose entries are gone', async () => {
    writeFileSync(world.film('empty.m3u'), '#EXTM3U\n');
    await expectError(world, ['play', 'empty.m3u'], {
      code: 'SOURCE_EMPTY',
      exit: 1,
      message: /"empty"/,
      hint: /./,
    });
    writeFileSync(world.film('gone.m3u'), 'gone.mkv\n');
    await expectError(world, ['play', 'gone.m3u'], {
      code: 'SOURCE_EMPTY',
      exit: 1,
      message: /"gone"/,
      hint: /./,
    });
  });

  test('a text file with the name of a film', async () => {
    writeFileSync(world.film('text.mkv'), 'This is no film.\n'.repeat(100));
    await expectError(world, ['play', 'text.mkv'], {
      code: 'MEDIA_UNRECOGNIZED',
      exit: 1,
      message: /text/,
      hint: /./,
    });
    expect(await world.players()).toEqual([]);
  });

  test('an empty file', async () => {
    writeFileSync(world.film('nothing.mkv'), '');
    await expectError(world, ['play', 'nothing.mkv'], {
      code: 'SOURCE_NOT_MEDIA',
      exit: 1,
      message: /nothing/,
      hint: /./,
    });
  });

  test('a web page', async () => {
    await expectError(world, ['play', server.url('page')], {
      code: 'SOURCE_NOT_MEDIA',
      exit: 1,
      message: /page|text\/html/,
      hint: /./,
    });
  });

  test('an address that the server does not know', async () => {
    await expectError(world, ['play', server.url('missing.mkv')], {
      code: 'SOURCE_NOT_FOUND',
      exit: 1,
      message: /404|missing\.mkv/,
      hint: /./,
    });
  });

  test('a server that accepts and never answers', async () => {
    await expectError(world, ['play', server.url('hang')], {
      code: 'SOURCE_UNREACHABLE',
      exit: 1,
      message: /answer/,
      hint: /./,
    });
  });

  test('a server that never answers, for a viewer who does not wait for it', async () => {
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    const silent = createServer((socket) =>
      socket.on('error', () => undefined).once('data', () => resolve()),
    );
    await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening));
    const address = silent.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const command = world.play(`http://127.0.0.1:${port}/film.mkv`);
    await asked;
    command.kill('SIGINT');
    expect(await command.exit).toMatchObject({ code: 130 });
    silent.close();
  });

  test('a server that is not there', async () => {
    const free = createServer();
    await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
    const address = free.address();
    await new Promise((resolve) => free.close(resolve));
    const port = typeof address === 'object' ? address?.port : 0;
    await expectError(world, ['play', `http://127.0.0.1:${port}/film.mkv`], {
      code: 'SOURCE_UNREACHABLE',
      exit: 1,
      message: /127\.0\.0\.1/,
      hint: /./,
    });
  });

  test('an address of a kind that nobody answers for', async () => {
    await expectError(world, ['play', 'gopher://127.0.0.1/film'], {
      code: 'SOURCE_NONE',
      exit: 1,
      message: /gopher/,
      hint: /./,
    });
  });

  test('a player or source that no plugin contributes', async () => {
    const film = media.make(world.film('film.mkv'));
    await expectError(world, ['play', film, '--player', 'mpw'], {
      code: 'PLAYER_UNKNOWN',
      exit: 2,
      message: /mpw/,
      hint: /mpv/,
    });
    await expectError(world, ['play', film, '--source', 'fils'], {
      code: 'SOURCE_UNKNOWN',
      exit: 2,
      message: /fils/,
      hint: /files/,
    });
  });

  test('a file of a folder that is not among them', async () => {
    mkdirSync(world.film('Show'));
    media.make(world.film('Show/Show.S01E01.mkv'), 2);
    await expectError(world, ['play', 'Show', '--file', '7'], {
      code: 'INVALID_ARGUMENT',
      exit: 2,
      message: /"7"/,
      hint: /files/,
    });
  });

  test('a name that begins with a dash is taken for options, and says how to write it', async () => {
    const film = media.make(world.film('-film.mkv'), 2);
    await expectError(world, ['play', '-film.mkv'], {
      code: 'USAGE',
      exit: 2,
      message: /-film\.mkv|-f/,
      hint: /\.\/|--/,
    });
    for (const args of [['./-film.mkv'], ['play', './-film.mkv'], ['play', '--json', '--', '-film.mkv']]) {
      const command = world.start(args.includes('--json') ? args : [...args, '--json']);
      expect(await command.line((l) => l.event === 'started')).toMatchObject({ uri: film });
      command.kill('SIGINT');
      await command.exit;
    }
  });

  test('the position of what was not playable is nowhere', async () => {
    const { stdout } = await world.run(['progress', '--json']);
    expect(stdout).not.toMatch(/text\.mkv|nothing\.mkv|page|hang/);
  });
});

// Root reads everything, so there the program runs as somebody else, where that one can reach it.
const asNobody = isRoot ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'] : [];
const [program = '', ...rest] = [
  ...asNobody,
  process.execPath,
  inRepository('host/bin/kinoport.js'),
  '--version',
];
const canRun = process.platform !== 'win32' && spawnSync(program, rest).status === 0;

describe.skipIf(!canRun)('what may not be read', () => {
  // The folder for temporary files may be root's alone.
  let world: World;
  beforeAll(() => {
    world = new World(isRoot ? '/tmp' : undefined);
  });
  const node = [...asNobody, process.execPath];
  afterAll(async () => {
    expect(await world.dispose(), 'processes left behind').toEqual([]);
  });

  test('a file and a folder', { timeout: 60_000 }, async () => {
    const folder = world.film('Locked');
    mkdirSync(folder);
    const film = world.film('film.mkv');
    writeFileSync(film, 'x'.repeat(1000));
    if (isRoot)
      for (const path of [world.folder, world.home, world.films, world.configFile])
        chownSync(path, NOBODY, NOBODY);
    chmodSync(film, 0o000);
    chmodSync(folder, 0o000);
    await expectError(
      world,
      ['play', film],
      { code: 'SOURCE_FORBIDDEN', exit: 1, message: /film\.mkv/, hint: /./ },
      { node },
    );
    await expectError(
      world,
      ['play', folder],
      { code: 'SOURCE_FORBIDDEN', exit: 1, message: /Locked/, hint: /./ },
      { node },
    );
  });

  test('a home that may not be written', { timeout: 60_000 }, async () => {
    const home = world.film('readonly');
    mkdirSync(home);
    chmodSync(home, 0o555);
    await expectError(
      world,
      ['play', 'demo'],
      { code: 'HOME_NOT_WRITABLE', exit: 1, message: /readonly/, hint: /KINOPORT_HOME/ },
      { node, environment: { KINOPORT_HOME: home } },
    );
  });
});
