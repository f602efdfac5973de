import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '@kinoport/core';
import { TestContext } from '@kinoport/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import plugin from '../../../plugins/torrent/src/index.ts';
import { formatSize, parseSize } from '../../../plugins/torrent/src/size.ts';

const DEFAULTS = { upload: true, uploadLimit: 512, downloadLimit: 0, cacheSize: 20_480, keepDays: 30 };
let folder: string;
let context: TestContext;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kp-limits-'));
  context = new TestContext({ folder, config: { ...DEFAULTS, readAhead: 12 } });
  await context.activate(plugin);
});
afterEach(async () => {
  await context.dispose();
  rmSync(folder, { recursive: true, force: true });
});

const given = async (options: Record<string, string | number>): Promise<JsonObject> => {
  const { stdout } = await context.run('torrent limits', { options, json: true });
  return JSON.parse(stdout.join('')) as JsonObject;
};

describe('the limits', () => {
  it('are shown, and left as they are, when nothing is given', async () => {
    const { stdout } = await context.run('torrent limits');
    expect(stdout).toEqual([
      'Upload     512 KB/s',
      'Download   no limit',
      'On disk    0 B of 20 GB, for 30 days',
      'Read-ahead 12 s',
      // The config of this test has no uTP.
      expect.stringMatching(/^Peers by {3}TCP, not uTP, (not )?WebRTC$/),
    ]);
    expect(context.ctx.config.value).toEqual({ ...DEFAULTS, readAhead: 12 });
  });

  it('are changed as given, the others not', async () => {
    expect(await given({ upload: '1.5M', cache: '1G', days: 7 })).toMatchObject({
      upload: true,
      uploadLimit: 1.5 * 1024 * 1024,
      downloadLimit: 0,
      cacheSize: 1024 ** 3,
      keepDays: 7,
    });
    expect(context.ctx.config.value).toMatchObject({ uploadLimit: 1536, cacheSize: 1024, readAhead: 12 });
    expect(await given({ upload: 'off', download: '300K/s' })).toMatchObject({
      upload: false,
      uploadLimit: 1.5 * 1024 * 1024,
      downloadLimit: 300 * 1024,
    });
    // Who sets a limit wants an upload, and the smallest one is not none.
    expect(await given({ upload: '0.2' })).toMatchObject({ upload: true, uploadLimit: 1024 });
    expect(await given({ upload: '0' })).toMatchObject({ upload: true, uploadLimit: 0 });
  });

  it.each([
    ['upload', 'much'],
    ['download', '-1'],
    ['cache', '5X'],
    ['cache', '999999999999T'],
  ])('are not --%s %s', async (name, value) => {
    await expect(given({ [name]: value })).rejects.toMatchObject({ code: 'USAGE' });
    expect(context.ctx.config.value).toEqual({ ...DEFAULTS, readAhead: 12 });
  });
});

describe('an amount', () => {
  it.each([
    ['512', 512],
    ['1k', 1024],
    ['1.5 MB', 1_572_864],
    ['2GiB', 2_147_483_648],
  ])('%s has %d bytes', (text, bytes) => {
    expect(parseSize(text, 1, '--x')).toBe(bytes);
  });

  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1536, '1.5 KB'],
    [20 * 1024 ** 3, '20 GB'],
    [123.4 * 1024, '123 KB'],
  ])('of %d bytes is shown as %s', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });
});
