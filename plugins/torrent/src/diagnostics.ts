import { type Clock, type Diagnostic, sleep } from '@kinoport/core';
import type { Settings } from './settings.ts';
import { formatSize } from './size.ts';
import type { PieceCache } from './store/ports.ts';
import { type Way, waysToPeers } from './ways.ts';

export interface DiagnosticsParts {
  readonly clock: Clock;
  readonly settings: () => Settings;
  /** Of the engine that runs, when one does. */
  readonly port: () => Promise<number | undefined>;
  readonly cache: () => Promise<PieceCache>;
  /** Where the pieces lie. */
  readonly folder: string;
}

/** Milliseconds to count what is on disk: the rest is worth telling without it. */
const COUNTING = 1_000;
const LONGEST_VALUE = 300;

/** What `kinoport doctor` says of torrents. Joins no swarm and opens no port. */
export async function diagnose(parts: DiagnosticsParts): Promise<readonly Diagnostic[]> {
  const { engine } = parts.settings();
  const [ways, port, cache] = await Promise.all([waysToPeers(engine.utp), portOf(parts), cacheOf(parts)]);
  const limit = engine.uploadLimit === 0 ? 'no limit' : `${formatSize(engine.uploadLimit)}/s`;
  return [
    ...ways.map(wayOf),
    port,
    { label: 'DHT', value: engine.dht ? 'on' : 'off in the config' },
    { label: 'Upload', value: engine.upload ? limit : 'off in the config' },
    cache,
  ];
}

function wayOf({ name, isThere, reason, package: needed }: Way): Diagnostic {
  const label = `Peers by ${name}`;
  if (isThere) return { label, value: 'yes' };
  if (reason === 'off') return { label, value: 'no, off in the config' };
  const install = `npm install --no-save ${needed}`;
  if (reason === 'does not load')
    return {
      label,
      value: `no, the package ${needed} does not run on this machine`,
      ok: false,
      hint: `Install it anew where Kinoport lies: ${install}`,
    };
  // It is there on most machines, so that its absence is worth a warning; the one of WebRTC is the rule.
  if (name === 'uTP')
    return {
      label,
      value: `no, the package ${needed} is not installed`,
      ok: false,
      hint: `Where Kinoport lies: ${install}; or set "utp": false. Peers behind some routers are not reached without it.`,
    };
  return {
    label,
    value: `no; peers in web browsers need the package ${needed}, where Kinoport lies: ${install}`,
  };
}

async function portOf({ settings, port }: DiagnosticsParts): Promise<Diagnostic> {
  const { engine } = settings();
  const asked = engine.portMapping ? '; the router is asked to let peers in' : '';
  const running = await port();
  const wanted = engine.port === 0 ? 'any that is free' : String(engine.port);
  if (running === undefined) return { label: 'Port', value: `${wanted}${asked}` };
  if (engine.port === 0 || engine.port === running)
    return { label: 'Port', value: `${running}, open${asked}` };
  return {
    label: 'Port',
    value: `${running}, not ${engine.port} as in the config${asked}`,
    ok: false,
    hint: `${engine.port} is taken by another program, or was set since: "kinoport plugin reload torrent" tries it again.`,
  };
}

async function cacheOf({ clock, settings, cache, folder }: DiagnosticsParts): Promise<Diagnostic> {
  const { size, keep } = settings().cache;
  const late = new AbortController();
  const count = async (): Promise<number> =>
    (await (await cache()).list()).reduce((sum, { bytes }) => sum + bytes, 0);
  try {
    const used = await Promise.race([count(), sleep(clock, COUNTING, late.signal).then(() => undefined)]);
    const amount = used === undefined ? 'much to count' : formatSize(used);
    const days = `${keep / 86_400_000} days`;
    return {
      label: 'Cache',
      value: `${amount} of ${formatSize(size)}, for ${days}, in ${folder}`.slice(0, LONGEST_VALUE),
    };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return {
      label: 'Cache',
      value: `cannot be read: ${why}, in ${folder}`.slice(0, LONGEST_VALUE),
      ok: false,
      hint: 'What is fetched is kept there; torrents do not play without it.',
    };
  } finally {
    late.abort();
  }
}
