import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { inRepository } from '../support/repository.ts';
import { needs } from '../support/system.ts';
import { expectError, test, type World } from './harness.ts';
import { Media } from './media.ts';
import { eventually } from './processes.ts';

/**
 * A source that waits where a file `hold-<what>` lies, that wants an agreement first, and that has several items under
 * one address. `log` has what it was asked.
 */
const CODE = `
import { appendFileSync, existsSync, createReadStream, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { consentError } from '@kinoport/core';

const here = dirname(fileURLToPath(import.meta.url));
const film = join(here, 'film.mkv');
const size = statSync(film).size;
const log = (text) => appendFileSync(join(here, 'log'), text + '\\n');
const SUBTITLES = '1\\n00:00:00,000 --> 00:01:00,000\\nHello there.\\n';

export default {
  activate(ctx) {
    const figures = new Map();
    const streams = new Map();
    async function passed(what, id, signal) {
      if (!existsSync(join(here, 'hold-' + what))) return;
      figures.set(id, { activity: 'looking for peers', peers: 0, downloadRate: 0 });
      log('holding ' + what);
      try {
        while (existsSync(join(here, 'hold-' + what))) await sleep(20, undefined, { signal });
      } catch (error) {
        log('cancelled ' + what);
        throw error;
      } finally {
        figures.set(id, { peers: 3, downloadRate: 1500000, bufferedSeconds: 12.5 });
      }
    }
    const items = [1, 2, 3].map((n) => ({
      key: 'wait:' + n, uri: 'wait:item/' + n, title: 'Show S01E0' + n, kind: 'video', size,
      series: { title: 'Show', season: 1, episode: n },
    }));
    ctx.sources.register('wait', {
      async resolve(uri, { signal, statsId }) {
        log('resolve ' + uri.length);
        if (!ctx.config.value.accepted)
          throw consentError('TORRENT_NOT_ACCEPTED', 'Nobody has agreed yet.', {
            text: 'It uploads while it plays.\\nOthers see the address of this machine.',
            setting: 'accepted',
          });
        await passed('resolve', statsId, signal);
        const one = /item\\/(\\d)/.exec(uri)?.[1];
        if (one) return { kind: 'single', items: [items[one - 1]] };
        return { kind: 'folder', title: 'Show', ask: true, items };
      },
      async open(item, { streamId, signal }) {
        log('open ' + item.uri);
        figures.set(streamId, { peers: 3, downloadRate: 1500000, bufferedSeconds: 12.5 });
        await passed('open', streamId, signal);
        const subtitles = await ctx.streams.publish({
          size: SUBTITLES.length, type: 'application/x-subrip', name: 'show.en.srt',
          read: async function* (start, end) { yield Buffer.from(SUBTITLES).subarray(start, end); },
        });
        const stream = await ctx.streams.publish({
          id: streamId, size, type: 'video/x-matroska', name: 'show.mkv',
          read: async function* (start, end = size, signal) {
            log('read');
            for await (const chunk of createReadStream(film, { start, end: end - 1, signal })) {
              if (start > 150000) await passed('read', streamId, signal);
              start += chunk.length;
              yield chunk;
            }
          },
        });
        streams.set(streamId, [stream, subtitles]);
        return {
          location: { type: 'published' }, size, record: {},
          subtitles: [{ url: subtitles.url, language: 'en', title: 'By URL' }],
        };
      },
      async stats(id) { return figures.get(id) ?? {}; },
      async release(id) {
        for (const stream of streams.get(id) ?? []) await stream.dispose();
        streams.delete(id);
      },
    });
  },
};
`;

const MANIFEST = {
  name: 'kinoport-plugin-waiting',
  version: '1.0.0',
  type: 'module',
  main: 'index.js',
  engines: { kinoport: '^0.1.0' },
  kinoport: {
    permissions: { fs: { read: ['*'], write: ['*'] }, net: ['loopback'] },
    contributes: {
      sources: [{ id: 'wait', schemes: ['wait', 'infohash'], prefixes: ['data:application/x-wait'] }],
      configuration: {
        type: 'object',
        additionalProperties: false,
        properties: { accepted: { type: 'boolean', default: false } },
      },
    },
  },
};

let media: Media;
beforeAll(() => {
  media = new Media();
});
afterAll(() => media.dispose());

class Source {
  readonly #world: World;
  readonly #folder: string;

  constructor(world: World, options: { readonly accepted: boolean }) {
    this.#world = world;
    this.#folder = join(world.home, 'waiting');
    mkdirSync(this.#folder);
    writeFileSync(join(this.#folder, 'package.json'), JSON.stringify(MANIFEST));
    writeFileSync(join(this.#folder, 'index.js'), CODE);
    writeFileSync(join(this.#folder, 'log'), '');
    media.make(join(this.#folder, 'film.mkv'), 60);
    const slice = options.accepted ? '{ "config": { "accepted": true } }' : 'true';
    // The player is as impatient as it can be made; a film is waited for all the same.
    world.writeConfig(`{
      // mine
      "plugins": {
        "mpv": { "config": { "args": ["--vo=null", "--ao=null", "--network-timeout=1", "--cache=no"] } },
        "./waiting": ${slice} // near
      }
    }`);
  }

  get log(): string {
    return readFileSync(join(this.#folder, 'log'), 'utf8');
  }

  async said(text: string): Promise<void> {
    await eventually(
      'the source',
      () => this.log,
      (log) => log.includes(text),
    );
  }

  hold(what: 'resolve' | 'open' | 'read'): () => void {
    const file = join(this.#folder, `hold-${what}`);
    writeFileSync(file, '');
    return () => execFileSync('rm', [file]);
  }

  get reads(): number {
    return this.log.match(/^read$/gm)?.length ?? 0;
  }

  get config(): string {
    return readFileSync(this.#world.configFile, 'utf8');
  }
}

describe.skipIf(needs('mpv', 'ffmpeg'))('a source that waits', { concurrent: true, timeout: 90_000 }, () => {
  test('opens nothing until somebody has agreed, and keeps that with the comments of the config', async ({
    world,
  }) => {
    const source = new Source(world, { accepted: false });
    for (const args of [
      ['files', 'wait:show'],
      ['play', 'wait:show'],
    ] as const)
      await expectError(world, args, {
        code: 'TORRENT_NOT_ACCEPTED',
        exit: 1,
        message: /agreed/,
        hint: /--yes.*"accepted": true.*waiting/,
      });
    expect(source.config).not.toContain('accepted');
    const { code, stdout, stderr } = await world.run(['files', 'wait:show', '--yes', '--json']);
    expect(code).toBe(0);
    expect(stderr).toContain('Others see the address of this machine.');
    expect(JSON.parse(stdout)).toMatchObject(
      [1, 2, 3].map((n) => ({ file: n - 1, title: `Show S01E0${n}`, size: expect.any(Number) })),
    );
    for (const part of ['// mine', '// near', '"accepted": true']) expect(source.config).toContain(part);
    expect(await world.json('files', 'wait:show')).toHaveLength(3);
  });

  test('is called off by Ctrl-C while it waits', async ({ world }) => {
    const source = new Source(world, { accepted: true });
    source.hold('resolve');
    const asking = world.start(['files', 'wait:show']);
    await source.said('holding resolve');
    asking.kill('SIGINT');
    expect(await asking.exit).toMatchObject({ code: 130, stdout: '' });
    await source.said('cancelled resolve');
  });

  test('shows what it waits for, before the film and in the midst of it, and the film plays to its end', async ({
    world,
  }) => {
    const source = new Source(world, { accepted: true });
    const open = source.hold('open');
    const play = world.play('wait:show', '--file', '2', '--speed', '8');
    const waiting = { activity: 'looking for peers', peers: 0 };
    await play.line((line) => line.event === 'opening' && line.title === 'Show S01E03');
    const read = source.hold('read');
    open();
    await play.line(({ event }) => event === 'started');
    await play.line(({ status, stats }) => status === 'buffering' && stats?.activity !== undefined);
    const player = await world.player();
    const tracks = (await player.get('track-list')) as readonly { readonly title?: string }[];
    expect(tracks).toContainEqual(
      expect.objectContaining({ type: 'sub', external: true, title: 'By URL', lang: 'en' }),
    );
    const reads = source.reads;
    // Longer than mpv would wait by itself; it does not even ask again.
    await eventually(
      'the film is waited for',
      () => play.lines.filter(({ stats }) => stats?.peers === 0).length,
      (count) => count > 8,
    );
    expect(source.reads).toBe(reads);
    read();
    await play.line(({ stats }) => stats?.bufferedSeconds === 12.5);
    await play.line(({ event }) => event === 'ended');
    expect((await play.exit).code).toBe(0);
    expect(play.lines.filter(({ event }) => event === 'ended')).toMatchObject([{ reason: 'finished' }]);
    expect(play.lines.find(({ event }) => event === 'opening')).toMatchObject({ stats: waiting });
  });

  test('may be given its content as the address, which is kept nowhere', async ({ world }) => {
    const source = new Source(world, { accepted: true });
    const marker = 'KinoportMarker'.repeat(6000);
    const address = `data:application/x-wait;base64,${marker}`;
    expect(await world.json('files', address)).toHaveLength(3);
    const play = world.play(address, '--file', 'e03', '--start', '10');
    await play.line(({ status }) => status === 'playing');
    play.kill('SIGINT');
    await play.exit;
    expect(source.log).toContain(`resolve ${address.length}`);
    await world.run(['stop']);
    const files = readdirSync(world.home, { recursive: true, encoding: 'utf8' });
    expect(files.some((name) => name.endsWith('.db'))).toBe(true);
    for (const name of files) {
      if (/waiting/.test(name)) continue;
      const text = execFileSync('sh', ['-c', 'cat "$1" 2>/dev/null || true', 'sh', join(world.home, name)]);
      expect(text.includes('KinoportMarkerKinoportMarker'), name).toBe(false);
    }
    expect(await world.json<{ uri: string }>('progress', 'wait:item/3')).toMatchObject({
      uri: 'wait:item/3',
    });
  });

  test.skipIf(needs('tmux'))('asks on a terminal what it needs to know', async ({ world }) => {
    const source = new Source(world, { accepted: false });
    const terminal = new Terminal(world, ['play', 'wait:show', '--start', '20']);
    try {
      await terminal.shows('Do you agree? [y/N]');
      terminal.type('y');
      await terminal.shows('Enter for 0, q to leave');
      expect(terminal.screen).toMatch(/2 {2}Show S01E03 +\d+\.\d [KM]iB/);
      terminal.type('9');
      await terminal.shows('There is no file "9" among the 3.');
      const open = source.hold('open');
      terminal.type('2');
      await terminal.shows('Opening Show S01E03 ... looking for peers');
      open();
      await terminal.shows('1.5 MB/s  3 peers  12 s ahead');
      // Nothing was resolved a second time to be opened.
      expect(source.log.match(/resolve/g)).toHaveLength(2);
      terminal.type('q', false);
      await terminal.shows('Stopped Show S01E03');
    } finally {
      terminal.end();
    }
  });
});

/** The program on a terminal of 90 columns. */
class Terminal {
  readonly #socket: string;
  readonly #world: World;

  constructor(world: World, args: readonly string[]) {
    this.#world = world;
    this.#socket = join(world.folder, 't');
    const program = [process.execPath, inRepository('host/bin/kinoport.js'), ...args].map(
      (arg) => `'${arg}'`,
    );
    this.#tmux('new-session', '-d', '-x', '90', '-y', '30', '-s', 'k', `${program.join(' ')}; cat`);
  }

  get screen(): string {
    return this.#tmux('capture-pane', '-p', '-t', 'k', '-S', '-');
  }

  type(text: string, enter = true): void {
    this.#tmux('send-keys', '-t', 'k', text, ...(enter ? ['Enter'] : []));
  }

  async shows(text: string): Promise<void> {
    await eventually(
      'the screen',
      () => this.screen,
      (screen) => screen.includes(text),
    );
  }

  end(): void {
    this.#tmux('kill-server');
  }

  #tmux(...args: readonly string[]): string {
    return execFileSync('tmux', ['-S', this.#socket, '-f', '/dev/null', ...args], {
      cwd: this.#world.films,
      env: { ...this.#world.environment, LANG: 'C.UTF-8' },
      encoding: 'utf8',
    });
  }
}
