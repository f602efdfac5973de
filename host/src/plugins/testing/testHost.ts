import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { DisposableStore, type JsonObject, KinoportError, PRODUCT, sleep, systemClock } from '@kinoport/core';
import { compose, type HostParts } from '../../composition.ts';
import { secretNames } from '../../config/secretProperties.ts';
import type { Home } from '../../home/home.ts';
import { prepareHome } from '../../home/prepareHome.ts';
import { resolveHome } from '../../home/resolveHome.ts';
import { createLogger } from '../../log/logger.ts';
import { Redactor } from '../../log/redactor.ts';
import { ProcessBroker } from '../../processes/broker.ts';
import { SecretStore } from '../../secrets/secretStore.ts';
import { SessionJournal } from '../../storage/journal.ts';
import { StreamFront } from '../../streams/front.ts';
import { builtinFolders } from '../discovery.ts';
import { PluginManager } from '../manager.ts';
import { type LoadedManifest, readManifest } from '../manifest.ts';
import type { Plugin } from '../plugin.ts';

const POLL = 20;

/** A host in a home of its own that has one plugin: composed as any other, so that the plugin runs as in use. */
export class TestHost {
  readonly home: Home;
  readonly plugin: Plugin;
  readonly plugins: PluginManager;
  readonly front: StreamFront;
  /** What the host has to say of the plugin. */
  readonly log: string[];
  readonly #parts: HostParts;
  readonly #folder: string;

  private constructor(folder: string, home: Home, parts: HostParts, plugin: Plugin, log: string[]) {
    this.home = home;
    this.plugin = plugin;
    this.log = log;
    this.#parts = parts;
    this.#folder = folder;
    this.plugins = parts.container.resolve(PluginManager);
    this.front = parts.container.resolve(StreamFront);
  }

  /** @throws KinoportError of manifest and config */
  static async start(manifest: LoadedManifest, config: JsonObject): Promise<TestHost> {
    const folder = mkdtempSync(join(tmpdir(), 'kp-test-'));
    const owned = new DisposableStore();
    try {
      // A home in one folder: nothing of it comes into the keyring of whoever runs the test.
      const environment = { ...process.env, [`${PRODUCT.envPrefix}HOME`]: folder };
      const home = resolveHome(environment, process.platform, folder);
      prepareHome(home);
      const { settings, secrets } = apart(manifest, config);
      const { id, entries } = configured(manifest, settings);
      writeFileSync(home.configFile, JSON.stringify({ plugins: entries }));
      const log: string[] = [];
      const redactor = new Redactor();
      const parts = compose({
        home,
        log: createLogger((line) => log.push(redactor.redact(line))),
        redactor,
        environment,
        stop: () => undefined,
        restored: Promise.resolve(),
      });
      owned.add(parts.owned);
      const store: SecretStore = parts.container.resolve(SecretStore);
      for (const [name, value] of secrets) await store.set(id, name, value);
      await parts.container.resolve(StreamFront).start();
      const { set } = parts.container.resolve(PluginManager);
      const plugin = set.plugins.find((each) => each.plugin.id === id)?.plugin;
      const view = set.list().find((each) => each.id === id);
      if (!plugin)
        throw new KinoportError(
          view?.error?.code ?? 'PLUGIN_NOT_FOUND',
          view?.error?.message ?? `The plugin "${id}" cannot be used.`,
          { ...(view?.error?.hint ? { hint: view.error.hint } : {}) },
        );
      return new TestHost(folder, home, parts, plugin, log);
    } catch (error) {
      await owned.dispose();
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Enters a session as a host does before it opens a player, so that its program is known. */
  enterSession(sessionId: string, player: string): void {
    const item = {
      key: 'conformance:film',
      uri: 'conformance',
      title: 'Conformance',
      kind: 'video',
    } as const;
    this.#parts.container.resolve(SessionJournal).put({
      id: sessionId,
      startedAt: systemClock.wall(),
      player,
      source: 'conformance',
      epoch: 0,
      item,
      itemToken: 'conformance',
      index: 0,
      queue: [],
      options: {},
    });
  }

  /** Whether the program of a session is there. */
  async isAlive(sessionId: string): Promise<boolean> {
    const { pid, pidStart } = this.#program(sessionId);
    if (pid === undefined) return false;
    return this.#parts.container.resolve(ProcessBroker).isSameProcess(pid, pidStart);
  }

  /** Ends the program of a session without asking it. */
  async kill(sessionId: string): Promise<void> {
    const { pid } = this.#program(sessionId);
    if (pid === undefined || !(await this.isAlive(sessionId))) return;
    process.kill(pid, 'SIGKILL');
    while (await this.isAlive(sessionId)) await sleep(systemClock, POLL);
  }

  /** Sessions whose program is there. */
  async running(): Promise<readonly { readonly id: string; readonly pid: number }[]> {
    const found: { id: string; pid: number }[] = [];
    for (const { id, pid } of this.#parts.container.resolve(SessionJournal).listOpen())
      if (pid !== undefined && (await this.isAlive(id))) found.push({ id, pid });
    return found;
  }

  /** Ends plugin and host. The home stays until `dispose`. */
  async stop(): Promise<void> {
    await this.#parts.owned.dispose();
  }

  async dispose(): Promise<void> {
    await this.stop();
    rmSync(this.home.runtime, { recursive: true, force: true });
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #program(sessionId: string): { readonly pid?: number; readonly pidStart?: string } {
    return (
      this.#parts.container
        .resolve(SessionJournal)
        .listOpen()
        .find(({ id }) => id === sessionId) ?? {}
    );
  }
}

/** Settings that are secret go where the user's go, which is not the config file. */
function apart(manifest: LoadedManifest, config: JsonObject) {
  const secret = new Set(secretNames(manifest.package.kinoport.contributes?.configuration));
  const all = Object.entries(config);
  return {
    settings: Object.fromEntries(
      all.filter(([name, value]) => !secret.has(name) || typeof value !== 'string'),
    ),
    secrets: all.flatMap(([name, value]): readonly (readonly [string, string])[] =>
      secret.has(name) && typeof value === 'string' ? [[name, value]] : [],
    ),
  };
}

/** The plugin alone: those that come with the program are switched off, unless it is one of them. */
function configured(manifest: LoadedManifest, config: JsonObject) {
  const builtin = builtinFolders().map((root) => readManifest(root));
  const own = builtin.find(({ entry }) => manifest.entry === entry || entry.startsWith(manifest.root + sep));
  const others = builtin.filter((each) => each !== own).map(({ id }) => [id, false] as const);
  const clashes = !own && builtin.some(({ id }) => id === manifest.id);
  const id = clashes ? `${manifest.id}-tested` : manifest.id;
  const entry = { enabled: true, config, ...(clashes ? { alias: id } : {}) };
  return { id, entries: { ...Object.fromEntries(others), [own ? own.id : manifest.root]: entry } };
}
