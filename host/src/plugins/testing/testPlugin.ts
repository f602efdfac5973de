import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DisposableStore, KinoportError, serializeError, systemClock } from '@kinoport/core';
import {
  type Clause,
  type PlayerSubject,
  type PluginConformance,
  playerClauses,
  runSuite,
  type SourceSubject,
  sourceClauses,
  syncClauses,
} from '@kinoport/core/conformance';
import { readManifest } from '../manifest.ts';
import type { PluginProcess } from '../process.ts';
import { checks } from '../schemas.ts';
import { type CutServer, serveCut } from './cutServer.ts';
import { deactivated } from './leftovers.ts';
import type { PluginTestListener, PluginTestReport, PluginTimes, SuiteReport } from './report.ts';
import { readSetting } from './setting.ts';
import { TestHost } from './testHost.ts';
import { wirePlayer } from './wirePlayer.ts';
import { frontAccess, wireSource } from './wireSource.ts';

export interface PluginTestOptions {
  /** The plugin's folder, absolute. */
  readonly root: string;
  /** A film of 30 s. */
  readonly film: string;
  /** Milliseconds for each clause. */
  readonly timeout?: number;
  /** Runs only clauses whose id contains this. */
  readonly only?: string;
  readonly listener: PluginTestListener;
  readonly signal: AbortSignal;
}

const FILM_DURATION = 30;
const NO_TIMES: PluginTimes = { start: null, load: null, activate: null, firstCall: null };

/**
 * Runs a plugin as a host does, in a home of its own: manifest, activation, the suites of the contracts that it
 * contributes, deactivation, and a look at what it left behind. What is wrong with the plugin stands in the report.
 * @throws KinoportError `PLUGIN_NOT_FOUND`, `PLUGIN_MANIFEST_INVALID`, `PLUGIN_ENGINE_MISMATCH`, `INVALID_ARGUMENT`
 */
export async function testPlugin(options: PluginTestOptions): Promise<PluginTestReport> {
  const manifest = readManifest(options.root);
  const { name, version } = manifest.package;
  const plugin = { id: manifest.id, name, version };
  options.listener.manifest(plugin);
  const owned = new DisposableStore();
  try {
    const folder = mkdtempSync(join(tmpdir(), 'kp-media-'));
    owned.defer(() => rmSync(folder, { recursive: true, force: true }));
    const given = join(folder, 'given');
    mkdirSync(given);
    const setting = await readSetting(options.root, {
      folder: given,
      film: options.film,
      own: (disposable) => void owned.add(disposable),
    });
    const host = owned.add(await TestHost.start(manifest, setting.config ?? {}));
    const run = new Run(options, host, setting, folder);
    owned.add(run);
    const error = await run.all();
    const leftBehind = await deactivated(host);
    const hasFailed = run.suites.some(({ results }) => results.some(({ status }) => status === 'failed'));
    return {
      ok: error === null && !hasFailed && leftBehind.length === 0,
      plugin,
      times: run.times,
      error,
      suites: run.suites,
      leftBehind,
    };
  } finally {
    await owned.dispose();
  }
}

/** What the conformance file leaves out, or has wrong. */
const SETTINGS: ReadonlySet<string> = new Set(['SECRET_MISSING', 'CONFIG_INVALID']);
/** Rooms are not called from another process, so there is nothing to call them by. */
const IN_OWN_TESTS = 'its clauses run in your own tests: syncClauses, see docs/plugins/testing.md';

/** One test from activation to the last clause. */
class Run {
  readonly suites: SuiteReport[] = [];
  times = NO_TIMES;
  readonly #options: PluginTestOptions;
  readonly #host: TestHost;
  readonly #setting: PluginConformance;
  readonly #folder: string;
  #cut: CutServer | undefined;

  constructor(options: PluginTestOptions, host: TestHost, setting: PluginConformance, folder: string) {
    this.#options = options;
    this.#host = host;
    this.#setting = setting;
    this.#folder = folder;
  }

  /** Resolves with why it came to an end before the last clause. */
  async all(): Promise<PluginTestReport['error']> {
    try {
      const generation = await this.#activate();
      this.#options.listener.activated(this.times);
      for (const { id, capabilities, verbs } of generation.registered.players) {
        const player = wirePlayer(this.#host.plugins.player(id), capabilities, verbs);
        await this.#suite('player', id, playerClauses, await this.#playerSubject(id, player));
      }
      for (const { id, verbs } of generation.registered.sources) {
        const source = wireSource(this.#host.plugin, id, verbs);
        await this.#suite('source', id, sourceClauses, this.#sourceSubject(id, source));
      }
      for (const id of generation.registered.syncs) await this.#suite('sync', id, syncClauses, IN_OWN_TESTS);
      return null;
    } catch (error) {
      const { stack: _, ...failure } = serializeError(error);
      // What helps a user's plugin does not reach the home of a test.
      return SETTINGS.has(failure.code)
        ? {
            ...failure,
            hint: 'Give it under "config" in kinoport.conformance.js (or .ts) beside package.json.',
          }
        : failure;
    }
  }

  async dispose(): Promise<void> {
    await this.#cut?.dispose();
  }

  async #activate(): Promise<PluginProcess> {
    const began = systemClock.now();
    const generation = await this.#host.plugin.current(this.#options.signal);
    const report = await generation.peer.call<unknown>('report', {});
    if (!checks.report.is(report))
      throw new KinoportError('PLUGIN_PROTOCOL', 'The process gave no report of its start.');
    const { startedAt, loadedAt, activatedAt } = report;
    const between = (from: number | null, to: number | null): number | null =>
      from === null || to === null ? null : to - from;
    this.times = {
      start: startedAt - began,
      load: between(startedAt, loadedAt),
      activate: between(loadedAt, activatedAt),
      firstCall: await this.#firstCall(generation),
    };
    return generation;
  }

  async #firstCall({ registered }: PluginProcess): Promise<number | null> {
    const [player] = registered.players;
    const [source] = registered.sources;
    const uri = source && this.#setting.sources?.[source.id]?.samples[0].uri;
    const { plugin, plugins } = this.#host;
    const began = systemClock.now();
    if (player) await plugins.player(player.id).probe(this.#options.signal);
    else if (source && uri !== undefined) {
      const params = { source: source.id, verb: 'resolve', args: [uri] };
      await plugin.call('source/call', params, { signal: this.#options.signal });
    } else return null;
    return systemClock.now() - began;
  }

  async #suite<S>(
    contract: SuiteReport['contract'],
    id: string,
    clauses: readonly Clause<S>[],
    subject: S | string,
  ): Promise<void> {
    const { listener, only, signal, timeout } = this.#options;
    const skipped = typeof subject === 'string' ? subject : null;
    listener.suite({ contract, id, skipped });
    const results: SuiteReport['results'][number][] = [];
    this.suites.push({ contract, id, skipped, results });
    if (typeof subject === 'string') return;
    for (const clause of clauses.filter((each) => only === undefined || each.id.includes(only))) {
      if (signal.aborted) throw new KinoportError('ABORTED', 'The test was called off.');
      const settings = { ...(timeout === undefined ? {} : { timeout }) };
      const [result] = await runSuite([clause], subject, settings);
      if (!result) continue;
      results.push(result);
      listener.result(result);
    }
  }

  async #playerSubject(id: string, player: PlayerSubject['player']): Promise<PlayerSubject> {
    const { film } = this.#options;
    const host = this.#host;
    const garbage = join(this.#folder, 'garbage.mkv');
    writeFileSync(garbage, 'This is no film.\n'.repeat(200));
    const subtitle = join(this.#folder, 'film.srt');
    writeFileSync(subtitle, '1\n00:00:01,000 --> 00:00:04,000\nA line.\n');
    this.#cut ??= await serveCut(film, 0.4);
    const setting = this.#setting.players?.[id];
    // What the plugin plays in its own process has no program that could be seen or killed from outside.
    const outside = {
      isAlive: ({ sessionId }: { readonly sessionId: string }) => host.isAlive(sessionId),
      kill: ({ sessionId }: { readonly sessionId: string }) => host.kill(sessionId),
    };
    return {
      player,
      media: {
        film: { path: film, title: 'Conformance', duration: FILM_DURATION },
        missing: { path: join(this.#folder, 'missing.mkv'), title: 'Missing' },
        garbage: { path: garbage, title: 'Garbage' },
        cut: { url: this.#cut.url, title: 'Cut', duration: FILM_DURATION },
        subtitle: { path: subtitle, language: 'en' },
        ...setting?.media,
      },
      ...(setting?.options ? { options: setting.options } : {}),
      ...(setting?.pressPause ? { pressPause: setting.pressPause } : {}),
      prepare: (sessionId) => host.enterSession(sessionId, id),
      ...(player.capabilities.survivesHost ? outside : {}),
      again: async () => {
        await host.plugins.set.reload(host.plugin.id);
        return player;
      },
    };
  }

  #sourceSubject(id: string, source: SourceSubject['source']): SourceSubject | string {
    const setting = this.#setting.sources?.[id];
    if (!setting)
      return 'it is not known what it has: say so in kinoport.conformance.js, see docs/plugins/testing.md';
    const host = this.#host;
    return {
      ...setting,
      source,
      streams: frontAccess(host.front),
      again: async () => {
        await host.plugins.set.reload(host.plugin.id);
        return source;
      },
    };
  }
}
