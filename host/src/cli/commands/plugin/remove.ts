import { KinoportError } from '@kinoport/core';
import { withHost } from '../../connection/connectHost.ts';
import { type CliContext, type CommonOptions, isInteractive, outputFor } from '../../context.ts';
import { ask } from '../../terminal/prompt.ts';

export interface RemoveOptions extends CommonOptions {
  readonly data?: boolean;
  readonly keepData?: boolean;
}

/** `plugin remove <id>` */
export async function runRemove(ctx: CliContext, id: string, options: RemoveOptions): Promise<number> {
  const output = outputFor(ctx, options);
  if (options.data && options.keepData) {
    throw new KinoportError('USAGE', '--data and --keep-data contradict each other.', {
      hint: 'Give one of them.',
    });
  }
  if (!options.data && !options.keepData && !isInteractive()) {
    throw new KinoportError('NOT_INTERACTIVE', "It has to be said what becomes of the plugin's data.", {
      hint: '--data removes it too, --keep-data keeps it.',
    });
  }
  return withHost(ctx, async (host) => {
    const keepData = options.keepData ?? (options.data ? false : await askToKeep(id));
    const removed = await host.call('plugins.remove', { id, keepData });
    if (output.json) output.value(removed);
    else {
      output.info(`Removed ${removed.id} ${removed.version}.`);
      if (removed.keptData !== null) output.info(`Its data is still in ${removed.keptData}.`);
    }
    return 0;
  });
}

async function askToKeep(id: string): Promise<boolean> {
  const answer = await ask(`Remove what ${id} has stored, too? [y/N] `);
  return !/^(y|yes|j|ja)$/i.test(answer.trim());
}
