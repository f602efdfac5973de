import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  type Disposable,
  DisposableStore,
  isKinoportError,
  KinoportError,
  toKinoportError,
} from '@kinoport/core';
import { LogFollower } from '../../../../log/logFollower.ts';
import { pluginLogFile } from '../../../../log/pluginLog.ts';
import { readManifest } from '../../../../plugins/manifest.ts';
import { connectHost } from '../../../connection/connectHost.ts';
import type { HostConnection } from '../../../connection/hostConnection.ts';
import { type CliContext, type CommonOptions, outputFor } from '../../../context.ts';
import { EXIT_INTERRUPTED } from '../../../exitCodes.ts';
import { onSignals } from '../../../terminal/signals.ts';
import { type DevView, faultOf, HOST_GONE, JsonDevView, TextDevView } from './devView.ts';
import { FolderWatch } from './folderWatch.ts';
import { inspectOf } from './inspectOption.ts';

export interface DevOptions extends CommonOptions {
  readonly inspect?: string | true;
  readonly inspectBrk?: string | true;
}

/** What no change of a file can mend. */
const HOPELESS = [
  'PLUGIN_NOT_FOUND',
  'PLUGIN_IN_DEVELOPMENT',
  'PLUGIN_INSPECT_PORT',
  'HOST_UNREACHABLE',
] as const;

/** The error itself comes with its place. */
const TOLD_ANYWAY = /^\S+ error activate failed /;

/** `plugin dev <dir>`: stays until it is interrupted or the host ends. */
export async function runPluginDev(ctx: CliContext, dir: string, options: DevOptions): Promise<number> {
  const output = outputFor(ctx, options);
  const inspect = inspectOf(options);
  const root = folderOf(ctx, dir);
  const owned = new DisposableStore();
  try {
    const host = owned.add(await connectHost(ctx));
    const view = output.json ? new JsonDevView(output) : new TextDevView(output, ctx.clock, ctx.cwd);
    const session = owned.add(new DevSession(ctx, { root, inspect, host, view }));
    const { promise: left, resolve: leave } = Promise.withResolvers<number>();
    owned.add(onSignals({ interrupt: () => leave(EXIT_INTERRUPTED), hangUp: () => leave(EXIT_INTERRUPTED) }));
    const gone = host.closed.then(() => {
      throw new KinoportError('HOST_UNREACHABLE', HOST_GONE);
    });
    return await Promise.race([left, gone, session.run()]);
  } finally {
    await owned.dispose();
  }
}

/** @throws KinoportError `PLUGIN_NOT_FOUND` */
function folderOf(ctx: CliContext, dir: string): string {
  const path = resolve(ctx.cwd, dir);
  try {
    return realpathSync(path);
  } catch (cause) {
    throw new KinoportError('PLUGIN_NOT_FOUND', `There is no folder ${path}.`, {
      hint: 'Give the folder that holds the package.json of the plugin.',
      cause,
    });
  }
}

interface DevSessionOptions {
  readonly root: string;
  readonly inspect: ReturnType<typeof inspectOf>;
  readonly host: HostConnection;
  readonly view: DevView;
}

/** One folder, loaded again with every change. */
class DevSession implements Disposable {
  readonly #ctx: CliContext;
  readonly #options: DevSessionOptions;
  readonly #owned = new DisposableStore();
  readonly #ended = new AbortController();
  #entry: string | undefined;
  #id: string | undefined;
  #logFile: string | undefined;
  #follower: LogFollower | undefined;
  #isLoading = false;
  #hasBegun = false;
  #wasLoaded = false;

  constructor(ctx: CliContext, options: DevSessionOptions) {
    this.#ctx = ctx;
    this.#options = options;
  }

  /** Never resolves. @throws KinoportError that no change of a file can mend */
  async run(): Promise<never> {
    const { root, host, view } = this.#options;
    this.#readManifest();
    this.#owned.add(
      host.onDidChangePlugin((plugin) => {
        if (plugin.id === this.#id && plugin.origin === 'dev' && !this.#isLoading) view.happened(plugin);
      }),
    );
    await host.call('plugins.subscribe', {});
    const { home, clock } = this.#ctx;
    const folder = this.#owned.add(
      await FolderWatch.open({
        root,
        clock,
        leaveOut: [home.config, home.data, home.cache, home.logs, home.runtime].filter(
          (path) => path !== root,
        ),
        entry: () => this.#entry,
      }),
    );
    if (this.#id !== undefined) await this.#follow(pluginLogFile(home, this.#id));
    for (;;) {
      const outdated = new AbortController();
      const next = folder.next();
      const loading = this.#load(AbortSignal.any([outdated.signal, this.#ended.signal]));
      // What has changed meanwhile makes waiting pointless, for a debugger or for an activation that hangs.
      const first = await Promise.race([loading.then(() => undefined), next]);
      if (first) outdated.abort();
      await loading;
      view.changed(await next);
      this.#readManifest();
    }
  }

  async dispose(): Promise<void> {
    this.#ended.abort();
    await this.#follower?.dispose();
    await this.#owned.dispose();
  }

  /** Where the entry module and the log are, as far as that can be read. The host has the word on it. */
  #readManifest(): void {
    try {
      const { id, entry } = readManifest(this.#options.root, { development: true });
      this.#id = id;
      this.#entry = entry;
    } catch {
      // The host tells what is the matter.
    }
  }

  async #load(signal: AbortSignal): Promise<void> {
    const { root, inspect, host, view } = this.#options;
    this.#isLoading = true;
    const began = this.#ctx.clock.now();
    try {
      const params = { root, ...(inspect ? { inspect } : {}) };
      const { id, inspectPort } = await host.call('plugins.dev', params, { signal });
      this.#id = id;
      if (!this.#hasBegun) view.watching(root, inspectPort);
      this.#hasBegun = true;
      const plugin = await host.call('plugins.dev.load', { root }, { signal });
      view.loaded(plugin, this.#ctx.clock.now() - began, !this.#wasLoaded);
      this.#wasLoaded = true;
      await this.#follow(plugin.logFile);
    } catch (thrown) {
      const error = toKinoportError(thrown);
      if (this.#ended.signal.aborted || (signal.aborted && error.code === 'ABORTED')) return;
      if (isKinoportError(error, ...HOPELESS) && !this.#hasBegun) throw error;
      if (error.code === 'HOST_UNREACHABLE') return;
      await this.#failed(error);
    } finally {
      this.#isLoading = false;
    }
  }

  async #failed(error: KinoportError): Promise<void> {
    const { host, view } = this.#options;
    const plugins = await host.call('plugins.list', {}).catch(() => []);
    const running = plugins.find(({ id, pid }) => id === this.#id && pid !== null);
    view.failed(error, faultOf(error), running?.generation);
  }

  async #follow(file: string): Promise<void> {
    if (file === this.#logFile) return;
    await this.#follower?.dispose();
    this.#logFile = file;
    const { view } = this.#options;
    this.#follower = await LogFollower.open({
      file,
      clock: this.#ctx.clock,
      lines: 0,
      onLine: (line) => {
        if (!TOLD_ANYWAY.test(line)) view.log(line);
      },
      onError: (error) => view.log(`The log cannot be read: ${toKinoportError(error).message}`),
    });
  }
}
