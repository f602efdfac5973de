import { PRODUCT, toKinoportError } from '@kinoport/core';
import { withHost } from '../connection/connectHost.ts';
import { type CliContext, outputFor } from '../context.ts';
import { progressTable } from './progressText.ts';

const SHOWN = 5;

const COMMANDS: readonly (readonly [string, string])[] = [
  ['play <file|folder|url>', 'play it; resumes where you stopped'],
  ['play demo', 'play a clip that comes along'],
  ['continue [n|words]', 'go on with something you began'],
  ['progress', 'what was watched, and how far'],
  ['doctor', 'check that everything is in place'],
];

/** The command alone: what there is to continue, and where to go from here. */
export async function runOverview(ctx: CliContext): Promise<number> {
  const output = outputFor(ctx, {});
  let exitCode = 0;
  try {
    const views = await withHost(ctx, (host) => host.call('continue.list', { limit: SHOWN }));
    if (views.length > 0) {
      output.data('Continue:\n');
      const now = ctx.clock.wall();
      for (const line of progressTable(views, { numbered: true, now, columns: output.columns }).slice(1)) {
        output.data(`  ${line}`);
      }
      output.data('');
    }
  } catch (error) {
    const failure = toKinoportError(error);
    output.error(failure);
    exitCode = failure.exitCode;
  }
  output.data('Commands:\n');
  for (const [command, text] of COMMANDS) output.data(`  ${PRODUCT.command} ${command.padEnd(24)} ${text}`);
  output.data(`\nAll of them: ${PRODUCT.command} --help`);
  return exitCode;
}
