import type { CommandContribution, PluginManifest, PluginPermissions } from '@kinoport/core';
import { isLoader } from './permissions/environment.ts';

/** The commands of a plugin. No option stands for a variable that the plugin may not see. */
export function commandsOf(
  { contributes }: PluginManifest,
  granted: PluginPermissions,
): readonly CommandContribution[] {
  const maySee = (name: string): boolean => granted.environment?.includes(name) === true && !isLoader(name);
  return (contributes?.commands ?? []).map(({ options, ...command }) => ({
    ...command,
    ...(options
      ? { options: options.map(({ env, ...option }) => (env && maySee(env) ? { ...option, env } : option)) }
      : {}),
  }));
}

/** What is wrong with the variables that options stand for; `path` within `contributes/commands`. */
export function misplacedVariable({
  contributes,
  permissions,
}: PluginManifest): { readonly path: string; readonly message: string } | undefined {
  for (const [at, { options = [] }] of (contributes?.commands ?? []).entries())
    for (const [place, { env, type }] of options.entries()) {
      const path = `/${at}/options/${place}/env`;
      if (env === undefined) continue;
      if (type === 'boolean') return { path, message: 'an option without a value takes none of a variable' };
      if (!permissions?.environment?.includes(env))
        return { path, message: `"${env}" has to be among "permissions.environment"` };
    }
  return undefined;
}
