import { chmodSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readEndpoint, removeEndpoint, writeEndpoint } from '../../../host/src/home/endpoint.ts';
import type { Home } from '../../../host/src/home/home.ts';
import { acquireHostLock } from '../../../host/src/home/hostLock.ts';
import { prepareHome } from '../../../host/src/home/prepareHome.ts';
import { resolveHome } from '../../../host/src/home/resolveHome.ts';
import { Script, scratchFolder } from '../storage/scratch.ts';

const posix = process.platform !== 'win32';
const modeOf = (path: string): number => statSync(path).mode & 0o777;
// Of a home with a long path the runtime folder lies elsewhere.
const runtimes = new Set<string>();
const homeIn = (folder: string): Home => {
  const home = resolveHome({ KINOPORT_HOME: folder }, process.platform, folder);
  runtimes.add(home.runtime);
  return home;
};

afterEach(() => {
  for (const runtime of runtimes) rmSync(runtime, { recursive: true, force: true });
  runtimes.clear();
});

describe('prepareHome', () => {
  it.runIf(posix)('makes the folders, for this user alone', () => {
    const home = homeIn(join(scratchFolder(), 'new', 'home'));
    prepareHome(home);
    prepareHome(home);
    for (const folder of [home.config, home.data, home.cache, home.logs, home.runtime]) {
      expect(modeOf(folder)).toBe(0o700);
    }
  });

  it.runIf(posix)('takes rights away that an older folder gave to others', () => {
    const home = homeIn(scratchFolder());
    mkdirSync(home.runtime, { recursive: true, mode: 0o755 });
    prepareHome(home);
    expect(modeOf(home.data)).toBe(0o700);
    expect(modeOf(home.runtime)).toBe(0o700);
  });

  it.runIf(posix)('gives a home with a very long path a folder where sockets can be bound', async () => {
    const home = homeIn(join(scratchFolder(), 'x'.repeat(90), 'y'.repeat(90)));
    prepareHome(home);
    expect(modeOf(home.runtime)).toBe(0o700);
    const server = createServer();
    const socket = join(home.runtime, 'a'.repeat(46));
    await new Promise<void>((resolve, reject) => {
      server.on('error', reject);
      server.listen(socket, resolve);
    });
    await new Promise((resolve) => server.close(resolve));
  });

  it('says which folder is not writable when a file is in its place', () => {
    const folder = scratchFolder();
    writeFileSync(join(folder, 'file'), '');
    expect(() => prepareHome(homeIn(join(folder, 'file', 'home')))).toThrow(
      expect.objectContaining({
        code: 'HOME_NOT_WRITABLE',
        message: expect.stringContaining(join(folder, 'file')),
        hint: expect.stringContaining('KINOPORT_HOME'),
      }),
    );
  });

  it.runIf(posix)('refuses a runtime folder that is a link to elsewhere', () => {
    const home = homeIn(scratchFolder());
    mkdirSync(home.data, { recursive: true });
    const elsewhere = scratchFolder();
    symlinkSync(elsewhere, home.runtime);
    expect(() => prepareHome(home)).toThrow(expect.objectContaining({ code: 'HOME_NOT_WRITABLE' }));
  });

  // Root may write everywhere, so the tests of the rights run as nobody.
  const uid = process.getuid?.() === 0 ? 65_534 : undefined;
  it.runIf(posix)('refuses a read-only home with a coded error', async () => {
    const folder = scratchFolder();
    chmodSync(folder, 0o555);
    const script = new Script('home/prepare.script.ts', [folder], uid === undefined ? {} : { uid });
    expect(await script.next()).toEqual({
      code: 'HOME_NOT_WRITABLE',
      message: expect.stringContaining('permission denied'),
      hint: expect.stringContaining('KINOPORT_HOME'),
    });
    chmodSync(folder, 0o700);
  });
});

describe('acquireHostLock', () => {
  it('lets one process of two become the host, and the next one after a SIGKILL', async () => {
    const folder = scratchFolder();
    const home = homeIn(folder);
    prepareHome(home);
    const first = new Script('home/holdLock.script.ts', [folder]);
    expect(await first.next()).toEqual({ held: true });
    const second = new Script('home/holdLock.script.ts', [folder]);
    expect(await second.next()).toEqual({ held: false });
    expect(acquireHostLock(home)).toBeUndefined();
    await first.kill('SIGKILL');
    const third = new Script('home/holdLock.script.ts', [folder]);
    expect(await third.next()).toEqual({ held: true });
  });

  it('lets exactly one of many become the host when all start at once', async () => {
    const folder = scratchFolder();
    prepareHome(homeIn(folder));
    const all = Array.from({ length: 4 }, () => new Script('home/holdLock.script.ts', [folder]));
    const answers = await Promise.all(all.map((script) => script.next()));
    expect(answers.filter((answer) => (answer as { held: boolean }).held)).toHaveLength(1);
  });

  it('is held against the same process too, until disposed', () => {
    const home = homeIn(scratchFolder());
    prepareHome(home);
    const lock = acquireHostLock(home);
    expect(lock).toBeDefined();
    expect(acquireHostLock(home)).toBeUndefined();
    lock?.dispose();
    const again = acquireHostLock(home);
    expect(again).toBeDefined();
    again?.dispose();
  });

  it('is not kept from work by a lock file with garbage in it', () => {
    const home = homeIn(scratchFolder());
    prepareHome(home);
    writeFileSync(home.lockFile, 'garbage '.repeat(2000));
    const lock = acquireHostLock(home);
    expect(lock).toBeDefined();
    lock?.dispose();
  });

  it('says so when the lock file cannot be made', () => {
    const home = homeIn(join(scratchFolder(), 'missing'));
    expect(() => acquireHostLock(home)).toThrow(expect.objectContaining({ code: 'HOME_NOT_WRITABLE' }));
  });
});

describe('endpoint file', () => {
  const endpoint = { pid: 4711, version: '0.1.0', port: 40_123, token: 'A'.repeat(43) };

  it('is read as it was written, and only its owner can read it', () => {
    const home = homeIn(scratchFolder());
    prepareHome(home);
    expect(readEndpoint(home)).toBeUndefined();
    writeEndpoint(home, { ...endpoint, port: 1 });
    writeEndpoint(home, endpoint);
    expect(readEndpoint(home)).toEqual(endpoint);
    if (posix) expect(modeOf(home.endpointFile)).toBe(0o600);
  });

  it('is undefined when torn or of another shape', () => {
    const home = homeIn(scratchFolder());
    prepareHome(home);
    const texts = ['', '{"pid":1', '[]', 'null', JSON.stringify({ ...endpoint, port: 0 })];
    for (const text of [...texts, JSON.stringify({ ...endpoint, token: 'short' })]) {
      writeFileSync(home.endpointFile, text);
      expect(readEndpoint(home)).toBeUndefined();
    }
  });

  it('is taken away by its host and not by an older one', () => {
    const home = homeIn(scratchFolder());
    prepareHome(home);
    writeEndpoint(home, endpoint);
    removeEndpoint(home, 1);
    expect(readEndpoint(home)).toEqual(endpoint);
    removeEndpoint(home, endpoint.pid);
    expect(readEndpoint(home)).toBeUndefined();
  });

  it('says so when the folder cannot be written', () => {
    expect(() => writeEndpoint(homeIn(join(scratchFolder(), 'missing')), endpoint)).toThrow(
      expect.objectContaining({ code: 'HOME_NOT_WRITABLE' }),
    );
  });
});
