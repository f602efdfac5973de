import { basename } from 'node:path';
import { KinoportError, PRODUCT } from '@kinoport/core';

/** What a plugin can begin with. */
export const KINDS = ['source', 'player', 'command', 'playback'] as const;
export type PluginKind = (typeof KINDS)[number];

export const LANGUAGES = ['ts', 'js'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Everything that the files of a new plugin follow from. */
export interface PluginPlan {
  /** Absolute path of a folder that is empty or not there yet. */
  readonly directory: string;
  readonly id: string;
  readonly displayName: string;
  /** At least one. */
  readonly kinds: readonly PluginKind[];
  readonly language: Language;
}

/**
 * Ids that could not be loaded: those of the built-in plugins, and the first words of the program's own commands,
 * which a plugin's command begins with.
 */
export const TAKEN: ReadonlySet<string> = new Set([
  'cache',
  'config',
  'continue',
  'demo',
  'doctor',
  'files',
  'help',
  'mpv',
  'next',
  'play',
  'plugin',
  'previous',
  'progress',
  'relay',
  'room',
  'serve',
  'stop',
  'torrent',
  'watch-together',
]);

/** @throws KinoportError `INVALID_ARGUMENT` for an id that cannot be that of a new plugin */
export function checkedId(id: string): string {
  // Shorter than the manifest allows, since the id is a scheme and a command, too.
  if (!/^[a-z][a-z0-9-]{1,30}$/.test(id)) {
    throw new KinoportError('INVALID_ARGUMENT', `"${id}" cannot be the id of a plugin.`, {
      hint: 'Give 2 to 31 of a-z, 0-9 and "-", a letter first: --id my-plugin.',
    });
  }
  if (TAKEN.has(id)) {
    throw new KinoportError('INVALID_ARGUMENT', `The id "${id}" belongs to ${PRODUCT.name} itself.`, {
      hint: 'Give another one: --id my-plugin.',
    });
  }
  return id;
}

/** @throws KinoportError `INVALID_ARGUMENT` for a name that the manifest does not take */
export function checkedName(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be in it
  if (name.length >= 1 && name.length <= 100 && !/[\u0000-\u001f\u007f]/.test(name)) return name;
  throw new KinoportError('INVALID_ARGUMENT', 'The name to show is empty, too long or not printable.', {
    hint: 'Give 1 to 100 characters: --name "My plugin".',
  });
}

/** The id that a folder suggests: `kinoport-plugin-radio` is `radio`. `undefined` when there is none in it. */
export function idOfFolder(directory: string): string | undefined {
  const id = basename(directory)
    .toLowerCase()
    .replace(PRODUCT.pluginPrefix, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 31);
  return /^[a-z][a-z0-9-]+$/.test(id) && !TAKEN.has(id) ? id : undefined;
}

/** The name that an id suggests: `web-radio` is `Web radio`. */
export function nameOfId(id: string): string {
  return `${id.slice(0, 1).toUpperCase()}${id.slice(1).replaceAll('-', ' ')}`;
}
