import { resolve } from 'node:path';
import { KinoportError, PRODUCT } from '@kinoport/core';
import type { Ask } from './ask.ts';
import {
  checkedId,
  checkedName,
  idOfFolder,
  KINDS,
  LANGUAGES,
  type Language,
  nameOfId,
  type PluginKind,
  type PluginPlan,
} from './plan.ts';

/** What was given on the command line. */
export interface CreateOptions {
  /** Relative to `cwd`; default: the name of the package. */
  readonly directory?: string | undefined;
  /** Kinds, separated by commas. */
  readonly kind?: string | undefined;
  readonly language?: string | undefined;
  readonly id?: string | undefined;
  readonly name?: string | undefined;
}

/** The plan, with defaults for what was not given. @throws KinoportError `INVALID_ARGUMENT` */
export function planFrom(options: CreateOptions, cwd: string): PluginPlan {
  const suggested = options.directory === undefined ? undefined : idOfFolder(resolve(cwd, options.directory));
  if (options.id === undefined && suggested === undefined) {
    throw new KinoportError('INVALID_ARGUMENT', 'The plugin needs an id.', {
      hint: 'Give one: --id my-plugin.',
    });
  }
  const id = checkedId(options.id ?? suggested ?? '');
  return {
    directory: folderFor(options, id, cwd),
    id,
    displayName: checkedName(options.name ?? nameOfId(id)),
    kinds: kindsOf(options.kind ?? 'command'),
    language: languageOf(options.language ?? 'ts'),
  };
}

/** The plan, asking for what was not given. */
export async function planByAsking(options: CreateOptions, cwd: string, ask: Ask): Promise<PluginPlan> {
  const kinds =
    options.kind === undefined ? await ask(KINDS_QUESTION, 'command', kindsOf) : kindsOf(options.kind);
  const suggested =
    options.directory === undefined ? '' : (idOfFolder(resolve(cwd, options.directory)) ?? '');
  const id =
    options.id === undefined
      ? await ask('Its id, a short word?', suggested, checkedId)
      : checkedId(options.id);
  const displayName =
    options.name === undefined
      ? await ask('The name that people read?', nameOfId(id), checkedName)
      : checkedName(options.name);
  const language =
    options.language === undefined
      ? await ask('TypeScript (ts) or JavaScript (js)?', 'ts', languageOf)
      : languageOf(options.language);
  return { directory: folderFor(options, id, cwd), id, displayName, kinds, language };
}

const KINDS_QUESTION = `What does it contribute? One or several of
  source     media: from an address to items, from an item to bytes
  player     something with a window or a speaker
  command    a subcommand of ${PRODUCT.command}
  playback   nothing to see; it listens to what plays
Kinds:`;

function folderFor({ directory }: CreateOptions, id: string, cwd: string): string {
  return resolve(cwd, directory ?? `${PRODUCT.pluginPrefix}${id}`);
}

function kindsOf(text: string): readonly PluginKind[] {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  const kinds = KINDS.filter((kind) => words.includes(kind));
  const unknown = words.find((word) => !(KINDS as readonly string[]).includes(word));
  if (unknown === undefined && kinds.length > 0) return kinds;
  throw new KinoportError(
    'INVALID_ARGUMENT',
    unknown === undefined ? 'The plugin has to contribute something.' : `There is no kind "${unknown}".`,
    { hint: `Give one or several of ${KINDS.join(', ')}: --kind ${KINDS[0]},${KINDS[2]}.` },
  );
}

function languageOf(text: string): Language {
  const language = LANGUAGES.find((each) => each === text);
  if (language) return language;
  throw new KinoportError('INVALID_ARGUMENT', `There is no language "${text}" for a plugin.`, {
    hint: `Give one of ${LANGUAGES.join(', ')}: --language ts.`,
  });
}
