import { type Clock, systemClock } from '../clock.ts';
import type { CommandHandler } from '../commands.ts';
import type { DiagnosticsReporter } from '../diagnostics.ts';
import { KinoportError } from '../errors.ts';
import { Emitter } from '../event.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { type Disposable, DisposableStore, toDisposable } from '../lifecycle.ts';
import type { Player } from '../player.ts';
import type {
  AttentionRequest,
  Log,
  Plugin,
  PluginContext,
  Processes,
  Registry,
  Services,
} from '../plugin.ts';
import type { Source } from '../source.ts';
import type { PublishOptions } from '../streams.ts';
import type { Sync } from '../sync.ts';
import { runTestCommand, type TestCommandInput, type TestCommandResult } from './commandRun.ts';
import { TestPlayback } from './playback.ts';

export interface TestContextOptions {
  /** Data, cache and runtime folder in one; the test makes and removes it. Without it they do not exist. */
  readonly folder?: string;
  /** Settings. The defaults of the manifest are not filled in. */
  readonly config?: JsonObject;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /**
   * Members of the context that the test brings itself. There are no programs without `processes`, of which a test brings
   * what the plugin uses.
   */
  readonly members?: Partial<Pick<PluginContext, 'playback' | 'streams' | 'services'>> & {
    readonly processes?: Partial<Processes>;
  };
}

/** A line that a plugin wrote with `ctx.log`. */
export interface TestLogLine {
  readonly level: keyof Log;
  readonly message: string;
  readonly data?: JsonObject;
}

/**
 * A context in memory, for unit tests of a plugin: no host, no process, no network. What the plugin registers,
 * publishes, stores and logs lies open. It does not know the manifest and permits everything; whether the plugin
 * lives in a real host, `kinoport plugin test` tells.
 */
export class TestContext implements Disposable {
  readonly ctx: PluginContext;
  readonly players = new Map<string, Player>();
  readonly sources = new Map<string, Source>();
  readonly syncs = new Map<string, Sync>();
  readonly commands = new Map<string, CommandHandler>();
  /** What is published now, by id of the stream. */
  readonly published = new Map<string, PublishOptions>();
  readonly storage = new Map<string, JsonValue>();
  readonly secrets = new Map<string, string>();
  readonly log: TestLogLine[] = [];
  /** What plays: `playback.start()`, `playback.end()`. */
  readonly playback = new TestPlayback();
  /** What the plugin asks the user to do. */
  attention: AttentionRequest | undefined;
  /** What answers `kinoport doctor`. */
  diagnostics: DiagnosticsReporter | undefined;
  readonly #services = new Map<string, Parameters<Services['register']>[1]>();
  readonly #owned = new DisposableStore();
  readonly #configured = new Emitter<JsonObject>();
  #config: JsonObject;
  #streams = 0;

  constructor(options: TestContextOptions = {}) {
    this.#config = options.config ?? {};
    this.ctx = this.#context(options);
  }

  /** Activates a plugin in this context. */
  async activate(plugin: Plugin): Promise<void> {
    await plugin.activate(this.ctx);
  }

  /** New settings, as after an edit of the config file. */
  configure(config: JsonObject): void {
    this.#config = config;
    this.#configured.fire(config);
  }

  /** Runs a registered command. @throws KinoportError `COMMAND_UNKNOWN`, and whatever the command throws */
  async run(command: string, input: TestCommandInput = {}): Promise<TestCommandResult> {
    const handler = this.commands.get(command);
    if (!handler)
      throw new KinoportError('COMMAND_UNKNOWN', `The plugin registered no command "${command}".`);
    return runTestCommand(handler, input, (settings) => this.configure({ ...this.#config, ...settings }));
  }

  /**
   * The bytes of a published stream from `start` up to, not including, `end`; without it to the end of the stream.
   * @throws KinoportError `STREAM_NOT_FOUND`
   */
  async read(streamId: string, start = 0, end?: number): Promise<Uint8Array> {
    const stream = this.published.get(streamId);
    if (!stream) throw new KinoportError('STREAM_NOT_FOUND', `The plugin published no stream "${streamId}".`);
    const chunks: Uint8Array[] = [];
    for await (const chunk of stream.read(start, end ?? stream.size, new AbortController().signal))
      chunks.push(chunk);
    const bytes = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const chunk of chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return bytes;
  }

  /** What deactivation does: gives back what the plugin acquired, last first. @throws DisposeError */
  dispose(): Promise<void> {
    return this.#owned.dispose();
  }

  #context({ folder = NO_FOLDER, clock = systemClock, members = {} }: TestContextOptions): PluginContext {
    const config = (): JsonObject => this.#config;
    return {
      plugin: { id: 'test', version: '0.0.0', root: folder },
      generation: 1,
      folders: { data: folder, cache: folder, runtime: folder },
      clock,
      players: this.#registry(this.players),
      sources: this.#registry(this.sources),
      syncs: this.#registry(this.syncs),
      commands: this.#registry(this.commands),
      playback: members.playback ?? this.playback,
      config: {
        get value() {
          return config();
        },
        onDidChange: this.#configured.event,
      },
      storage: {
        get: async (key) => structuredClone(this.storage.get(key)),
        set: async (key, value) => {
          if (value === undefined) this.storage.delete(key);
          else this.storage.set(key, structuredClone(value));
        },
        keys: async () => [...this.storage.keys()],
      },
      secrets: {
        get: async (name) => this.secrets.get(name),
        set: async (name, value) => {
          if (value === undefined) this.secrets.delete(name);
          else this.secrets.set(name, value);
        },
      },
      attention: {
        request: (request) => {
          this.attention = request;
        },
        clear: () => {
          this.attention = undefined;
        },
      },
      diagnostics: {
        register: (reporter) => {
          if (this.diagnostics)
            throw new KinoportError('PLUGIN_CONTRIBUTION_CLASH', 'The diagnostics are registered twice.');
          this.diagnostics = reporter;
          return this.#owned.add(
            toDisposable(() => {
              this.diagnostics = undefined;
            }),
          );
        },
      },
      services: members.services ?? this.#ownServices(),
      streams: members.streams ?? {
        publish: async (stream) => {
          this.#streams += 1;
          const id = stream.id ?? `stream-${this.#streams}`;
          this.published.set(id, stream);
          const published = this.#owned.add(toDisposable(() => void this.published.delete(id)));
          return { id, url: `http://127.0.0.1/${id}`, dispose: () => published.dispose() };
        },
      },
      processes: programs(members.processes),
      log: {
        debug: (...line) => this.#note('debug', ...line),
        info: (...line) => this.#note('info', ...line),
        warn: (...line) => this.#note('warn', ...line),
        error: (...line) => this.#note('error', ...line),
      },
      subscriptions: { add: (item) => this.#owned.add(item) },
    };
  }

  #registry<T>(entries: Map<string, T>): Registry<T> {
    return {
      register: (id, implementation) => {
        if (entries.has(id))
          throw new KinoportError('PLUGIN_CONTRIBUTION_CLASH', `"${id}" is registered twice.`);
        entries.set(id, implementation);
        return this.#owned.add(toDisposable(() => void entries.delete(id)));
      },
    };
  }

  /** The services that the plugin offers itself; those of others a test brings in `members`. */
  #ownServices(): Services {
    const registry = this.#registry(this.#services);
    return {
      register: (id, methods) => registry.register(id, methods),
      call: async (id, method, params = null, options = {}) => {
        const methods = this.#services.get(id);
        if (!methods) throw new KinoportError('SERVICE_UNKNOWN', `The test has no service "${id}".`);
        const run = Object.hasOwn(methods, method) ? methods[method] : undefined;
        if (!run)
          throw new KinoportError('METHOD_NOT_FOUND', `The service "${id}" has no method "${method}".`);
        return run(params, { signal: options.signal ?? new AbortController().signal, caller: 'test' });
      },
    };
  }

  #note(level: keyof Log, message: string, data?: JsonObject): void {
    this.log.push({ level, message, ...(data === undefined ? {} : { data }) });
  }
}

const NO_FOLDER = '/the-test-gave-no-folder';

const noProgram = async (command: string): Promise<never> => {
  throw new KinoportError('PROCESS_SPAWN_FAILED', `The test has no program "${command}".`, {
    hint: 'Give the test context members.processes.',
  });
};

const programs = (own: Partial<Processes> = {}): Processes => ({
  run: (command, ...rest) => own.run?.(command, ...rest) ?? noProgram(command),
  spawn: (command, ...rest) => own.spawn?.(command, ...rest) ?? noProgram(command),
  spawnCommand: (command, ...rest) => own.spawnCommand?.(command, ...rest) ?? noProgram(command),
  which: async (command) => own.which?.(command),
});
