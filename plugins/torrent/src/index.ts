import { join } from 'node:path';
import { definePlugin, type PluginContext } from '@kinoport/core';
import { registerCommands } from './commands.ts';
import { diagnose } from './diagnostics.ts';
import { Torrents } from './live/torrents.ts';
import { type Settings, settingsOf } from './settings.ts';
import { TorrentSource } from './source.ts';
import type { PieceCache } from './store/ports.ts';
import type { Engine } from './swarm/ports.ts';

export default definePlugin({
  activate(ctx) {
    let settings = settingsOf(ctx.config.value);
    const parts = ctx.subscriptions.add(new Parts(ctx, () => settings));
    const torrents = ctx.subscriptions.add(
      new Torrents({
        engine: () => parts.engine(),
        cache: () => parts.cache(),
        clock: ctx.clock,
        log: ctx.log,
        readAhead: () => settings.readAhead,
        metadataTimeout: () => settings.metadataTimeout,
      }),
    );
    // Whoever looks at what is kept finds what was to be kept before.
    const kept = async (): Promise<PieceCache> => {
      await torrents.kept();
      return parts.cache();
    };
    const source = ctx.subscriptions.add(new TorrentSource(ctx, torrents, kept, () => settings));
    ctx.sources.register('torrent', source);
    // Whoever starts this plugin is about to play a torrent.
    warmUp().catch((error: unknown) =>
      ctx.log.warn('webtorrent cannot be loaded.', { error: String(error) }),
    );
    registerCommands(ctx, { source, torrents, cache: kept, settings: () => settings });
    ctx.diagnostics.register(() =>
      diagnose({
        clock: ctx.clock,
        settings: () => settings,
        port: () => parts.port(),
        cache: kept,
        folder: parts.folder,
      }),
    );
    ctx.subscriptions.add(
      ctx.config.onDidChange((config) => {
        settings = settingsOf(config);
        parts.follow(settings);
      }),
    );
  },
});

function loadEngine() {
  return Promise.all([import('./swarm/engine.ts'), import('./schedule/scheduler.ts')]);
}

async function warmUp(): Promise<void> {
  const [{ loadWebtorrent }] = await Promise.all([
    import('./swarm/webtorrent.ts'),
    import('./store/pieceCache.ts'),
    loadEngine(),
  ]);
  await loadWebtorrent();
}

/** What takes its time to load is loaded when the first torrent needs it. */
class Parts {
  readonly #ctx: PluginContext;
  readonly #settings: () => Settings;
  #engine: Promise<Engine> | undefined;
  #cache: Promise<PieceCache> | undefined;
  #isOver = false;

  constructor(ctx: PluginContext, settings: () => Settings) {
    this.#ctx = ctx;
    this.#settings = settings;
  }

  /** Where the pieces lie. */
  get folder(): string {
    return join(this.#ctx.folders.cache, 'pieces');
  }

  /** The port that peers connect to, while an engine runs; starts none. */
  async port(): Promise<number | undefined> {
    return (await this.#engine?.catch(() => undefined))?.port;
  }

  engine(): Promise<Engine> {
    this.#engine ??= this.#makeEngine();
    this.#engine.catch(() => {
      this.#engine = undefined;
    });
    return this.#engine;
  }

  cache(): Promise<PieceCache> {
    this.#cache ??= this.#openCache();
    this.#cache.catch(() => {
      this.#cache = undefined;
    });
    return this.#cache;
  }

  follow({ engine, cache }: Settings): void {
    this.#engine?.then((running) => running.limit(engine)).catch(() => undefined);
    this.#cache
      ?.then((open) => {
        open.limits = cache;
        return open.evict();
      })
      .catch((error: unknown) => this.#ctx.log.warn('The cache was not tidied.', { error: String(error) }));
  }

  async dispose(): Promise<void> {
    this.#isOver = true;
    await (await this.#engine?.catch(() => undefined))?.dispose();
    await (await this.#cache?.catch(() => undefined))?.dispose();
  }

  async #makeEngine(): Promise<Engine> {
    const [{ createEngine }, { createScheduler }] = await loadEngine();
    const { clock, log } = this.#ctx;
    const engine = await createEngine({
      clock,
      log,
      settings: this.#settings().engine,
      makeScheduler: createScheduler,
    });
    if (this.#isOver) await engine.dispose();
    return engine;
  }

  async #openCache(): Promise<PieceCache> {
    const { openPieceCache } = await import('./store/pieceCache.ts');
    const { clock, log } = this.#ctx;
    return openPieceCache({
      folder: this.folder,
      limits: this.#settings().cache,
      clock,
      log,
    });
  }
}
