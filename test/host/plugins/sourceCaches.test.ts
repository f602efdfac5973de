/** `kinoport cache` over sources of plugins. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CliHome } from './support/cliHome.ts';

let home: CliHome;

const source = (name: string, cache: string): string => `
  import { definePlugin, KinoportError } from '@kinoport/core';
  const entries = new Map([['id-1', false], ['id-2', true]]);
  export default definePlugin({ activate(ctx) {
    ctx.sources.register('${name}', {
      resolve: async () => { throw new KinoportError('SOURCE_NOT_FOUND', 'There is none.'); },
      open: async () => { throw new KinoportError('SOURCE_NOT_FOUND', 'There is none.'); },
      release: async () => {},
      ${cache}
    });
  } });`;

const KEEPS = `cache: {
  usage: async () => ({ bytes: 2048 * entries.size, limit: 1e6, entries: [...entries].map(([id, pinned]) => ({
    id, title: 'Film ' + id.slice(3), bytes: 2048, pinned, streams: [],
  })) }),
  clear: async (ids) => ({ bytes: 2048 * ids.filter((id) => entries.delete(id)).length }),
  prune: async () => ({ bytes: 5 }),
  pin: async (ids, pinned) => { for (const id of ids) if (entries.has(id)) entries.set(id, pinned); },
},`;
const LIES = `cache: { usage: async () => ({ bytes: -1, entries: [] }), clear: async () => ({}), prune: async () => ({}) },`;

beforeEach(() => {
  home = new CliHome();
  for (const [name, cache] of [
    ['keeps', KEEPS],
    ['bare', ''],
    ['lies', LIES],
  ] as const) {
    const contributes = { sources: [{ id: name, displayName: name, schemes: [name] }] };
    home.plugin(name, { contributes }, source(name, cache));
  }
});
afterEach(() => home.dispose());

const only = { torrent: { enabled: false } };
type View = { readonly source: string; readonly entries?: readonly { readonly id: string }[] };

describe('what sources keep', () => {
  it('is shown, pinned and removed, whatever source it is of', async () => {
    home.config({ plugins: { ...only, './keeps': true, './bare': true } });
    const [views = []] = await home.json<readonly View[]>('cache', 'info');
    expect(views).toEqual([
      {
        source: 'keeps',
        bytes: 4096,
        limit: 1_000_000,
        entries: [1, 2].map((n) => ({
          ...{ id: `id-${n}`, title: `Film ${n}`, bytes: 2048, size: null, usedAt: null },
          ...{ pinned: n === 2, playing: [] },
        })),
      },
    ]);
    const text = (await home.run('cache', 'info')).stdout;
    expect(text).toContain('keeps: 4.0 KiB of 976.6 KiB, 2 entries');
    expect(text).toMatch(/id-2 +Film 2 +2\.0 KiB +pinned/);
    expect(await home.run('cache', 'clear')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('NOT_INTERACTIVE'),
    });
    expect((await home.run('cache', 'clear', '--yes')).stdout).toBe('Removed 1 entry, 2.0 KiB.\n');
    await home.run('cache', 'unpin', 'film', '2');
    expect((await home.json('cache', 'info', 'id-2'))[0]).toMatchObject([{ entries: [{ pinned: false }] }]);
    expect((await home.json('cache', 'prune', '--source', 'keeps'))[0]).toEqual([
      { source: 'keeps', bytes: 5 },
    ]);
    expect(await home.run('cache', 'clear', 'nothing', '--yes')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('INVALID_ARGUMENT'),
    });
    expect((await home.run('cache', 'clear', 'id-2', '--yes')).code).toBe(0);
    expect((await home.run('cache', 'clear', '--yes')).stdout).toBe('There is nothing to remove.\n');
    expect((await home.run('cache', 'info', '--source', 'bare')).stderr).toContain('SOURCE_UNSUPPORTED');
    expect((await home.run('cache', 'pin')).stderr).toContain('USAGE');
  });

  it('by one that lies is told of, and keeps nothing from the others', async () => {
    home.config({ plugins: { ...only, './keeps': true, './lies': true } });
    const info = await home.run('cache', 'info');
    expect(info).toMatchObject({ code: 1, stdout: expect.stringContaining('Film 1') });
    expect(info.stderr).toContain('PLUGIN_PROTOCOL');
    expect((await home.run('cache', 'clear', '--yes')).stdout).toContain('Removed 1 entry');
  });
});
