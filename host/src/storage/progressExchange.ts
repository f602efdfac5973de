import { KinoportError, PRODUCT } from '@kinoport/core';
import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';
import type { ProgressExportItem } from './progress.ts';

const seconds = Type.Number({ minimum: 0, maximum: 1e9 });
const instant = Type.Number({ minimum: 0, maximum: 8.64e15 });
const text = (maxLength: number) => Type.String({ minLength: 1, maxLength });

const ExportItem = Type.Object({
  keys: Type.Array(text(200), { minItems: 1, maxItems: 100 }),
  uri: text(8192),
  title: Type.String({ maxLength: 4096 }),
  kind: Type.Enum(['video', 'audio']),
  series: Type.Optional(
    Type.Object({
      title: Type.String({ maxLength: 4096 }),
      season: Type.Optional(Type.Number()),
      episode: Type.Optional(Type.Number()),
    }),
  ),
  ids: Type.Optional(
    Type.Object({
      imdb: Type.Optional(text(1000)),
      tmdb: Type.Optional(text(1000)),
      tvdb: Type.Optional(text(1000)),
      cloud: Type.Optional(text(1000)),
    }),
  ),
  source: text(64),
  size: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
  position: seconds,
  duration: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1e9 })),
  watched: Type.Boolean(),
  watchedSetAt: Type.Optional(instant),
  updatedAt: instant,
});

/** The schema of an export. Members it does not know are left out on reading. */
export const ProgressExport = Type.Object({
  kinoport: Type.Literal('progress'),
  version: Type.Literal(1),
  items: Type.Array(ExportItem, { maxItems: 1_000_000 }),
});
export type ProgressExport = Static<typeof ProgressExport>;

/** The document of `progress export`. */
export function progressExport(items: readonly ProgressExportItem[]): ProgressExport {
  return {
    kinoport: 'progress',
    version: 1,
    items: items.map((item) => ({ ...item, keys: [...item.keys] })),
  };
}

/**
 * What stands in an export: its text, or the JSON value it holds.
 * @throws KinoportError `IMPORT_INVALID` with the place of the first mistake; nothing is taken over then
 */
export function parseProgressExport(document: unknown): readonly ProgressExportItem[] {
  const value = typeof document === 'string' ? parseJson(document) : document;
  if (!Value.Check(ProgressExport, value)) {
    const [first] = Value.Errors(ProgressExport, value);
    const where = first?.instancePath ? ` at ${first.instancePath}` : '';
    throw invalid(`The document is not an export of progress${where}: ${first?.message ?? 'unknown shape'}.`);
  }
  return value.items.map((item) => ({
    keys: item.keys,
    uri: item.uri,
    title: item.title,
    kind: item.kind,
    ...(item.series === undefined ? {} : { series: item.series }),
    ...(item.ids === undefined ? {} : { ids: item.ids }),
    source: item.source,
    ...(item.size === undefined ? {} : { size: item.size }),
    position: item.duration === undefined ? item.position : Math.min(item.position, item.duration),
    ...(item.duration === undefined ? {} : { duration: item.duration }),
    watched: item.watched,
    ...(item.watchedSetAt === undefined ? {} : { watchedSetAt: item.watchedSetAt }),
    updatedAt: item.updatedAt,
  }));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw invalid('The document is not JSON.', error);
  }
}

function invalid(message: string, cause?: unknown): KinoportError {
  return new KinoportError('IMPORT_INVALID', message, {
    hint: `Use a file that \`${PRODUCT.command} progress export\` has written.`,
    ...(cause === undefined ? {} : { cause }),
  });
}
