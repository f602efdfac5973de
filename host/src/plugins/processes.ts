import { join } from 'node:path';
import { type Clock, type Disposable, KinoportError, sleep } from '@kinoport/core';
import type { Home } from '../home/home.ts';
import type { BrokeredProcess, ProcessBroker } from '../processes/broker.ts';
import type { ProcessGuard } from '../processes/guard.ts';
import type { Peer } from '../rpc/peer.ts';
import type { SpawnCommandParams, SpawnParams, SpawnResult } from '../rpc/protocol.ts';
import type { SessionJournal } from '../storage/journal.ts';
import { planBackground } from './backgroundCommand.ts';
import type { PluginCalls } from './calls.ts';
import { ProgramPermissions } from './permissions/programs.ts';
import type { Plugin } from './plugin.ts';
import { checks } from './schemas.ts';

const END_PATIENCE = 1_000;
const END_POLL = 50;
/** Commands in the background that a plugin may have at a time. */
const MOST_COMMANDS = 8;

interface Spawned {
  readonly plugin: Plugin;
  readonly process: BrokeredProcess;
}

/**
 * The programs that plugins have started. One with `lifetime: 'session'` stands in the session journal before it
 * starts and outlives its plugin; any other ends with the generation that asked for it.
 */
export class PluginProcesses implements Disposable {
  readonly #broker: ProcessBroker;
  readonly #programs: ProgramPermissions;
  readonly #calls: PluginCalls;
  readonly #journal: SessionJournal;
  readonly #home: Home;
  readonly #clock: Clock;
  readonly #guard: ProcessGuard | undefined;
  readonly #spawned = new Map<number, Spawned>();
  /** Commands in the background, by id of the plugin. */
  readonly #commands = new Map<string, number>();
  #handle = 0;

  constructor(
    broker: ProcessBroker,
    journal: SessionJournal,
    home: Home,
    calls: PluginCalls,
    clock: Clock,
    guard?: ProcessGuard,
  ) {
    this.#guard = guard;
    this.#clock = clock;
    this.#broker = broker;
    this.#calls = calls;
    this.#programs = new ProgramPermissions(broker);
    this.#journal = journal;
    this.#home = home;
    calls.onCall(
      'processes/run',
      async ({ command, args, options }, _plugin, signal, peer) => {
        await this.#programs.check(this.#calls.asker(peer), { command, args });
        return broker.run(command, args, { ...options, signal });
      },
      checks.run,
    );
    calls.onCall(
      'processes/which',
      async ({ command }, _plugin, _signal, peer) => {
        await this.#programs.check(this.#calls.asker(peer), { command });
        return broker.which(command);
      },
      checks.which,
    );
    calls.onCall(
      'processes/spawn',
      (params, plugin, _signal, peer) => this.#spawn(params, plugin, peer),
      checks.spawn,
    );
    calls.onCall(
      'processes/spawnCommand',
      (params, plugin, _signal, peer) => this.#spawnCommand(params, plugin, peer),
      checks.spawnCommand,
    );
    calls.onCall<{ readonly handle: number }>('processes/wait', async ({ handle }, plugin) => {
      return this.#find(handle, plugin).process.exited;
    });
    calls.onCall<{ readonly handle: number; readonly signal: 'SIGTERM' | 'SIGKILL' }>(
      'processes/kill',
      async ({ handle, signal }, plugin) => {
        await this.#find(handle, plugin).process.kill(signal === 'SIGKILL' ? 'SIGKILL' : 'SIGTERM');
      },
    );
  }

  async #spawn(params: SpawnParams, plugin: Plugin, peer: Peer): Promise<SpawnResult> {
    const { command, args, options } = params;
    await this.#programs.check(this.#calls.asker(peer), {
      command,
      args,
      ...(options.environment === undefined ? {} : { environment: options.environment }),
    });
    const ofSession = options.lifetime === 'session';
    const { sessionId, endpoint, environment } = options;
    if (ofSession) {
      if (sessionId === undefined)
        throw new KinoportError('INVALID_ARGUMENT', 'A process of a session needs its sessionId.');
      this.#checkSession(sessionId, plugin);
      if (endpoint) this.#journal.patch(sessionId, { endpoint });
    }
    const spawned = await this.#broker.spawn(command, args, {
      logFile: join(this.#home.logs, `player-${plugin.id}.log`),
      ...(environment === undefined ? {} : { environment }),
    });
    const kept = this.#keep({ plugin, process: spawned }, peer);
    if (ofSession && sessionId !== undefined) {
      this.#journal.patch(sessionId, {
        pid: spawned.pid,
        ...(spawned.pidStart === undefined ? {} : { pidStart: spawned.pidStart }),
      });
    } else if (peer.isClosed) {
      await spawned.kill('SIGKILL');
    } else {
      const closing = peer.onDidClose(() => void spawned.kill('SIGKILL'));
      const guarded = this.#guard?.watch(spawned.pid, { group: true });
      void spawned.exited.finally(() => {
        void closing.dispose();
        void guarded?.dispose();
      });
    }
    return kept;
  }

  async #spawnCommand(
    { command, input }: SpawnCommandParams,
    plugin: Plugin,
    peer: Peer,
  ): Promise<SpawnResult> {
    const { id } = plugin;
    const running = this.#commands.get(id) ?? 0;
    if (running >= MOST_COMMANDS)
      throw new KinoportError(
        'PROCESS_SPAWN_FAILED',
        `The plugin "${id}" has ${running} commands in the background.`,
        { hint: 'Those have to end first.' },
      );
    this.#commands.set(id, running + 1);
    const ended = (): void => {
      this.#commands.set(id, (this.#commands.get(id) ?? 1) - 1);
    };
    try {
      const asker = this.#calls.asker(peer);
      const definition = { ...plugin.definition, access: asker.access, config: await asker.config() };
      const { path, args, environment } = planBackground({ definition, home: this.#home, command, input });
      const process = await this.#broker.spawn(path, args, {
        logFile: join(this.#home.logs, `command-${id}.log`),
        environment,
        bare: true,
      });
      void process.exited.then(ended);
      return this.#keep({ plugin, process }, peer);
    } catch (error) {
      ended();
      throw error;
    }
  }

  #keep(spawned: Spawned, peer: Peer): SpawnResult {
    const handle = ++this.#handle;
    this.#spawned.set(handle, spawned);
    // One that has ended stays until then: who started it asks how it ended, and may ask late.
    peer.onDidClose(() => this.#spawned.delete(handle));
    return { handle, pid: spawned.process.pid };
  }

  /**
   * Ends the process of a session that is still there though its driver is done with it: SIGTERM, then SIGKILL.
   * A pid that another process has by now is left alone.
   */
  async endSession(sessionId: string): Promise<void> {
    const entry = this.#journal.listOpen().find(({ id }) => id === sessionId);
    if (entry?.pid === undefined) return;
    const { pid, pidStart } = entry;
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      if (!(await this.#broker.isSameProcess(pid, pidStart))) return;
      process.kill(pid, signal);
      for (let waited = 0; waited < END_PATIENCE; waited += END_POLL) {
        await sleep(this.#clock, END_POLL);
        if (!(await this.#broker.isSameProcess(pid, pidStart))) return;
      }
    }
  }

  /** A plugin has its say about the sessions of its own players only. */
  #checkSession(sessionId: string, plugin: Plugin): void {
    const player = this.#journal.playerOf(sessionId);
    const { players = [] } = plugin.definition.manifest.package.kinoport.contributes ?? {};
    if (player !== undefined && players.some(({ id }) => id === player)) return;
    throw new KinoportError(
      'PERMISSION_DENIED',
      `The plugin "${plugin.id}" runs no player in a session "${sessionId}".`,
      { hint: 'Give the sessionId that open or attach of the player was called with.' },
    );
  }

  #find(handle: number, plugin: Plugin): Spawned {
    const entry = this.#spawned.get(handle);
    if (entry?.plugin !== plugin) throw new KinoportError('INVALID_ARGUMENT', 'There is no such process.');
    return entry;
  }

  async dispose(): Promise<void> {
    await this.#broker.dispose();
  }
}
