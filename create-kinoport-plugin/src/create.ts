import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { KinoportError } from '@kinoport/core';
import { pluginFiles } from './files.ts';
import type { PluginPlan } from './plan.ts';

/** A folder with nothing in it that a new plugin could get into the way of. */
const HARMLESS: ReadonlySet<string> = new Set(['.git', '.DS_Store']);

/**
 * Writes the files of a new plugin; nothing that is there is changed.
 * @returns their paths, relative to the folder, with slashes
 * @throws KinoportError `FILE_EXISTS` when the folder is not empty, `FILE_NOT_WRITABLE`
 */
export async function createPlugin(plan: PluginPlan): Promise<readonly string[]> {
  await checkFolder(plan.directory);
  const files = await pluginFiles(plan);
  try {
    for (const { path, text } of files) {
      const file = join(plan.directory, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text, { flag: 'wx' });
    }
  } catch (cause) {
    throw new KinoportError('FILE_NOT_WRITABLE', `The plugin cannot be written to ${plan.directory}.`, {
      hint: cause instanceof Error ? cause.message : 'Choose another folder.',
      cause,
    });
  }
  return files.map(({ path }) => path);
}

/** @throws KinoportError `FILE_EXISTS` when there is something that could be overwritten */
export async function checkFolder(directory: string): Promise<void> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new KinoportError('FILE_EXISTS', `${directory} is there and is no folder that can be read.`, {
      hint: 'Give the name of a folder that does not exist yet.',
      cause: error,
    });
  });
  if (names.every((name) => HARMLESS.has(name))) return;
  throw new KinoportError('FILE_EXISTS', `The folder ${directory} is not empty.`, {
    hint: 'Nothing is overwritten: give the name of a folder that does not exist yet.',
  });
}
