import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { JsonObject } from '@kinoport/core';
import { PluginFolders } from '../../host/plugins/support/pluginFolders.ts';
import { PluginHost } from '../../host/plugins/support/pluginHost.ts';
import { instant } from '../../support/lab/waiting.ts';
import { inRepository } from '../../support/repository.ts';
import type { Adapter } from './protocol.ts';

/** Nobody but the peers that the bench names. */
const ALONE = {
  accepted: true,
  dht: false,
  localPeers: false,
  ssrfMitigation: false,
  portMapping: false,
  trackers: [],
} as const;

/** The settings as the host makes them of an empty config, and those above. */
function settings(): JsonObject {
  const manifest = JSON.parse(readFileSync(inRepository('plugins/torrent/package.json'), 'utf8')) as Manifest;
  const { properties } = manifest.kinoport.contributes.configuration;
  const usual = Object.entries(properties).filter(([, property]) => property.default !== undefined);
  return { ...Object.fromEntries(usual.map(([name, property]) => [name, property.default])), ...ALONE };
}

interface Manifest {
  readonly kinoport: {
    readonly contributes: {
      readonly configuration: {
        readonly properties: Readonly<Record<string, { readonly default?: JsonObject[string] }>>;
      };
    };
  };
}

/** Whether there is a plugin to measure. */
export const hasKinoport = (): boolean => existsSync(inRepository('plugins/torrent/src/source.ts'));

/** As the others' modules are: what the plugin loads while it is active already, it has loaded when it answers at once. */
async function isLoaded(ask: () => Promise<unknown>): Promise<void> {
  for (let quick = 0; quick < 20; ) {
    const asked = instant();
    await ask();
    quick = instant() - asked < 5 ? quick + 1 : 0;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/**
 * The plugin in a process of its own, as the host runs it, read through the host's stream front.
 * @param home a folder that is there; what the plugin keeps on disk is below it
 */
export async function kinoport(home: string): Promise<Adapter> {
  const folders = new PluginFolders(home);
  const link = join(folders.root, 'torrent');
  if (!existsSync(link)) symlinkSync(inRepository('plugins/torrent'), link);
  const host = new PluginHost({ torrent: { code: '' } }, { folders });
  const films: { dispose(): Promise<void> | void }[] = [];
  const dispose = async (): Promise<void> => {
    for (const film of films) await film.dispose();
    await host.dispose();
  };
  try {
    await host.front.start();
    await host.configure({ torrent: settings() });
    const plugin = host.manager.source('torrent');
    await plugin.plugin.current();
    await isLoaded(() => plugin.stats(''));
    return {
      pid: host.view('torrent').pid ?? undefined,
      async open({ torrent, magnet }) {
        const { items } = await plugin.resolve(magnet ?? pathToFileURL(torrent ?? '').href);
        const film = [...items].sort((a, b) => (b.size ?? 0) - (a.size ?? 0))[0];
        if (!film) throw new Error('There is nothing in the torrent.');
        const stream = await plugin.open(film);
        films.push(stream);
        if (!('url' in stream.location)) throw new Error('It is not read through the stream front.');
        return stream.location.url;
      },
      close: dispose,
    };
  } catch (error) {
    console.error(host.pluginLog('torrent'));
    await dispose();
    throw error;
  }
}
