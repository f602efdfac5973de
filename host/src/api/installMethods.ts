import type { Static } from 'typebox';
import type { OnProgress } from '../plugins/install/pluginInstaller.ts';
import type { ApiClient, ApiServices, Handlers } from './methods.ts';
import type { METHODS, MethodName } from './protocol.ts';

type Params<M extends MethodName> = Static<(typeof METHODS)[M]>;
type Method =
  | 'plugins.prepareInstall'
  | 'plugins.install'
  | 'plugins.cancelInstall'
  | 'plugins.remove'
  | 'plugins.search';

/** The methods around installing plugins. */
export function installMethods({
  installer,
  removePlugin,
  plugins,
}: Pick<ApiServices, 'installer' | 'removePlugin' | 'plugins'>): Pick<Handlers, Method> {
  return {
    'plugins.prepareInstall': (params: Params<'plugins.prepareInstall'>, client, signal) =>
      installer.prepare(params, teller(client), signal),
    'plugins.install': async (params: Params<'plugins.install'>, client, signal) => {
      const { builds = [], skipBuilds = [], token, grant } = params;
      const id = await installer.install({ token, grant, builds, skipBuilds }, teller(client), signal);
      return plugins.set.view(id);
    },
    'plugins.cancelInstall': async ({ token }: Params<'plugins.cancelInstall'>) => {
      installer.cancel(token);
      return { cancelled: true };
    },
    'plugins.remove': ({ id, keepData }: Params<'plugins.remove'>) =>
      installer.alone(() => removePlugin(id, keepData)),
    'plugins.search': (params: Params<'plugins.search'>, _client, signal) => installer.search(params, signal),
  };
}

function teller(client: ApiClient): OnProgress {
  return (progress) => {
    client.send?.('plugins.installProgress', progress).catch(() => undefined);
  };
}
