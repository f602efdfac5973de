import { manifestSchema, PRODUCT } from '@kinoport/core';
import { nearest } from '../config/nearest.ts';
import type { ValidationProblem } from './validation.ts';

/** What is meant to stand there, where a pattern alone would tell it: by the name of the member. */
const FORMS: Readonly<Record<string, string>> = {
  id: 'An id has 1 to 63 of a-z, 0-9 and "-", and no "-" first: "my-radio".',
  plugin: 'Give the id of a plugin, as "plugin list" shows it.',
  contract: 'Give player, source or sync, with or without an id ("player:mpv"), or "service:ID".',
  activationEvents:
    'There are onStartup, onPlayback, and onPlayer:, onSource:, onScheme:, onCommand: with an id.',
  net: 'Give host names without scheme, port and path: "example.org", "*.example.org", "loopback" or "*".',
  read: 'Give absolute paths, "~/..." or "*".',
  write: 'Give absolute paths, "~/..." or "*".',
  environment: 'Give names of variables: "RADIO_TOKEN".',
  schemes: 'Give schemes in lower case without the colon: "radio", or "*".',
  extensions: 'Give extensions in lower case without the dot: "mkv".',
  command: 'Give one or two words of a-z, 0-9 and "-": "radio list".',
  name: 'Give a name of letters, digits and "-" that begins with a small letter: "folder".',
};

/** What to do about a mistake in a manifest; `undefined` where the message says it. */
export function manifestHint({ path, unknownKey, keyword }: ValidationProblem): string | undefined {
  if (unknownKey !== undefined) {
    const close = nearest(unknownKey, keysAt(path));
    return close === undefined ? undefined : `Did you mean "${close}"?`;
  }
  if (path === '' && keyword === 'required')
    return `The package.json of a plugin has a member "${PRODUCT.manifestKey}"; "${PRODUCT.command} plugin create" writes one.`;
  if (keyword !== 'pattern') return undefined;
  const member = path.split('/').findLast((part) => !/^\d+$/.test(part));
  return member === undefined ? undefined : FORMS[member];
}

/** The members that the schema knows at a JSON pointer. */
function keysAt(path: string): readonly string[] {
  let schema: unknown = manifestSchema;
  for (const part of path.split('/').slice(1))
    schema = /^\d+$/.test(part) ? member(schema, 'items') : member(member(schema, 'properties'), part);
  return Object.keys(member(schema, 'properties') ?? {});
}

function member(value: unknown, name: string): object | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const found: unknown = Reflect.get(value, name);
  return typeof found === 'object' && found !== null ? found : undefined;
}
