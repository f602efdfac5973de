import type { Results } from '../../api/protocol.ts';
import { withHost } from '../connection/connectHost.ts';
import { type CliContext, type CommonOptions, outputFor } from '../context.ts';
import { itemTable } from '../play/chooseItem.ts';
import { withAgreement } from '../play/consent.ts';
import { whileWaiting } from '../play/waiting.ts';
import { printable } from '../terminal/width.ts';
import { nameOf, resolveUri } from '../uris.ts';

export interface FilesOptions extends CommonOptions {
  readonly source?: string;
  readonly yes?: boolean;
}

/** `files <uri>` */
export async function runFiles(ctx: CliContext, given: string, options: FilesOptions): Promise<number> {
  const output = outputFor(ctx, options);
  const uri = given === 'demo' ? ctx.demoFile : resolveUri(given, ctx.cwd);
  const result = await resolved(ctx, uri, options);
  if (output.json) {
    output.value(
      result.items.map((item, file) => ({
        file,
        title: item.title,
        uri: item.uri,
        itemKey: item.key,
        kind: item.kind,
        size: item.size ?? null,
        duration: item.duration ?? null,
      })),
    );
    return 0;
  }
  if (output.verbose) output.note(`Source: ${[result.source, ...result.alternatives].join(', then ')}`);
  if (result.title !== undefined) output.info(printable(result.title));
  for (const line of itemTable(result.items, output.columns)) output.data(line);
  return 0;
}

function resolved(ctx: CliContext, uri: string, options: FilesOptions): Promise<Results['source.resolve']> {
  const output = outputFor(ctx, options);
  const params = { uri, ...(options.source === undefined ? {} : { source: options.source }) };
  return withHost(ctx, (host) =>
    withAgreement(ctx, output, host, { yes: options.yes === true }, () =>
      whileWaiting(ctx, output, host, nameOf(uri), (signal) =>
        host.call('source.resolve', params, { signal }),
      ),
    ),
  );
}
