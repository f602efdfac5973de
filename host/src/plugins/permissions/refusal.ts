import { KinoportError, type PluginPermissions } from '@kinoport/core';
import type { PluginAccess } from './access.ts';

/** What was refused. */
export interface Refusal {
  /** What the plugin wanted, after "may not": `start "ffmpeg"`. */
  readonly what: string;
  /** What has to stand under `permissions` for it: `"net": ["loopback"]`. */
  readonly entry: string;
}

/** The error of something that a plugin wanted and may not do: its author did not ask for it, or the user did not allow it. */
export function refused(plugin: string, { what, entry }: Refusal, wasRequested: boolean): KinoportError {
  const data = { plugin, permission: entry };
  if (wasRequested) {
    return new KinoportError(
      'PERMISSION_NOT_GRANTED',
      `The plugin "${plugin}" asks to be allowed to ${what}, which was not granted.`,
      { hint: `Grant it under "permissions" of the plugin in the config: ${entry}.`, data },
    );
  }
  return new KinoportError('PERMISSION_DENIED', `The plugin "${plugin}" may not ${what}.`, {
    hint: `Its author has to ask for it, under "kinoport" in package.json: "permissions": { ${entry} }.`,
    data,
  });
}

/** What `ctx.playback` and `ctx.streams` need, the same in the plugin's process and in the host. */
export const DEMANDS = {
  observe: {
    refusal: { what: 'see what plays', entry: '"playback": "observe"' },
    allows: ({ playback }: PluginPermissions) => playback !== undefined,
  },
  control: {
    refusal: { what: 'steer what plays', entry: '"playback": "control"' },
    allows: ({ playback }: PluginPermissions) => playback === 'control',
  },
  history: {
    refusal: { what: 'see what was played here', entry: '"history": true' },
    allows: ({ history }: PluginPermissions) => history === true,
  },
  publish: {
    refusal: { what: 'publish streams', entry: '"net": ["loopback"]' },
    allows: ({ net }: PluginPermissions) => (net?.length ?? 0) > 0,
  },
} as const satisfies Record<
  string,
  { readonly refusal: Refusal; readonly allows: (permissions: PluginPermissions) => boolean }
>;

/** Throws unless the plugin may do it. */
export type Demands = (kind: keyof typeof DEMANDS) => void;

/** @throws KinoportError `PERMISSION_DENIED`, `PERMISSION_NOT_GRANTED` */
export function demandOf(
  kind: keyof typeof DEMANDS,
  { id, access }: { readonly id: string; readonly access: PluginAccess },
): void {
  const { refusal, allows } = DEMANDS[kind];
  if (!allows(access.granted)) throw refused(id, refusal, allows(access.requested));
}
