import { withHost } from '../connection/connectHost.ts';
import { type CliContext, type CommonOptions, outputFor } from '../context.ts';
import { errorView } from '../terminal/output.ts';
import { formatTable } from '../terminal/table.ts';
import { printable } from '../terminal/width.ts';
import { gives, stateWords } from './plugin/words.ts';

/** Errors whose hint is what the user has to type, not only where to look. */
const SETTLED_BY_USER = new Set(['SECRET_MISSING', 'CONFIG_SECRET_IN_FILE', 'SECRETS_LOCKED']);

/** `plugin list` */
export async function runPluginList(ctx: CliContext, options: CommonOptions): Promise<number> {
  const output = outputFor(ctx, options);
  const plugins = await withHost(ctx, (host) => host.call('plugins.list', {}));
  if (output.json) {
    output.value(
      plugins.map((plugin) => {
        const { id, version, state, isolation, generation, pid, contributes } = plugin;
        const { origin, attention, unresponsive, error } = plugin;
        return {
          id,
          version,
          state,
          isolation,
          generation,
          pid,
          contributes,
          origin,
          unresponsive,
          attention,
          error: error && errorView(error),
        };
      }),
    );
    return 0;
  }
  const rows = plugins.map((plugin) => [
    plugin.id,
    plugin.version,
    stateWords(plugin),
    plugin.pid === null ? '' : String(plugin.pid),
    plugin.origin,
    gives(plugin),
  ]);
  const head = [
    { title: 'Plugin' },
    { title: 'Version' },
    { title: 'State' },
    { title: 'Process', align: 'right' },
    { title: 'From' },
    { title: 'Gives', flexible: true },
  ] as const;
  for (const line of formatTable(head, rows, output.columns)) output.data(line);
  for (const { id, error, attention, root } of plugins) {
    if (error) output.note(`${id}: ${printable(error.message)} (${error.code})`);
    if (error?.hint && SETTLED_BY_USER.has(error.code)) output.note(`${id}: ${error.hint}`);
    if (attention) {
      output.note(`${id} needs you: ${printable(attention.message)} (${attention.code})`);
      if (attention.action !== undefined) output.note(`${id}: ${printable(attention.action)}`);
    }
    if (output.verbose) output.note(`${id}: ${root}`);
  }
  return 0;
}
