import type { PluginView } from '../../../api/protocol.ts';

/** What it contributes, in a line. */
export function gives({ contributes }: Pick<PluginView, 'contributes'>): string {
  return [
    ...contributes.players.map((id) => `player ${id}`),
    ...contributes.sources.map((id) => `source ${id}`),
    ...contributes.syncs.map((id) => `sync ${id}`),
    ...contributes.commands.map((id) => `command ${id}`),
  ].join(', ');
}

/** How it is: its state, and what of it is not as it should be. */
export function stateWords({ state, unresponsive, attention }: PluginView): string {
  return [
    state,
    ...(unresponsive ? ['does not answer'] : []),
    ...(attention ? ['needs attention'] : []),
  ].join(', ');
}
