import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Diagnostic } from '@kinoport/core';
import { TestContext, VirtualClock } from '@kinoport/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { diagnose } from '../../../plugins/torrent/src/diagnostics.ts';
import plugin from '../../../plugins/torrent/src/index.ts';
import { settingsOf } from '../../../plugins/torrent/src/settings.ts';
import { loadWebtorrent } from '../../../plugins/torrent/src/swarm/webtorrent.ts';

const DEFAULTS = { upload: true, uploadLimit: 512, cacheSize: 20_480, keepDays: 30, dht: true, port: 0 };
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kp-diagnostics-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function told(config: object): Promise<ReadonlyMap<string, Diagnostic>> {
  const context = new TestContext({ folder, config: { ...DEFAULTS, ...config } });
  await context.activate(plugin);
  try {
    const facts = (await context.diagnostics?.({ signal: new AbortController().signal })) ?? [];
    return new Map(facts.map((fact) => [fact.label, fact]));
  } finally {
    await context.dispose();
  }
}

describe('what doctor is told of torrents', () => {
  it('is how peers are reached, what is allowed, and what is kept where', async () => {
    const facts = await told({ utp: true });
    expect([...facts.keys()]).toEqual([
      ...['TCP', 'uTP', 'WebRTC'].map((way) => `Peers by ${way}`),
      ...['Port', 'DHT', 'Upload', 'Cache'],
    ]);
    expect(facts.get('Peers by TCP')?.value).toBe('yes');
    const { UTP_SUPPORT, WEBRTC_SUPPORT } = await loadWebtorrent();
    for (const [way, isThere, needed] of [
      ['uTP', UTP_SUPPORT, 'utp-native'],
      ['WebRTC', WEBRTC_SUPPORT, 'node-datachannel'],
    ] as const) {
      const fact = facts.get(`Peers by ${way}`);
      if (isThere) expect(fact?.value).toBe('yes');
      else expect(fact).toMatchObject({ value: expect.stringMatching(new RegExp(`^no[,;].*${needed}`)) });
    }
    expect(facts.get('Port')?.value).toBe('any that is free');
    expect(facts.get('DHT')?.value).toBe('on');
    expect(facts.get('Upload')?.value).toBe('512 KB/s');
    expect(facts.get('Cache')?.value).toBe(`0 B of 20 GB, for 30 days, in ${join(folder, 'pieces')}`);
  });

  it('follows the settings: what is off by them is no fault', async () => {
    const facts = await told({ utp: false, dht: false, upload: false, port: 6881, portMapping: true });
    expect(facts.get('Peers by uTP')).toEqual({ label: 'Peers by uTP', value: 'no, off in the config' });
    expect(facts.get('Port')?.value).toBe('6881; the router is asked to let peers in');
    expect(facts.get('DHT')?.value).toBe('off in the config');
    expect(facts.get('Upload')?.value).toBe('off in the config');
    expect((await told({ uploadLimit: 0 })).get('Upload')?.value).toBe('no limit');
  });

  it('says so when the folder cannot be used', async () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'pieces'), 'a file');
    const cache = (await told({})).get('Cache');
    expect(cache).toMatchObject({ ok: false, value: expect.stringContaining('cannot be read') });
  });

  it('comes in time though the disk does not answer, and names a port that was not to be had', async () => {
    const clock = new VirtualClock();
    const settings = settingsOf({ ...DEFAULTS, port: 6881 });
    const facts = diagnose({
      clock,
      settings: () => settings,
      port: async () => 40_000,
      cache: () => new Promise(() => undefined),
      folder: `/${'x'.repeat(1000)}`,
    });
    await clock.advance(1_000);
    const [port, cache] = ['Port', 'Cache'].map(async (name) =>
      (await facts).find(({ label }) => label === name),
    );
    expect(await port).toMatchObject({ ok: false, value: '40000, not 6881 as in the config' });
    const value = (await cache)?.value ?? '';
    expect(value).toMatch(/^much to count of 20 GB, for 30 days, in \/x+$/);
    expect(value).toHaveLength(300);
  });
});
