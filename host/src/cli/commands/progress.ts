import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { KinoportError, PRODUCT } from '@kinoport/core';
import { withHost } from '../connection/connectHost.ts';
import { type CliContext, type CommonOptions, outputFor } from '../context.ts';
import { whileWaiting } from '../play/waiting.ts';
import { printable } from '../terminal/width.ts';
import { nameOf, resolveUri } from '../uris.ts';
import { placeText, progressJson, progressTable } from './progressText.ts';

/** `progress [uri]` */
export async function runProgress(
  ctx: CliContext,
  uri: string | undefined,
  options: CommonOptions & { readonly limit?: string },
): Promise<number> {
  const output = outputFor(ctx, options);
  if (uri !== undefined) {
    const view = await withHost(ctx, (host) => host.call('progress.get', { uri: address(ctx, uri) }));
    if (output.json) output.value(progressJson(view));
    else {
      const percent = view.percent === null ? '' : ` (${Math.floor(view.percent)} %)`;
      output.data(`${printable(view.title)}: ${placeText(view)}${percent}`);
    }
    return 0;
  }
  const limit = options.limit === undefined ? {} : { limit: checkLimit(options.limit) };
  const views = await withHost(ctx, (host) => host.call('progress.list', limit));
  if (output.json) output.value(views.map(progressJson));
  else if (views.length === 0) output.info('Nothing has been played yet.');
  else {
    const table = { numbered: false, now: ctx.clock.wall(), columns: output.columns };
    for (const line of progressTable(views, table)) output.data(line);
  }
  return 0;
}

/** `progress mark <uri> [--unwatched]` */
export async function runMark(
  ctx: CliContext,
  uri: string,
  options: CommonOptions & { readonly unwatched?: boolean },
): Promise<number> {
  const output = outputFor(ctx, options);
  const watched = options.unwatched !== true;
  const params = { uri: address(ctx, uri), watched };
  const views = await withHost(ctx, (host) =>
    whileWaiting(ctx, output, host, nameOf(params.uri), (signal) =>
      host.call('progress.mark', params, { signal }),
    ),
  );
  if (output.json) output.value(views.map(progressJson));
  for (const view of views) {
    output.info(`${printable(view.title)} is marked as ${watched ? 'watched' : 'not watched'}.`);
  }
  return 0;
}

/** `progress forget <uri>` */
export async function runForget(ctx: CliContext, uri: string, options: CommonOptions): Promise<number> {
  const output = outputFor(ctx, options);
  const result = await withHost(ctx, (host) => host.call('progress.forget', { uri: address(ctx, uri) }));
  if (output.json) output.value(result);
  output.info(`Forgot the progress of ${result.forgotten} ${result.forgotten === 1 ? 'item' : 'items'}.`);
  return 0;
}

/** `progress export [file]` */
export async function runExport(
  ctx: CliContext,
  file: string | undefined,
  options: CommonOptions,
): Promise<number> {
  const output = outputFor(ctx, options);
  const document = await withHost(ctx, (host) => host.call('progress.export', {}));
  const text = JSON.stringify(document, undefined, 2);
  if (file === undefined || file === '-') {
    output.data(text);
    return 0;
  }
  const path = resolve(ctx.cwd, file);
  try {
    await writeFile(path, `${text}\n`, { mode: 0o600 });
  } catch (cause) {
    throw new KinoportError('INVALID_ARGUMENT', `${path} cannot be written: ${reason(cause)}.`, {
      hint: 'Name another file, or none to print the export.',
      cause,
    });
  }
  if (output.json) output.value({ file: path, items: document.items.length });
  output.info(`Wrote ${document.items.length} items to ${path}.`);
  return 0;
}

/** `progress import <file>` */
export async function runImport(ctx: CliContext, file: string, options: CommonOptions): Promise<number> {
  const output = outputFor(ctx, options);
  const document = await readDocument(ctx, file);
  const result = await withHost(ctx, (host) => host.call('progress.import', { document }));
  if (output.json) output.value(result);
  output.info(`${result.added} new, ${result.updated} brought up to date, ${result.kept} kept as they were.`);
  return 0;
}

async function readDocument(ctx: CliContext, file: string): Promise<unknown> {
  let text: string;
  try {
    text = file === '-' ? await readAll(process.stdin) : await readFile(resolve(ctx.cwd, file), 'utf8');
  } catch (cause) {
    throw new KinoportError('INVALID_ARGUMENT', `${file} cannot be read: ${reason(cause)}.`, {
      hint: `Name a file that "${PRODUCT.command} progress export" wrote, or - for standard input.`,
      cause,
    });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new KinoportError('IMPORT_INVALID', `${file} is not JSON.`, {
      hint: `Name a file that "${PRODUCT.command} progress export" wrote.`,
      cause,
    });
  }
}

function address(ctx: CliContext, uri: string): string {
  return uri === 'demo' ? ctx.demoFile : resolveUri(uri, ctx.cwd);
}

function checkLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= 100_000) return limit;
  throw new KinoportError('USAGE', `"${text}" is not a number of entries.`, { hint: 'Give 1 or more.' });
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
