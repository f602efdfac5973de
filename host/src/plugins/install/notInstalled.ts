import { KinoportError, PRODUCT } from '@kinoport/core';

/** The error for a plugin that is not in the lock file. */
export function notInstalled(id: string): KinoportError {
  return new KinoportError(
    'PLUGIN_NOT_INSTALLED',
    `The plugin "${id.slice(0, 100)}" was not installed by "plugin install".`,
    {
      hint: `"${PRODUCT.command} plugin list" shows what there is; a plugin that the config names by its path goes with its line there.`,
    },
  );
}
