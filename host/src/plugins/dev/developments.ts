import { realpathSync } from 'node:fs';
import { type Disposable, toDisposable, toKinoportError } from '@kinoport/core';
import type { Config } from '../../config/config.ts';
import type { DiscoveredPlugin } from '../discovery.ts';
import { readManifest } from '../manifest.ts';
import { accessOf } from '../permissions/access.ts';
import type { Development } from './development.ts';

/** What somebody works on, put in the place of what has the same folder or id. */
export interface StandIns {
  /** The plugin, or what stands in for it. */
  for(found: DiscoveredPlugin): DiscoveredPlugin;
  /** Those that stood in for nothing. */
  others(): readonly DiscoveredPlugin[];
}

/** The folders that somebody works on at the moment. */
export class Developments {
  /** With the id that each had when its manifest could be read last: while it is typed in, it keeps its place. */
  readonly #ids = new Map<Development, string | undefined>();

  add(development: Development): Disposable {
    this.#ids.set(development, undefined);
    return toDisposable(() => {
      this.#ids.delete(development);
    });
  }

  /** The id under which it is found, once it was. */
  idOf(development: Development): string | undefined {
    return this.#ids.get(development);
  }

  /** Reads the manifests. */
  standIns(config: Config): StandIns {
    const left = new Map([...this.#ids.keys()].map((each) => [each, this.#read(each, config)]));
    return {
      for: (found) => {
        for (const [development, plugin] of left) {
          if (realPath(found.root) !== development.root && found.id !== plugin.id) continue;
          left.delete(development);
          const id = found.manifest ? found.id : plugin.id;
          if (plugin.manifest) this.#ids.set(development, id);
          return {
            ...plugin,
            key: found.key,
            id,
            config: found.config,
            ...accessIn(config, found.key, plugin),
          };
        }
        return found;
      },
      others: () => [...left.values()].map((plugin) => ({ ...plugin, isVisiting: true })),
    };
  }

  #read(development: Development, config: Config): DiscoveredPlugin {
    const { root } = development;
    const common = { root, builtin: false, origin: 'dev', enabled: true, development } as const;
    try {
      const manifest = readManifest(root, { development: true });
      const { id } = manifest;
      this.#ids.set(development, id);
      const settings = config.plugins[id]?.config ?? {};
      return { ...common, key: id, id, config: settings, manifest, ...accessIn(config, id, { manifest }) };
    } catch (error) {
      const id = this.#ids.get(development) ?? root;
      return {
        ...common,
        key: id,
        id,
        config: {},
        ...accessIn(config, id, {}),
        error: toKinoportError(error),
      };
    }
  }
}

/** What it asks for, within what the config allows whatever has its place. */
function accessIn(
  config: Config,
  key: string,
  { manifest }: Pick<DiscoveredPlugin, 'manifest'>,
): Pick<DiscoveredPlugin, 'grants' | 'access'> {
  const grants = [config.plugins[key]?.permissions ?? 'all'] as const;
  return { grants, access: accessOf(manifest?.package.kinoport.permissions, grants) };
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
