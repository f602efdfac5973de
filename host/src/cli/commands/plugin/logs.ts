import { existsSync, statSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { KinoportError, PRODUCT } from '@kinoport/core';
import { LogFollower } from '../../../log/logFollower.ts';
import { lastLines } from '../../../log/logTail.ts';
import { pluginLogFile } from '../../../log/pluginLog.ts';
import { findHost } from '../../connection/connectHost.ts';
import { type CliContext, type CommonOptions, outputFor } from '../../context.ts';
import { onSignals } from '../../terminal/signals.ts';
import { printable } from '../../terminal/width.ts';
import { findPlugins } from '../config.ts';

const DEFAULT_LINES = 100;
const MOST_LINES = 1_000_000;
const INTERRUPTED = 130;

export interface LogsOptions extends CommonOptions {
  readonly follow?: boolean;
  readonly lines?: string;
}

/**
 * `plugin logs <id>`: reads the file itself, so that it works for a plugin that failed and without a host.
 * @throws KinoportError `USAGE`, `PLUGIN_NOT_FOUND`, `LOG_UNREADABLE`
 */
export async function runPluginLogs(ctx: CliContext, id: string, options: LogsOptions): Promise<number> {
  const output = outputFor(ctx, options);
  const lines = checkLines(options.lines);
  const file = await logFileOf(ctx, id);
  if (output.verbose) output.note(file);
  const show = (line: string): void => {
    if (output.json) output.value({ plugin: id, line });
    // What a plugin prints must not run on the terminal; into a pipe or a file it goes as it is.
    else output.data(output.isTTY ? printable(stripVTControlCharacters(line)) : line);
  };
  if (isEmpty(file) && isEmpty(`${file}.1`)) output.note(`The plugin "${id}" has written nothing yet.`);
  if (options.follow === true) return follow(ctx, file, lines, show);
  for (const line of await readable(file, lastLines(file, { lines }))) show(line);
  return 0;
}

function isEmpty(file: string): boolean {
  return (statSync(file, { throwIfNoEntry: false })?.size ?? 0) === 0;
}

async function follow(
  ctx: CliContext,
  file: string,
  lines: number,
  onLine: (line: string) => void,
): Promise<number> {
  const { promise: ended, resolve, reject } = Promise.withResolvers<number>();
  const signals = onSignals({ interrupt: () => resolve(INTERRUPTED), hangUp: () => resolve(0) });
  try {
    const opening = LogFollower.open({ file, clock: ctx.clock, lines, onLine, onError: reject });
    const follower = await readable(file, opening);
    try {
      return await readable(file, ended);
    } finally {
      await follower.dispose();
    }
  } finally {
    await signals.dispose();
  }
}

/** @throws KinoportError `USAGE` */
function checkLines(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LINES;
  const lines = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (lines <= MOST_LINES) return lines;
  throw new KinoportError('USAGE', `"${text}" is not a number of lines.`, {
    hint: `Give a whole number from 0 to ${MOST_LINES}.`,
  });
}

/** @throws KinoportError `PLUGIN_NOT_FOUND` */
async function logFileOf(ctx: CliContext, id: string): Promise<string> {
  const known = (await fromHost(ctx)) ?? (await fromManifests(ctx));
  const file = known.get(id);
  if (file !== undefined) return file;
  // Of a plugin that is no more.
  const left = pluginLogFile(ctx.home, id);
  if (/^[a-z0-9][a-z0-9-]*$/.test(id) && existsSync(left)) return left;
  throw new KinoportError('PLUGIN_NOT_FOUND', `There is no plugin "${id}".`, {
    hint: `There is: ${[...known.keys()].join(', ')}. "${PRODUCT.command} plugin list" shows how they are.`,
  });
}

type LogFiles = ReadonlyMap<string, string>;

async function fromHost(ctx: CliContext): Promise<LogFiles | undefined> {
  const host = await findHost(ctx);
  if (!host) return undefined;
  try {
    if (host.endpoint.version !== ctx.hostVersion) return undefined;
    return new Map((await host.call('plugins.list', {})).map((plugin) => [plugin.id, plugin.logFile]));
  } finally {
    await host.dispose();
  }
}

async function fromManifests(ctx: CliContext): Promise<LogFiles> {
  return new Map((await findPlugins(ctx)).map(({ id }) => [id, pluginLogFile(ctx.home, id)]));
}

async function readable<T>(file: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
    throw new KinoportError('LOG_UNREADABLE', `The log cannot be read${code}: ${file}`, {
      hint: 'Check its permissions.',
      cause,
    });
  }
}
