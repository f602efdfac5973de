import { constants } from 'node:fs';
import { access, mkdir, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import {
  abortedError,
  type Disposable,
  isKinoportError,
  type JsonObject,
  type Player,
  type PlayerAttachOptions,
  type PlayerCapabilities,
  type PlayerInstallation,
  type PlayerMedia,
  type PlayerOpenOptions,
  type PluginContext,
  type RecoveredProgress,
} from '@kinoport/core';
import { type ConfigSurroundings, configFolders } from './configFolder.ts';
import { connectToStarting } from './connect.ts';
import { endpointToJson, type MpvEndpoint, makeEndpoint, parseEndpoint } from './endpoint.ts';
import { Installations, notFound, tooOld } from './installations.ts';
import { goneError, IpcClient } from './ipc.ts';
import { readJournal, removeOldJournals, toRecovered } from './journal.ts';
import { isHeadless, launchArguments } from './launchArguments.ts';
import { keepsOpen, parseArguments, readMpvConf } from './mpvConf.ts';
import { MpvSession } from './session.ts';
import { readSettings } from './settings.ts';
import { isNewEnough, parseVersion } from './version.ts';
import { rememberedPosition } from './watchLater.ts';

/** The player `mpv`. */
export class MpvPlayer implements Player, Disposable {
  readonly capabilities: PlayerCapabilities = {
    positionPrecision: 0.045,
    exactSeek: true,
    exactStart: true,
    rate: { min: 0.01, max: 100, fine: true },
    volume: true,
    tracks: true,
    externalSubtitles: true,
    messages: true,
    attach: true,
    survivesHost: true,
    load: true,
    scheduled: { precision: 1 },
    multiple: true,
  };

  readonly #ctx: PluginContext;
  readonly #installations: Installations;
  readonly #journals: string;
  readonly #tracker: string;
  readonly #sessions = new Set<MpvSession>();
  readonly #tidied: Promise<void>;
  #saidHeadless = false;

  constructor(ctx: PluginContext) {
    this.#ctx = ctx;
    this.#journals = join(ctx.folders.data, 'journals');
    this.#tracker = join(ctx.plugin.root, 'lua', 'tracker.lua');
    this.#installations = new Installations({
      processes: ctx.processes,
      storage: ctx.storage,
      platform: process.platform,
      home: homedir(),
      environment: process.env,
      shared: [ctx.folders.runtime, ctx.folders.data, `${ctx.plugin.root}:ro`],
    });
    this.#tidied = removeOldJournals(this.#journals, ctx.clock).catch((error: unknown) => {
      ctx.log.warn('Old journals could not be removed.', { error: String(error) });
    });
  }

  probe(options: { readonly signal?: AbortSignal }): Promise<readonly PlayerInstallation[]> {
    return this.#installations.list(readSettings(this.#ctx.config.value).path, options.signal);
  }

  async open(media: PlayerMedia, options: PlayerOpenOptions): Promise<MpvSession> {
    const { processes, folders } = this.#ctx;
    const settings = readSettings(this.#ctx.config.value);
    const [installation] = await Promise.all([
      this.#installations.find(settings.path),
      mkdir(this.#journals, { recursive: true, mode: 0o700 }),
      // Somebody may have cleaned up since the host was started; mpv makes no socket in a folder that is not there.
      mkdir(folders.runtime, { recursive: true, mode: 0o700 }),
      this.#checkTracker(),
    ]);
    if (installation === undefined) throw notFound(settings.path, process.platform);
    const args = [...settings.args, ...(options.extraArgs ?? [])];
    const conf = await readMpvConf(configFolders(surroundings(installation)));
    const endpoint = makeEndpoint({
      session: options.sessionId,
      runtime: folders.runtime,
      journals: this.#journals,
      ownPid: installation.kind !== 'flatpak',
      keepOpen: keepsOpen(new Map([...conf, ...parseArguments(args)])),
    });
    if (options.signal?.aborted) throw abortedError();
    const spawned = await processes.spawn(
      installation.path,
      [
        ...installation.argv,
        ...launchArguments({
          endpoint,
          tracker: this.#tracker,
          itemToken: options.itemToken,
          start: options.start,
          fullscreen: options.fullscreen === true,
          headless: !conf.has('vo') && this.#headless(options.environment),
          ...(settings.profile === undefined ? {} : { profile: settings.profile }),
          args,
        }),
      ],
      {
        lifetime: 'session',
        sessionId: options.sessionId,
        endpoint: endpointToJson(endpoint),
        ...(options.environment === undefined ? {} : { environment: options.environment }),
      },
    );
    try {
      const ipc = await this.#connect(installation, endpoint, spawned.exited, options.signal);
      const session = this.#session(ipc, endpoint, 0, () => spawned.kill('SIGTERM'));
      const loaded = session.load(media, options);
      const version = await this.#checkVersion(ipc, installation);
      await loaded;
      this.#ctx.log.info('mpv plays.', { pid: spawned.pid, version, path: installation.path });
      return session;
    } catch (error) {
      await spawned.kill('SIGTERM');
      await removeSocket(endpoint);
      throw options.signal?.aborted ? abortedError() : error;
    }
  }

  async attach(endpointJson: JsonObject, options: PlayerAttachOptions): Promise<MpvSession> {
    const endpoint = parseEndpoint(endpointJson);
    let ipc: IpcClient;
    try {
      ipc = await IpcClient.connect(endpoint.socket);
    } catch (error) {
      // mpv that was killed leaves its socket file behind.
      if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') await removeSocket(endpoint);
      throw goneError();
    }
    const abort = (): void => ipc.dispose();
    options.signal?.addEventListener('abort', abort, { once: true });
    try {
      const pid = endpoint.ownPid ? await ipc.command(['get_property', 'pid']) : undefined;
      const terminate = typeof pid === 'number' ? async () => void process.kill(pid, 'SIGTERM') : undefined;
      const session = this.#session(ipc, endpoint, options.epoch, terminate);
      await session.takeOver();
      return session;
    } catch (error) {
      ipc.dispose();
      throw options.signal?.aborted ? abortedError() : error;
    } finally {
      options.signal?.removeEventListener('abort', abort);
    }
  }

  async recover(endpointJson: JsonObject): Promise<RecoveredProgress | undefined> {
    const endpoint = parseEndpoint(endpointJson);
    const journal = await readJournal(endpoint.journal);
    if (journal === undefined || journal.session !== endpoint.session) return undefined;
    return toRecovered(journal);
  }

  async remembered(media: PlayerMedia): Promise<{ readonly position: number } | undefined> {
    if (!('path' in media)) return undefined;
    const installation = await this.#installations.find(readSettings(this.#ctx.config.value).path);
    const where = surroundings(installation);
    const conf = await readMpvConf(configFolders(where));
    const position = await rememberedPosition(media.path, conf, where);
    return position === undefined ? undefined : { position };
  }

  /** Lets go of every player; they go on. */
  async dispose(): Promise<void> {
    for (const session of [...this.#sessions]) await session.detach();
    await this.#tidied;
  }

  #session(
    ipc: IpcClient,
    endpoint: MpvEndpoint,
    epoch: number,
    terminate: (() => Promise<void>) | undefined,
  ): MpvSession {
    const session = new MpvSession({
      ipc,
      clock: this.#ctx.clock,
      log: this.#ctx.log,
      endpoint,
      epoch,
      ...(terminate === undefined ? {} : { terminate }),
      onOver: async (how) => {
        this.#sessions.delete(session);
        if (how === 'gone') await removeSocket(endpoint);
      },
    });
    this.#sessions.add(session);
    return session;
  }

  async #connect(
    installation: PlayerInstallation,
    endpoint: MpvEndpoint,
    exited: Parameters<typeof connectToStarting>[0]['exited'],
    signal: AbortSignal | undefined,
  ): Promise<IpcClient> {
    try {
      return await connectToStarting({
        clock: this.#ctx.clock,
        socket: endpoint.socket,
        exited,
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (error) {
      // An old mpv may refuse an option that it does not know yet; only now is it worth asking for its version.
      if (isKinoportError(error, 'PLAYER_START_FAILED')) {
        const { version, problem } = await this.#installations.describe(installation);
        if (problem?.code === 'PLAYER_TOO_OLD' && version !== undefined) throw tooOld(version);
      }
      throw error;
    }
  }

  async #checkVersion(ipc: IpcClient, installation: PlayerInstallation): Promise<string> {
    const told = await ipc.command(['get_property', 'mpv-version']);
    const version = parseVersion(String(told)) ?? 'git';
    if (!isNewEnough(version)) throw tooOld(version);
    await this.#installations.remember(installation, version);
    return version;
  }

  /** mpv goes on without a script that it cannot load, and nobody would notice. */
  async #checkTracker(): Promise<void> {
    try {
      await access(this.#tracker, constants.R_OK);
    } catch {
      this.#ctx.log.warn('The tracker for mpv is missing; positions are not kept when everything crashes.', {
        path: this.#tracker,
      });
    }
  }

  #headless(environment: Readonly<Record<string, string>> | undefined): boolean {
    const headless = isHeadless(process.platform, { ...process.env, ...environment });
    if (headless && !this.#saidHeadless) {
      this.#saidHeadless = true;
      this.#ctx.log.info('There is no display: mpv plays without a picture.');
    }
    return headless;
  }
}

function surroundings(installation: PlayerInstallation | undefined): ConfigSurroundings {
  return {
    platform: process.platform,
    home: homedir(),
    environment: process.env,
    flatpak: installation?.kind === 'flatpak',
  };
}

async function removeSocket(endpoint: MpvEndpoint): Promise<void> {
  if (process.platform === 'win32') return;
  // One that an earlier version has put elsewhere is not ours to remove.
  await rm(endpoint.socket, { force: true }).catch(() => undefined);
}
