import { PRODUCT } from '@kinoport/core';
import { withHost } from '../../connection/connectHost.ts';
import { type CliContext, type CommonOptions, outputFor } from '../../context.ts';
import { formatTable } from '../../terminal/table.ts';
import { npmEnvironment } from './packageSpec.ts';

/** `plugin search [words...]` */
export async function runSearch(
  ctx: CliContext,
  words: readonly string[],
  options: CommonOptions,
): Promise<number> {
  const output = outputFor(ctx, options);
  const npm = npmEnvironment(ctx.environment);
  const hits = await withHost(ctx, (host) =>
    host.call('plugins.search', { words: [...words], npmEnvironment: npm }),
  );
  if (output.json) {
    output.value(hits);
    return 0;
  }
  if (hits.length === 0) {
    output.note('The registry has no plugin that these words match.');
    return 0;
  }
  const head = [
    { title: 'Package' },
    { title: 'Version' },
    { title: 'By' },
    { title: '' },
    { title: 'What it is', flexible: true },
  ] as const;
  const rows = hits.map(({ name, version, author, description, installed }) => [
    name,
    version,
    author,
    installed === null ? '' : 'installed',
    description,
  ]);
  for (const line of formatTable(head, rows, output.columns)) output.data(line);
  output.info(`\nAnybody can publish there; look before you install: ${PRODUCT.command} plugin install NAME`);
  return 0;
}
