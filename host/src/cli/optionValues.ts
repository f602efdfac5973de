import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { type CommandContribution, type CommandValueType, KinoportError } from '@kinoport/core';
import type { Command } from 'commander';
import type { CliContext } from './context.ts';
import { readAllInput } from './terminal/hidden.ts';
import { resolveUri } from './uris.ts';

type Type = CommandValueType | 'boolean' | undefined;
type Place = Pick<CliContext, 'cwd' | 'environment'>;

/** How the help calls a value. */
export const valueName = (type: Type): string => (type === 'text-file' ? 'file' : (type ?? 'value'));

/**
 * What the options of a contributed command are: as typed, else of the caller's environment, else as preset.
 * @throws KinoportError as `typedValue`
 */
export async function optionValues(
  place: Place,
  { options = [] }: CommandContribution,
  command: Command,
): Promise<Record<string, unknown>> {
  const values = options.map(async ({ name, type, env }) => {
    const key = camelCase(name);
    const isTyped = command.getOptionValueSource(key) === 'cli';
    // An empty one says as much as none.
    const variable = (env === undefined || isTyped ? undefined : place.environment[env]) || undefined;
    const value: unknown = variable ?? command.getOptionValue(key);
    const called = variable === undefined ? `--${name}` : `${env}`;
    return value === undefined ? [] : [[name, await typedValue(place, called, type, value)] as const];
  });
  return Object.fromEntries((await Promise.all(values)).flat());
}

/**
 * What a word of the command line stands for.
 * @param name how the value is called
 * @throws KinoportError `USAGE` for what is no number, `INVALID_ARGUMENT` for a file that cannot be read as text
 */
export async function typedValue(place: Place, name: string, type: Type, value: unknown): Promise<unknown> {
  if (Array.isArray(value)) return Promise.all(value.map((one) => typedValue(place, name, type, one)));
  if (typeof value !== 'string') return value;
  switch (type) {
    case 'path':
      return resolve(place.cwd, value);
    case 'uri':
      return resolveUri(value, place.cwd);
    case 'text-file':
      return textOf(resolve(place.cwd, value), name);
    case 'number': {
      const number = Number(value);
      if (value.trim() !== '' && Number.isFinite(number)) return number;
      throw new KinoportError('USAGE', `"${value}" is not a number (${name}).`, {
        hint: '--help shows what the command takes.',
      });
    }
    default:
      return value;
  }
}

async function textOf(path: string, name: string): Promise<string> {
  try {
    return await readAllInput(createReadStream(path), path);
  } catch (cause) {
    if (cause instanceof KinoportError) throw cause;
    throw new KinoportError(
      'INVALID_ARGUMENT',
      `The file of ${name} cannot be read: ${(cause as Error).message}`,
      {
        cause,
      },
    );
  }
}

function camelCase(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
