import { realpathSync } from 'node:fs';
import { type Disposable, DisposableStore, KinoportError, toKinoportError } from '@kinoport/core';
import type { PluginView } from '../../api/protocol.ts';
import type { Logger } from '../../log/logger.ts';
import { readManifest } from '../manifest.ts';
import type { PluginSet } from '../pluginSet.ts';
import type { Development } from './development.ts';
import type { Developments } from './developments.ts';
import { InspectProxy } from './inspectProxy.ts';

export interface DevelopRequest {
  /** The folder with the manifest. */
  readonly root: string;
  readonly inspect?: { readonly port: number; readonly wait: boolean };
}

export interface Developed {
  readonly id: string;
  /** Where debuggers attach; the same for every generation. */
  readonly inspectPort: number | null;
}

export interface PluginDevelopmentOptions {
  /** What discovery puts in the place of others. */
  readonly developments: Developments;
  readonly discover: () => unknown;
  readonly set: Pick<PluginSet, 'reload' | 'refresh' | 'list' | 'onDidChange'>;
  readonly log: Logger;
}

interface Work {
  readonly owner: AbortSignal;
  readonly development: Development;
  readonly proxy: InspectProxy | undefined;
  /** Debugger ports by generation. */
  readonly ports: Map<number, number>;
  readonly owned: DisposableStore;
}

/**
 * Plugins that somebody works on: each belongs to a client, stands in for whatever else has its id, and is gone
 * with the client.
 */
export class PluginDevelopment implements Disposable {
  readonly #options: PluginDevelopmentOptions;
  readonly #work = new Map<string, Work>();
  readonly #ending = new Set<Promise<void>>();
  readonly #watching: Disposable;

  constructor(options: PluginDevelopmentOptions) {
    this.#options = options;
    this.#watching = options.set.onDidChange((view) => {
      if (view.state === 'active') this.#lead(view);
    });
  }

  /**
   * Begins to work on a folder; nothing of it is loaded yet. Told again, it looks at the manifest again.
   * @param owner the client; when it is gone, what was there before comes back
   * @throws KinoportError `PLUGIN_IN_DEVELOPMENT`, `PLUGIN_INSPECT_PORT`, of the manifest
   */
  async begin(request: DevelopRequest, owner: AbortSignal): Promise<Developed> {
    const { id } = readManifest(request.root, { development: true });
    const root = realpathSync(request.root);
    const work = this.#work.has(root)
      ? this.#owned(root, owner)
      : await this.#begin(root, id, request, owner);
    // Its id may be an alias of the config.
    this.#options.discover();
    return { id: this.#idOf(work) ?? id, inspectPort: work.proxy?.port ?? null };
  }

  /**
   * Puts a new generation of what the folder holds now in the place of whatever has its id.
   * @throws KinoportError `PLUGIN_NOT_FOUND` unless this client has begun to work on it; of the manifest, of the start;
   *   what ran before goes on then
   */
  async load(root: string, owner: AbortSignal, signal: AbortSignal): Promise<PluginView> {
    const work = this.#owned(root, owner);
    const id = this.#idOf(work) ?? root;
    try {
      return await this.#options.set.reload(id, { signal });
    } finally {
      // A generation that waited for a debugger may have failed.
      const view = this.#options.set.list().find((each) => each.id === id);
      if (view) this.#lead(view);
    }
  }

  async dispose(): Promise<void> {
    await this.#watching.dispose();
    for (const work of this.#work.values()) await work.owned.dispose();
    this.#work.clear();
    await Promise.all(this.#ending);
  }

  async #begin(root: string, id: string, { inspect }: DevelopRequest, owner: AbortSignal): Promise<Work> {
    const other = [...this.#work.values()].find((each) => this.#idOf(each) === id);
    if (other) throw inDevelopment(id, other.development.root);
    const owned = new DisposableStore();
    const proxy = inspect ? owned.add(await InspectProxy.listen(inspect.port)) : undefined;
    const ports = new Map<number, number>();
    const development: Development = {
      root,
      ...(inspect && proxy
        ? {
            debug: {
              wait: inspect.wait,
              onListening: (generation, port) => {
                ports.set(generation, port);
                if (inspect.wait) proxy.lead(port);
              },
            },
          }
        : {}),
    };
    const work: Work = { owner, development, proxy, ports, owned };
    if (this.#work.has(root) || owner.aborted) {
      await owned.dispose();
      throw inDevelopment(id, root);
    }
    owned.add(this.#options.developments.add(development));
    this.#work.set(root, work);
    const gone = (): void => {
      const ending = this.#end(root, work).finally(() => this.#ending.delete(ending));
      this.#ending.add(ending);
    };
    owner.addEventListener('abort', gone, { once: true });
    owned.defer(() => owner.removeEventListener('abort', gone));
    return work;
  }

  #owned(root: string, owner: AbortSignal): Work {
    const work = this.#work.get(root);
    if (!work) throw new KinoportError('PLUGIN_NOT_FOUND', `Nobody has begun to work on ${root}.`);
    if (work.owner !== owner) throw inDevelopment(this.#idOf(work) ?? root, root);
    return work;
  }

  async #end(root: string, work: Work): Promise<void> {
    this.#work.delete(root);
    try {
      await work.owned.dispose();
      await this.#options.set.refresh();
    } catch (error) {
      const { code, message } = toKinoportError(error);
      this.#options.log.error(`the work on ${root} did not end in order`, { code, message });
    }
  }

  #idOf({ development }: Work): string | undefined {
    return this.#options.developments.idOf(development);
  }

  #lead({ root, generation }: PluginView): void {
    const work = this.#work.get(root);
    work?.proxy?.lead(work.ports.get(generation));
  }
}

function inDevelopment(id: string, root: string): KinoportError {
  return new KinoportError('PLUGIN_IN_DEVELOPMENT', `Another "plugin dev" works on "${id}" (${root}).`, {
    hint: 'End that one first.',
  });
}
