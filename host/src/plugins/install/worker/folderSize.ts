import { lstat, readdir, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { type Disposable, KinoportError, systemClock } from '@kinoport/core';
import type { InstallLimits } from '../limits.ts';

const LOOK_EVERY = 500;

/** Rejects `exceeded` when a folder that is being filled grows beyond the limits. */
export function watchSize(
  folder: string,
  limits: InstallLimits,
): Disposable & { readonly exceeded: Promise<never> } {
  const { promise: exceeded, reject } = Promise.withResolvers<never>();
  exceeded.catch(() => undefined);
  let looking = false;
  const timer = systemClock.every(LOOK_EVERY, () => {
    if (looking) return;
    looking = true;
    checkSize(folder, limits).then(
      () => {
        looking = false;
      },
      (error) => {
        // What is removed while it is looked at is no matter.
        if (error instanceof KinoportError) reject(error);
        looking = false;
      },
    );
  });
  return { exceeded, dispose: () => timer.dispose() };
}

async function checkSize(folder: string, limits: InstallLimits): Promise<void> {
  let files = 0;
  let bytes = 0;
  await walk(folder, async (path) => {
    files += 1;
    bytes += (await lstat(path)).size;
    if (files > limits.dependencyFiles || bytes > limits.dependencyBytes) {
      const most = `${limits.dependencyFiles} files or ${limits.dependencyBytes} bytes`;
      throw new KinoportError(
        'PLUGIN_ARCHIVE_TOO_LARGE',
        `The plugin and its dependencies are more than ${most}.`,
        {
          hint: 'Nothing was installed.',
        },
      );
    }
  });
}

/**
 * Looks at all that an installation left in its folder.
 * @throws KinoportError `PLUGIN_ARCHIVE_TOO_LARGE`; `PLUGIN_ARCHIVE_UNSAFE` for a link that leads out of it
 */
export async function checkTree(folder: string, limits: InstallLimits): Promise<void> {
  await checkSize(folder, limits);
  const inside = `${await realpath(folder)}${sep}`;
  await walk(folder, async (path, isLink) => {
    if (!isLink) return;
    const target = await realpath(path).catch(() => undefined);
    if (target?.startsWith(inside)) return;
    throw new KinoportError(
      'PLUGIN_ARCHIVE_UNSAFE',
      `A link among the dependencies leads nowhere or out of the plugin's folder: ${path.slice(folder.length + 1)}.`,
      { hint: 'Nothing was installed. Ask the author of the plugin.' },
    );
  });
}

async function walk(folder: string, visit: (path: string, isLink: boolean) => Promise<void>): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    await visit(path, entry.isSymbolicLink());
    if (entry.isDirectory()) await walk(path, visit);
  }
}
