import { isDeepStrictEqual } from 'node:util';
import { type Clock, type Disposable, Emitter, type Event } from '@kinoport/core';
import type { Config, ConfigProblem, ConfigService } from './config.ts';
import { FileWatch } from './fileWatch.ts';
import { defaultConfig, type PluginSchemas, parseConfig, readConfigText } from './parseConfig.ts';

export interface FileConfigServiceOptions {
  readonly file: string;
  readonly clock: Clock;
  /** Milliseconds of quiet after a change before the file is read; editors write in several steps. Default 100. */
  readonly debounce?: number;
}

/**
 * {@link ConfigService} on the config file: read when constructed, and again whenever it changes.
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
  /** The newest text that had no problem; `current` comes from it. */
  #goodText: string | undefined;
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
    const { config, problems } = this.#parse(this.#read);
    this.#current = config;
    this.#problems = problems;
    if (problems.length === 0 && typeof this.#read === 'string') this.#goodText = this.#read;
  }

  get current(): Config {
    return this.#current;
  }

  get problems(): readonly ConfigProblem[] {
    return this.#problems;
  }

  /** What discovery knows of the plugins. May be called again when that changes; the file is not read for it. */
  setPlugins(plugins: PluginSchemas): void {
    this.#plugins = plugins;
    const newest = this.#parse(this.#read);
    // Until now plugins' slices went unchecked, so "last good" has to be asked again.
    const { config } = this.#goodText === undefined ? newest : this.#parse(this.#goodText);
    this.#settle(config, newest.problems);
  }

  /** Reads the file now; needed only where a change must not wait for the watcher. Never throws. */
  reload(): void {
    const read = readConfigText(this.#file);
    if (isDeepStrictEqual(read, this.#read)) return;
    this.#read = read;
    const { config, problems } = this.#parse(read);
    const good = problems.length === 0 && typeof read === 'string';
    if (good) this.#goodText = read;
    this.#settle(good || this.#goodText === undefined ? config : this.#current, problems);
  }

  dispose(): void {
    this.#watch.dispose();
    this.#changed.dispose();
    this.#problemsChanged.dispose();
  }

  #parse(read: string | ConfigProblem): {
    readonly config: Config;
    readonly problems: readonly ConfigProblem[];
  } {
    if (typeof read !== 'string') return { config: defaultConfig(), problems: [read] };
    return parseConfig(read, this.#file, this.#plugins === undefined ? {} : { plugins: this.#plugins });
  }

  #settle(config: Config, problems: readonly ConfigProblem[]): void {
    const configChanged = !isDeepStrictEqual(config, this.#current);
    const problemsChanged = !isDeepStrictEqual(problems, this.#problems);
    this.#current = config;
    this.#problems = problems;
    if (configChanged) this.#changed.fire(config);
    if (problemsChanged) this.#problemsChanged.fire(problems);
  }
}
