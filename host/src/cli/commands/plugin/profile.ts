import type { Results } from '../../../api/protocol.ts';
import { withHost } from '../../connection/connectHost.ts';
import { type CliContext, type CommonOptions, outputFor } from '../../context.ts';
import { formatTable } from '../../terminal/table.ts';
import { formatMemory, formatMilliseconds } from './amounts.ts';

const HEAD = [
  { title: 'Plugin', flexible: true },
  { title: 'Start', align: 'right' },
  { title: 'Load', align: 'right' },
  { title: 'Activate', align: 'right' },
  { title: 'Ready', align: 'right' },
  { title: 'First call', align: 'right' },
  { title: 'Calls', align: 'right' },
  { title: 'Median', align: 'right' },
  { title: 'Messages/s', align: 'right' },
  { title: 'Memory', align: 'right' },
] as const;

/** `plugin profile [id]` @throws KinoportError `PLUGIN_NOT_FOUND` */
export async function runPluginProfile(
  ctx: CliContext,
  id: string | undefined,
  options: CommonOptions,
): Promise<number> {
  const output = outputFor(ctx, options);
  const profiles = await withHost(ctx, (host) =>
    host.call('plugins.profile', id === undefined ? {} : { id }),
  );
  if (output.json) {
    output.value(profiles);
    return 0;
  }
  if (profiles.length === 0) {
    output.note(id === undefined ? 'No plugin runs.' : `The plugin "${id}" does not run.`);
    return 0;
  }
  for (const line of formatTable(HEAD, profiles.map(row), output.columns)) output.data(line);
  return 0;
}

function row(profile: Results['plugins.profile'][number]): readonly string[] {
  const { id, start, load, activate, ready, firstCall, calls, medianCall, messagesPerSecond, memory } =
    profile;
  return [
    id,
    ...[start, load, activate, ready, firstCall].map(formatMilliseconds),
    String(calls),
    formatMilliseconds(medianCall),
    messagesPerSecond === null ? '' : messagesPerSecond.toFixed(1),
    formatMemory(memory),
  ];
}
