import { isDeepStrictEqual } from 'node:util';
import { type Clock, type Disposable, Emitter, type Event } from '@kinoport/core';
import {
  type Config,
  type ConfigProblem,
  type ConfigService,
  isFatal,
  type PluginSetting,
} from './config.ts';
import { FileWatch } from './fileWatch.ts';
import {
  checkSlice,
  defaultConfig,
  type ParsedConfig,
  type PluginSchemas,
  parseConfig,
  readConfigText,
} from './parseConfig.ts';

export interface FileConfigServiceOptions {
  readonly file: string;
  readonly clock: Clock;
  /** Milliseconds of quiet after a change before the file is read; editors write in several steps. Default 100. */
  readonly debounce?: number;
}

/**
 * {@link ConfigService} on the config file: read when constructed, and again whenever it changes. A mistake in the
 * host's part, in the syntax, or in the name of a plugin leaves everything as it was; one in a plugin's slice leaves
 * that slice as it was, an unknown player or source those.
 *
 * The composition root constructs it, lets discovery find the plugins that `current.plugins` names, and hands
 * back what it learnt with {@link FileConfigService.setPlugins}; from then on plugins' slices are checked and
 * have their defaults.
 */
export class FileConfigService implements ConfigService, Disposable {
  readonly #file: string;
  readonly #watch: FileWatch;
  readonly #changed = new Emitter<Config>();
  readonly #problemsChanged = new Emitter<readonly ConfigProblem[]>();
  #plugins: PluginSchemas | undefined;
  /** What the file held when last read, or why it could not be. */
  #read: string | ConfigProblem;
  /** The newest text of which the host could use its part; `current` comes from it. */
  #usable: string | undefined;
  /** The newest slice of each plugin that had no mistake, as it stood in the file. */
  readonly #goodSlices = new Map<string, PluginSetting>();
  /** The newest ids that somebody contributes, as far as there ever were such. */
  #goodIds: Pick<Config, 'player' | 'routing'> | undefined;
  #current: Config;
  #problems: readonly ConfigProblem[] = [];

  readonly onDidChange: Event<Config> = this.#changed.event;
  readonly onDidChangeProblems: Event<readonly ConfigProblem[]> = this.#problemsChanged.event;

  constructor(options: FileConfigServiceOptions) {
    this.#file = options.file;
    // Before the first reading, so that no change falls in between.
    this.#watch = new FileWatch({
      file: this.#file,
      clock: options.clock,
      debounce: options.debounce ?? 100,
      onChange: () => this.reload(),
    });
    this.#read = readConfigText(this.#file);
    const { config, problems, usable } = this.#parse(this.#read);
    this.#current = config;
    this.#problems = problems;
    if (usable && typeof this.#read === 'string') this.#usable = this.#read;
  }

  get current(): Config {
    return this.#current;
  }

  get problems(): readonly ConfigProblem[] {
    return this.#problems;
  }

  /** The plugins that the file names at the moment, known or not: what discovery looks for. */
  get named(): Config['plugins'] {
    const { config, usable } =
      typeof this.#read === 'string'
        ? parseConfig(this.#read, this.#file)
        : { config: undefined, usable: false };
    return usable && config ? config.plugins : this.#current.plugins;
  }

  /** What discovery knows of the plugins. May be called again when that changes; the file is not read for it. */
  setPlugins(plugins: PluginSchemas): void {
    this.#plugins = plugins;
    this.#settle();
  }

  /** Reads the file now; needed only where a change must not wait for the watcher. Never throws. */
  reload(): void {
    const read = readConfigText(this.#file);
    if (isDeepStrictEqual(read, this.#read)) return;
    this.#read = read;
    this.#settle();
  }

  dispose(): void {
    this.#watch.dispose();
    this.#changed.dispose();
    this.#problemsChanged.dispose();
  }

  #parse(read: string | ConfigProblem): ParsedConfig {
    if (typeof read !== 'string') return { config: defaultConfig(), usable: false, problems: [read] };
    return parseConfig(read, this.#file, this.#plugins === undefined ? {} : { plugins: this.#plugins });
  }

  #settle(): void {
    const newest = this.#parse(this.#read);
    const usable = newest.usable && !newest.problems.some(isFatal);
    if (usable && typeof this.#read === 'string') this.#usable = this.#read;
    const text = usable ? undefined : this.#usable;
    const config = this.#inForce(text === undefined ? newest : this.#parse(text));
    const { problems } = newest;
    const configChanged = !isDeepStrictEqual(config, this.#current);
    const problemsChanged = !isDeepStrictEqual(problems, this.#problems);
    this.#current = config;
    this.#problems = problems;
    if (configChanged) this.#changed.fire(config);
    if (problemsChanged) this.#problemsChanged.fire(problems);
  }

  /** What a file says, with the last good values in the place of those that are not. */
  #inForce({ config, problems }: ParsedConfig): Config {
    if (this.#plugins === undefined) return config;
    const isWrong = (code: string): boolean => problems.some((problem) => problem.code === code);
    const ids = {
      player: (isWrong('PLAYER_UNKNOWN') ? this.#goodIds?.player : undefined) ?? config.player,
      routing: (isWrong('SOURCE_UNKNOWN') ? this.#goodIds?.routing : undefined) ?? config.routing,
    };
    this.#goodIds = ids;
    const plugins = Object.entries(config.plugins).map(([key, setting]): [string, PluginSetting] => {
      if (setting.problem === undefined) {
        if (setting.enabled) this.#goodSlices.set(key, setting);
        return [key, setting];
      }
      const good = this.#goodSlice(key);
      if (good === undefined) return [key, setting];
      const { problem: _, ...rest } = setting;
      return [key, { ...rest, config: good }];
    });
    return { ...config, ...ids, plugins: Object.fromEntries(plugins) };
  }

  /** Judged anew: the schema may be another than when it was found to be good. */
  #goodSlice(key: string): PluginSetting['config'] | undefined {
    const good = this.#goodSlices.get(key);
    const schema = this.#plugins?.schemaOf(key);
    if (good === undefined || schema === 'unknown') return undefined;
    try {
      const { value, mistakes } = checkSlice(good.config, schema);
      return mistakes.length === 0 ? value : undefined;
    } catch {
      return undefined;
    }
  }
}
