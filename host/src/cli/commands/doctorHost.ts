import type { PlayerInstallation } from '@kinoport/core';
import type { Results } from '../../api/protocol.ts';
import type { Protection } from '../../plugins/permissions/border.ts';
import { findHost, withHost } from '../connection/connectHost.ts';
import type { CliContext } from '../context.ts';
import { installAdvice, systemFacts } from '../install/packages.ts';
import { printable } from '../terminal/width.ts';
import type { Check } from './doctor.ts';
import { failed } from './doctorLocal.ts';

/** What only the host can tell: that it starts, its plugins, and the players they find. */
export async function checkHost(ctx: CliContext): Promise<readonly Check[]> {
  const before = await findHost(ctx);
  await before?.dispose();
  try {
    return await withHost(ctx, async (host) => {
      const [status, plugins, players, diagnostics] = await Promise.all([
        host.call('host.status', {}),
        host.call('plugins.list', {}),
        host.call('players.probe', {}),
        host.call('plugins.diagnose', {}),
      ]);
      const how = before ? 'running' : 'started for this check';
      return [
        { name: 'Host', status: 'ok', message: `${status.version}, process ${status.pid}, ${how}` },
        ...plugins.flatMap((plugin) => [
          ...pluginCheck(plugin),
          ...diagnosticChecks(
            plugin,
            diagnostics.find((each) => each.plugin === plugin.id),
          ),
        ]),
        ...playerChecks(players, plugins),
      ];
    });
  } catch (error) {
    return [failed('Host', error)];
  }
}

function pluginCheck(plugin: Results['plugins.list'][number]): readonly Check[] {
  // A third-party plugin that does not work keeps nothing else from working.
  if (plugin.error) {
    const check = failed('Plugin', plugin.error);
    return [
      { ...check, status: plugin.builtin ? 'failed' : 'warning', message: `${plugin.id}: ${check.message}` },
    ];
  }
  if (plugin.state === 'disabled')
    return [{ name: 'Plugin', status: 'warning', message: `${plugin.id} is switched off in the config.` }];
  const { protection, notStopped } = plugin.permissions;
  return [
    {
      name: 'Plugin',
      status: 'ok',
      message: printable(`${plugin.id}: ${PROTECTION[protection]}`),
      details: notStopped.map((what) => printable(`It can ${what}.`)),
    },
  ];
}

/** What it tells of itself. That it does not work was said before. */
function diagnosticChecks(
  { id, error }: Results['plugins.list'][number],
  told: Results['plugins.diagnose'][number] | undefined,
): readonly Check[] {
  if (!told) return [];
  if (told.error) {
    const check = failed('Plugin', told.error);
    const message = printable(`${id} does not say how it is: ${check.message}`);
    return error ? [] : [{ ...check, status: 'warning', message, plugin: id }];
  }
  return told.diagnostics.map(({ label, value, ok, hint }) => ({
    name: 'Plugin',
    status: ok ? 'ok' : 'warning',
    message: printable(`${id}, ${label}: ${value}`),
    ...(hint === null ? {} : { hint: printable(hint) }),
    plugin: id,
    label,
    value,
  }));
}

const PROTECTION: Readonly<Record<Protection, string>> = {
  limited: 'limited to what it asks for, against accidents',
  declared: 'declared; this Node cannot hold it to all of that',
  'full trust': 'full trust; it can do what you can',
};

function playerChecks(players: Results['players.probe'], plugins: Results['plugins.list']): readonly Check[] {
  const checks = players.flatMap(({ player, installations, error }): readonly Check[] => {
    const found = installations.map((installation) => installationCheck(player, installation));
    return error ? [...found, { ...failed('Player', error), status: 'warning' }] : found;
  });
  if (checks.some((check) => check.status === 'ok')) return checks;
  const off = plugins.find(
    ({ state, contributes }) => state === 'disabled' && contributes.players.length > 0,
  );
  if (off && players.length === 0) {
    const hint = `Set "${off.id}": true under "plugins" in the config.`;
    const message = 'The plugins that have players are switched off.';
    return [...checks, { name: 'Player', status: 'failed', code: 'PLUGIN_DISABLED', message, hint }];
  }
  return [
    ...checks,
    {
      name: 'Player',
      status: 'failed',
      code: 'PLAYER_NOT_FOUND',
      message: 'No player that can be used is installed.',
      hint: `Install mpv: ${installAdvice(systemFacts()).command}`,
    },
  ];
}

function installationCheck(player: string, installation: PlayerInstallation): Check {
  const { path, argv, version, kind, problem } = installation;
  const where = [path, ...argv].join(' ');
  const what = `${player} ${version ?? '(version unknown)'}: ${where}${kind === 'native' ? '' : ` (${kind})`}`;
  if (!problem) return { name: 'Player', status: 'ok', message: what };
  const { code, message, hint } = problem;
  return {
    name: 'Player',
    status: 'warning',
    message: `${what}: ${message}`,
    code,
    ...(hint === undefined ? {} : { hint }),
  };
}
