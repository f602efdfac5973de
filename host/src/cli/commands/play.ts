import { KinoportError, PRODUCT } from '@kinoport/core';
import { splitRest } from '../arguments.ts';
import { type CliContext, outputFor } from '../context.ts';
import { playUris } from '../play/playUris.ts';
import { type PlayOptions, playParams } from './playOptions.ts';

/** `play <uri...> [-- PLAYER ARGS]` */
export async function runPlay(
  ctx: CliContext,
  given: readonly string[],
  options: PlayOptions,
  rest: readonly string[] | undefined,
): Promise<number> {
  const { uris, playerArgs } = splitRest(given, rest);
  if (uris.length === 0) {
    throw new KinoportError('USAGE', 'There is nothing to play.', {
      hint: `Give a file, a folder or a URL; "${PRODUCT.command} play demo" plays a clip that comes along.`,
    });
  }
  const params = playParams(ctx, uris, options, playerArgs);
  const output = outputFor(ctx, options);
  if (output.verbose) await tellRouting(ctx, params.uris[0] ?? '', options);
  return playUris(ctx, output, { params, detach: options.detach === true, yes: options.yes === true });
}

async function tellRouting(ctx: CliContext, uri: string, options: PlayOptions): Promise<void> {
  const { withHost } = await import('../connection/connectHost.ts');
  const output = outputFor(ctx, options);
  const { source, alternatives, items } = await withHost(ctx, (host) =>
    host.call('source.resolve', { uri, ...(options.source === undefined ? {} : { source: options.source }) }),
  );
  const others = alternatives.length > 0 ? ` (${alternatives.join(', ')} could, too: --source)` : '';
  output.note(`${items.length} ${items.length === 1 ? 'item' : 'items'} from the source ${source}${others}.`);
}
