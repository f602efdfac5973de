import { readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type JsonObject, type JsonValue, KinoportError } from '@kinoport/core';
import type { LoadWatch } from './loading.ts';

const MOST_FRAMES = 10;
const LONGEST_LINE = 300;

/** A place in a source; line and column from 1. */
interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

/**
 * The error with its place in the plugin's sources as `data`: `file`, and where they are known `line`, `column` and
 * `source`, which is that line; `frames`: the calls in the plugin's own files that led there, the last one first.
 */
export function withPlace(error: unknown, root: string, loading: LoadWatch): unknown {
  if (!(error instanceof KinoportError)) return error;
  const cause = error.cause ?? error;
  const frames = ownFrames(cause instanceof Error ? (cause.stack ?? '') : '', root);
  const place = unresolvedPlace(cause, loading) ?? placeIn(error.data, root) ?? placeOf(frames[0]);
  if (!place) return error;
  return new KinoportError(error.code, error.message, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    data: {
      ...(isObject(error.data) ? error.data : {}),
      ...place,
      ...sourceAt(place),
      frames: frames.map((frame) => frame.replace(root + sep, '')),
    } satisfies JsonObject,
    cause: error.cause,
  });
}

/** What is known already, as far as it is the plugin's. */
function placeIn(data: JsonValue | undefined, root: string): Place | undefined {
  if (!isObject(data)) return undefined;
  const { file, line, column } = data;
  if (typeof file !== 'string' || typeof line !== 'number' || typeof column !== 'number') return undefined;
  return file.startsWith(root + sep) ? { file, line, column } : undefined;
}

function unresolvedPlace(cause: unknown, { unresolved }: LoadWatch): Place | undefined {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (!unresolved || !/^ERR_(MODULE_NOT_FOUND|PACKAGE|UNSUPPORTED_|INVALID_MODULE)/.test(code))
    return undefined;
  const file = pathOf(unresolved.parent);
  const lines = linesOf(file) ?? [];
  for (const quote of ["'", '"', '`']) {
    const wanted = quote + unresolved.specifier + quote;
    const line = lines.findIndex((text) => text.includes(wanted));
    if (line >= 0) return { file, line: line + 1, column: (lines[line]?.indexOf(wanted) ?? 0) + 1 };
  }
  return { file };
}

function ownFrames(stack: string, root: string): readonly string[] {
  const own = stack
    .split('\n')
    .filter((line) => /^ +at /.test(line))
    .map((line) => line.trim().replace(/file:\/\/[^\s)]+/, (url) => withPath(url)))
    .filter((line) => line.includes(root + sep) && !line.includes(join(sep, 'node_modules', sep)));
  return own.slice(0, MOST_FRAMES);
}

function withPath(url: string): string {
  const [, base = url, place = ''] = /^(.*?)((?::\d+){0,2})$/.exec(url) ?? [];
  return pathOf(base) + place;
}

function placeOf(frame: string | undefined): Place | undefined {
  const [, file, line, column] =
    /(?:\(|at (?:async )?)((?:\/|[A-Za-z]:\\).*):(\d+):(\d+)\)?$/.exec(frame ?? '') ?? [];
  return file === undefined ? undefined : { file, line: Number(line), column: Number(column) };
}

function sourceAt({ file, line }: Place): { readonly source?: string } {
  const text = line === undefined ? undefined : linesOf(file)?.[line - 1];
  return text === undefined ? {} : { source: text.slice(0, LONGEST_LINE) };
}

function linesOf(file: string): readonly string[] | undefined {
  try {
    return readFileSync(file, 'utf8').split(/\r?\n/);
  } catch {
    return undefined;
  }
}

function pathOf(url: string): string {
  try {
    return url.startsWith('file:') ? fileURLToPath(url) : url;
  } catch {
    return url;
  }
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
