import { deserializeError, PRODUCT } from '@kinoport/core';
import type { PluginView, Results } from '../../../api/protocol.ts';
import { withHost } from '../../connection/connectHost.ts';
import { type CliContext, type CommonOptions, outputFor } from '../../context.ts';
import { errorView } from '../../terminal/output.ts';
import { printable } from '../../terminal/width.ts';
import { formatDuration, formatMemory } from './amounts.ts';
import { gives, stateWords } from './words.ts';

/** `plugin info <id>` @throws KinoportError `PLUGIN_NOT_FOUND` */
export async function runPluginInfo(ctx: CliContext, id: string, options: CommonOptions): Promise<number> {
  const output = outputFor(ctx, options);
  const [plugin, [profile]] = await withHost(ctx, async (host) => {
    const found = await host.call('plugins.get', { id });
    return [found, await host.call('plugins.profile', { id: found.id })] as const;
  });
  if (output.json) {
    const error = plugin.error ? errorView(deserializeError(plugin.error)) : null;
    output.value({ ...plugin, error, uptime: profile?.uptime ?? null, memory: profile?.memory ?? null });
    return 0;
  }
  const rows = infoRows(plugin, profile).filter(([, text]) => text !== '');
  const width = Math.max(...rows.map(([title]) => title.length));
  for (const [title, text] of rows) output.data(`${title.padEnd(width)}  ${printable(text)}`);
  return 0;
}

type Row = readonly [string, string];

const ORIGINS = {
  builtin: 'comes with the program',
  path: 'by its path in the config',
  installed: 'installed',
  dev: 'loaded by "plugin dev"',
} as const satisfies Record<PluginView['origin'], string>;

function infoRows(
  plugin: PluginView,
  profile: Results['plugins.profile'][number] | undefined,
): readonly Row[] {
  const { id, displayName, version, attention, error } = plugin;
  return [
    ['Plugin', `${id}${version === '' ? '' : ` ${version}`}${displayName === id ? '' : `, ${displayName}`}`],
    ['State', stateWords(plugin)],
    [
      'Process',
      plugin.pid === null
        ? ''
        : [
            String(plugin.pid),
            `generation ${plugin.generation}`,
            ...(profile ? [`for ${formatDuration(profile.uptime)}`, formatMemory(profile.memory)] : []),
          ].join(', '),
    ],
    ['Gives', gives(plugin)],
    ['From', `${plugin.root} (${ORIGINS[plugin.origin]})`],
    ['Log', plugin.logFile],
    ...attentionRows(attention),
    ['Crashes', plugin.crashes === 0 ? '' : `${plugin.crashes} within 5 minutes`],
    ['Error', error ? `${error.message} (${error.code})` : ''],
    ['', error?.hint ?? ''],
    [
      '',
      plugin.state === 'disabled' && !error ? `"${PRODUCT.command} plugin enable ${id}" switches it on.` : '',
    ],
  ];
}

function attentionRows(attention: PluginView['attention']): readonly Row[] {
  if (!attention) return [];
  return [
    ['Attention', `${attention.message} (${attention.code})`],
    ['', attention.action ?? ''],
  ];
}
