import type { CommandArguments, CommandIo, JsonObject, PluginContext } from '@kinoport/core';
import type { Settings } from './settings.ts';
import { formatSize, parseSize } from './size.ts';
import type { PieceCache } from './store/ports.ts';
import { waysToPeers } from './ways.ts';

interface Parts {
  readonly cache: () => Promise<PieceCache>;
  readonly settings: () => Settings;
}

const KB = 1024;
const MB = 1024 * KB;

/** `torrent limits`: shows them, and changes what is given. */
export function registerLimits(ctx: PluginContext, parts: Parts): void {
  ctx.commands.register('torrent limits', async ({ options }, io) => {
    const changes = changesOf(options);
    if (Object.keys(changes).length > 0) await io.configure(changes);
    await show(parts, io);
    return 0;
  });
}

/** The settings that the options stand for. @throws KinoportError `USAGE` */
function changesOf({
  upload,
  download,
  cache,
  days,
  'read-ahead': readAhead,
}: CommandArguments['options']): JsonObject {
  return {
    ...(upload === undefined ? {} : uploadOf(String(upload))),
    ...(download === undefined ? {} : { downloadLimit: rateOf(String(download), '--download') }),
    ...(cache === undefined ? {} : { cacheSize: Math.round(parseSize(String(cache), MB, '--cache') / MB) }),
    ...(days === undefined ? {} : { keepDays: Number(days) }),
    ...(readAhead === undefined ? {} : { readAhead: Number(readAhead) }),
  };
}

function uploadOf(text: string): JsonObject {
  if (text === 'on' || text === 'off') return { upload: text === 'on' };
  return { upload: true, uploadLimit: rateOf(text, '--upload') };
}

/** KB a second. What is more than nothing does not become 0, which is no limit. */
function rateOf(text: string, option: string): number {
  const bytes = parseSize(text.replace(/\/s$/i, ''), KB, option);
  return bytes === 0 ? 0 : Math.max(1, Math.round(bytes / KB));
}

async function show({ settings, cache: open }: Parts, io: CommandIo): Promise<void> {
  const { engine, cache, readAhead } = settings();
  const ways = await waysToPeers(engine.utp);
  const used = (await (await open()).list()).reduce((sum, { bytes }) => sum + bytes, 0);
  const limits = {
    upload: engine.upload,
    uploadLimit: engine.uploadLimit,
    downloadLimit: engine.downloadLimit,
    cacheSize: cache.size,
    cacheUsed: used,
    keepDays: cache.keep / 86_400_000,
    readAhead,
    ways: Object.fromEntries(ways.map(({ name, isThere }) => [name, isThere])),
  };
  if (io.wantsJson) {
    io.json(limits);
    return;
  }
  const rate = (limit: number): string => (limit === 0 ? 'no limit' : `${formatSize(limit)}/s`);
  io.line(`Upload     ${engine.upload ? rate(engine.uploadLimit) : 'off'}`);
  io.line(`Download   ${rate(engine.downloadLimit)}`);
  io.line(`On disk    ${formatSize(used)} of ${formatSize(cache.size)}, for ${limits.keepDays} days`);
  io.line(`Read-ahead ${readAhead} s`);
  io.line(`Peers by   ${ways.map(({ name, isThere }) => (isThere ? name : `not ${name}`)).join(', ')}`);
}
