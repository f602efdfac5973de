import { describe, expect, it } from 'vitest';
import { resolveHome } from '../../../host/src/home/resolveHome.ts';

const options = { tmpdir: '/tmp', uid: 1000 };

describe('resolveHome', () => {
  it('puts everything into the one folder of KINOPORT_HOME', () => {
    expect(resolveHome({ KINOPORT_HOME: '/srv/kino' }, 'linux', '/home/ada', options)).toEqual({
      config: '/srv/kino',
      configFile: '/srv/kino/config.jsonc',
      data: '/srv/kino/data',
      databaseFile: '/srv/kino/data/kinoport.db',
      cache: '/srv/kino/cache',
      logs: '/srv/kino/logs',
      runtime: '/srv/kino/data/run',
      lockFile: '/srv/kino/data/host.lock',
      endpointFile: '/srv/kino/data/host.json',
    });
  });

  it('makes a relative KINOPORT_HOME absolute and ignores an empty one', () => {
    expect(resolveHome({ KINOPORT_HOME: 'here' }, 'linux', '/home/ada', options).config).toBe(
      `${process.cwd()}/here`,
    );
    expect(resolveHome({ KINOPORT_HOME: '' }, 'linux', '/home/ada', options).config).toBe(
      '/home/ada/.config/kinoport',
    );
  });

  it('follows XDG on Linux, and ignores relative values of it', () => {
    const home = resolveHome(
      { XDG_DATA_HOME: '/data', XDG_CONFIG_HOME: 'relative', XDG_CACHE_HOME: '' },
      'linux',
      '/home/ada',
      options,
    );
    expect(home).toMatchObject({
      config: '/home/ada/.config/kinoport',
      data: '/data/kinoport',
      cache: '/home/ada/.cache/kinoport',
      logs: '/home/ada/.local/state/kinoport/logs',
      runtime: '/data/kinoport/run',
    });
  });

  it('does not depend on XDG_RUNTIME_DIR, which differs between the logins of one user', () => {
    const plain = resolveHome({}, 'linux', '/home/ada', options);
    expect(resolveHome({ XDG_RUNTIME_DIR: '/run/user/1000' }, 'linux', '/home/ada', options)).toEqual(plain);
  });

  it('uses Library on macOS', () => {
    expect(resolveHome({}, 'darwin', '/Users/ada', options)).toMatchObject({
      configFile: '/Users/ada/Library/Preferences/Kinoport/config.jsonc',
      databaseFile: '/Users/ada/Library/Application Support/Kinoport/kinoport.db',
      cache: '/Users/ada/Library/Caches/Kinoport',
      logs: '/Users/ada/Library/Logs/Kinoport',
      runtime: '/Users/ada/Library/Application Support/Kinoport/run',
    });
  });

  it('uses AppData on Windows', () => {
    const env = { APPDATA: 'D:\\Roaming' };
    expect(resolveHome(env, 'win32', 'C:\\Users\\Ada', options)).toMatchObject({
      configFile: 'D:\\Roaming\\Kinoport\\Config\\config.jsonc',
      databaseFile: 'C:\\Users\\Ada\\AppData\\Local\\Kinoport\\Data\\kinoport.db',
      cache: 'C:\\Users\\Ada\\AppData\\Local\\Kinoport\\Cache',
      runtime: 'C:\\Users\\Ada\\AppData\\Local\\Kinoport\\Data\\run',
    });
    const own = resolveHome({ KINOPORT_HOME: 'E:\\kino' }, 'win32', 'C:\\Users\\Ada', options);
    expect(own.databaseFile).toBe('E:\\kino\\data\\kinoport.db');
  });

  it('keeps unix sockets short however long the home is', () => {
    const long = `/home/${'a'.repeat(120)}`;
    const home = resolveHome({ KINOPORT_HOME: long }, 'linux', '/home/ada', options);
    expect(home.runtime).toMatch(/^\/tmp\/kinoport-1000-[0-9a-f]{12}$/);
    expect(home.data).toBe(`${long}/data`);
    const other = resolveHome({ KINOPORT_HOME: `${long}b` }, 'linux', '/home/ada', options);
    expect(other.runtime).not.toBe(home.runtime);
  });

  it('counts bytes, not characters', () => {
    const home = resolveHome({ KINOPORT_HOME: `/${'é'.repeat(30)}` }, 'linux', '/home/ada', options);
    expect(home.runtime).toMatch(/^\/tmp\/kinoport-/);
  });

  it("leaves macOS's long temporary folder for /tmp", () => {
    const tmpdir = '/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T';
    const home = resolveHome({}, 'darwin', `/Users/${'a'.repeat(40)}`, { tmpdir, uid: 501 });
    expect(home.runtime).toMatch(/^\/tmp\/kinoport-501-/);
    expect(Buffer.byteLength(home.runtime)).toBeLessThanOrEqual(52);
  });
});
