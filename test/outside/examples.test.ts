/** The examples as strangers' plugins: built and packed by themselves, installed, used, and removed again. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostEndpoint, PlaybackView, PluginView } from '../../host/src/api/protocol.ts';
import { CliHome, lines } from '../host/plugins/support/cliHome.ts';
import { Registry } from '../support/install/registry.ts';
import { until } from '../support/lab/waiting.ts';
import { inRepository } from '../support/repository.ts';
import { needs } from '../support/system.ts';
import {
  type ExamplePackage,
  manifestOf,
  nodeTest,
  npmRun,
  outsideRepository,
  withTheirs,
} from './examplePackages.ts';
import { pack } from './packing.ts';

const NAMES = ['broadcast', 'scrobble', 'zip'] as const;
type Name = (typeof NAMES)[number];

interface Scrobble {
  readonly event: string;
  readonly title: string;
  readonly play: string;
  readonly reason?: string;
  readonly watched?: boolean;
}

interface ZipModule {
  zipOf(members: readonly { name: string; bytes: Uint8Array; deflate?: boolean }[]): Uint8Array;
}

let outside: string;
let examples: Readonly<Record<Name, ExamplePackage>>;

beforeAll(() => {
  outside = mkdtempSync(join(tmpdir(), 'kp-examples-'));
  const entries = NAMES.map((name) => [name, outsideRepository(`kinoport-plugin-${name}`, outside)] as const);
  examples = Object.fromEntries(entries) as Record<Name, ExamplePackage>;
}, 120_000);

afterAll(() => rmSync(outside, { recursive: true, force: true }));

describe.each(NAMES)('kinoport-plugin-%s, in a folder of its own', (name) => {
  it('has in its package what it needs and no more', () => {
    const { files } = examples[name];
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json']));
    const entry = name === 'broadcast' ? 'dist/index.js' : 'src/index.js';
    expect(files).toContain(entry);
    expect(files.filter((path) => /test|conformance|tsconfig|jsconfig/.test(path))).toEqual([]);
  });

  it('has right types, by the packed ones of the API', () => {
    expect(npmRun(examples[name].folder, 'typecheck')).toBe('');
  }, 60_000);

  it.skipIf(name === 'broadcast' && needs('ffmpeg'))(
    'passes its own tests',
    () => {
      // The clauses of the contract are for `kinoport plugin test`, below.
      const clauses = '--test-skip-pattern=player\\.|stored: |compressed: ';
      const printed = nodeTest(examples[name].folder, '--test-reporter=tap', clauses);
      expect(printed).toContain('# fail 0');
      expect(printed).not.toContain('# pass 0');
    },
    120_000,
  );

  it.skipIf(name === 'broadcast' && needs('ffmpeg'))(
    'passes kinoport plugin test',
    async () => {
      const home = new CliHome();
      try {
        const { code, stdout } = await home.run('plugin', 'test', examples[name].folder, '-q');
        expect({ code, stdout: code === 0 ? '' : stdout }).toEqual({ code: 0, stdout: '' });
      } finally {
        await home.dispose();
      }
    },
    300_000,
  );
});

describe.skipIf(needs('mpv', 'ffmpeg'))('the examples, installed from their tarballs', () => {
  let home: CliHome;
  let registry: Registry;
  let listener: Socket;
  let archive: string;
  let received = 0;

  beforeAll(async () => {
    home = new CliHome();
    registry = await Registry.start();
    for (const name of withTheirs(Object.keys(manifestOf(examples.zip.folder).dependencies ?? {}))) {
      const folder = inRepository('node_modules', name);
      const { tarball } = pack(folder, outside);
      registry.publish({ manifest: manifestOf(folder), tarball: readFileSync(tarball) });
    }
    const user = join(home.folder, 'user');
    mkdirSync(user);
    home.env.HOME = user;
    home.env.npm_config_userconfig = join(home.folder, 'npmrc');
    home.env.npm_config_registry = registry.url;
    listener = createSocket('udp4').on('message', ({ length }) => {
      received += length;
    });
    listener.bind(0, '127.0.0.1');
    await once(listener, 'listening');

    const module = pathToFileURL(inRepository('examples/kinoport-plugin-zip/test/zip.js')).href;
    const { zipOf } = (await import(module)) as ZipModule;
    copyFileSync(inRepository('host/media/demo.mkv'), join(home.folder, 'demo.mkv'));
    const bytes = readFileSync(join(home.folder, 'demo.mkv'));
    // The same film with a byte more is another one.
    const second = Buffer.concat([bytes, Buffer.alloc(1)]);
    archive = join(home.folder, 'two films.zip');
    writeFileSync(
      archive,
      zipOf([
        { name: 'first.mkv', bytes, deflate: true },
        { name: 'second.mkv', bytes: second },
      ]),
    );
  }, 60_000);

  afterAll(async () => {
    await home.dispose();
    await registry.dispose();
    listener.close();
  });

  const scrobbled = (): readonly Scrobble[] => {
    const file = join(home.folder, 'user/Scrobbles/scrobbles.jsonl');
    if (!existsSync(file)) return [];
    return lines(readFileSync(file, 'utf8')).map((line) => JSON.parse(line) as Scrobble);
  };

  const events = (from = 0): readonly string[] =>
    scrobbled()
      .slice(from)
      .map(({ event, title }) => `${event} ${title}`);

  const plugin = async (id: string): Promise<PluginView | undefined> => {
    const [list] = await home.json<PluginView[]>('plugin', 'list');
    return list?.find((each) => each.id === id);
  };

  async function api<T>(method: string, params: object): Promise<T> {
    const { port, token } = JSON.parse(home.read('data/host.json')) as HostEndpoint;
    const response = await fetch(`http://127.0.0.1:${port}/v1/${method}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(params),
    });
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as T;
  }

  it('are installed, after their permissions were shown', async () => {
    for (const name of NAMES) {
      const { code, stdout, stderr } = await home.run('plugin', 'install', examples[name].tarball, '--yes');
      expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain(`Installed ${name} 1.0.0.`);
    }
    expect(await plugin('zip')).toMatchObject({ contributes: { sources: ['zip'] } });
    const target = `udp://127.0.0.1:${listener.address().port}?pkt_size=1316`;
    home.config({
      plugins: {
        broadcast: { config: { target, preset: 'ultrafast', bitrate: 1000 } },
        scrobble: { config: { folder: '~/Scrobbles' } },
      },
    });
    expect(await home.run('config', 'check')).toMatchObject({ code: 0 });
  }, 120_000);

  it('play a compressed film out of an archive in mpv, and note it', async () => {
    const played = await home.json<Record<string, unknown>>(
      'play',
      `zip:${archive}!first.mkv`,
      '--start',
      '-2',
    );
    expect(played.find(({ event }) => event === 'ended')).toMatchObject({
      reason: 'finished',
      watched: true,
    });
    await until('the end to be noted', () => events().includes('ended first'));
    expect(events()).toEqual(['began first', 'ended first']);
    expect(scrobbled()[1]).toMatchObject({ reason: 'finished', watched: true });
  }, 60_000);

  it('play what is left of an archive into the network, all three together', async () => {
    const from = scrobbled().length;
    const played = await home.json<Record<string, unknown>>(
      'play',
      archive,
      '--player',
      'broadcast',
      '--start',
      '-3',
    );
    expect(played.find(({ event }) => event === 'started')).toMatchObject({
      player: 'broadcast',
      uri: `zip:${archive}!second.mkv`,
    });
    expect(played.find(({ event }) => event === 'ended')).toMatchObject({ reason: 'finished' });
    expect(received).toBeGreaterThan(10_000);
    await until('the end to be noted', () => events(from).includes('ended second'));
    expect(events(from)).toEqual(['began second', 'ended second']);
  }, 60_000);

  it('note each thing once while the one that notes is reloaded and killed', async () => {
    const from = scrobbled().length;
    const { code } = await home.run('play', `zip:${archive}!second.mkv`, '--from-start', '--detach');
    expect(code).toBe(0);
    const [session] = await until('a session', async () => {
      const list = await api<readonly PlaybackView[]>('playback.list', {});
      return list.length > 0 && list;
    });
    const sessionId = session?.sessionId ?? '';
    const command = (name: string): Promise<unknown> =>
      api('playback.command', { sessionId, command: { name } });
    const noted = (event: string, count: number): Promise<unknown> =>
      until(`"${event}" ${count} times`, () => {
        return events(from).filter((each) => each === `${event} second`).length >= count;
      });

    await noted('began', 1);
    // While the one process takes over from the other both hear of the pause.
    const reloading = api<PluginView>('plugins.reload', { id: 'scrobble' });
    await command('pause');
    await reloading;
    await noted('paused', 1);
    await command('play');
    await noted('resumed', 1);

    const { pid } = (await plugin('scrobble')) ?? {};
    process.kill(pid ?? Number.NaN, 'SIGKILL');
    await command('pause');
    await noted('paused', 2);
    await api('plugins.reload', { id: 'zip' });
    await command('play');
    await noted('resumed', 2);
    await command('stop');
    await noted('ended', 1);
    expect(events(from)).toEqual(
      ['began', 'paused', 'resumed', 'paused', 'resumed', 'ended'].map((event) => `${event} second`),
    );
    expect(scrobbled().at(-1)).toMatchObject({ reason: 'stopped', watched: false });
  }, 60_000);

  it('show and export what was played', async () => {
    const list = await home.json<{ title: string; watched: boolean }>('scrobble', 'list');
    expect(list.map(({ title, watched }) => [title, watched])).toEqual([
      ['first', true],
      ['second', true],
      ['second', false],
    ]);
    const { stdout } = await home.run('scrobble', 'export');
    expect(lines(stdout)).toHaveLength(4);
  });

  it('say what is wrong with an archive', async () => {
    const { code, stderr } = await home.run('play', `zip:${archive}!third.mkv`);
    expect(code).toBe(1);
    expect(stderr).toContain('There is no third.mkv in two films.zip.');
  });

  it('are removed, and what the viewer has of them stays', async () => {
    for (const name of NAMES)
      expect(await home.run('plugin', 'remove', name, '--data')).toMatchObject({ code: 0 });
    expect(await plugin('zip')).toBeUndefined();
    expect(existsSync(join(home.folder, 'data/installed/zip'))).toBe(false);
    expect((await home.run('scrobble', 'list')).code).toBe(2);
    expect(scrobbled().length).toBeGreaterThan(0);
  }, 60_000);
});
