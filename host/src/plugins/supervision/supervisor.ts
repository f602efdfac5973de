import { statSync } from 'node:fs';
import {
  type Clock,
  type Disposable,
  deserializeError,
  Emitter,
  type Event,
  KinoportError,
  PRODUCT,
  toKinoportError,
} from '@kinoport/core';
import type { Logger } from '../../log/logger.ts';
import { lastLines } from '../../log/logTail.ts';
import type { PluginDefinition, PluginProcess } from '../process.ts';
import { CrashBudget } from './crashBudget.ts';
import type { FailedRecord, FailedStore, PluginCode } from './failedStore.ts';
import { Heartbeat, type HeartbeatTimes } from './heartbeat.ts';

const KEPT_LINES = 40;

export interface SupervisorOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly failures: FailedStore;
  readonly logFile: string;
  /** For tests. */
  readonly heartbeat?: Partial<HeartbeatTimes>;
}

/** Whether a plugin answers, how often it broke down, and whether it may be started once more. */
export class Supervisor implements Disposable {
  readonly #options: SupervisorOptions;
  readonly #budget: CrashBudget;
  readonly #onDidChange = new Emitter<void>();
  #code: PluginCode;
  #heartbeat: Heartbeat | undefined;
  #failed: KinoportError | undefined;
  /** What is known of a plugin that was removed is not written again. */
  #isDisposed = false;

  constructor(options: SupervisorOptions, definition: PluginDefinition) {
    this.#options = options;
    this.#budget = new CrashBudget(options.clock);
    this.#code = codeOf(definition);
    const known = options.failures.find(this.#code);
    if (known) this.#failed = failure(this.#code.id, known);
  }

  /** Why it is not started any more. */
  get failed(): KinoportError | undefined {
    return this.#failed;
  }

  /** Within the last 5 minutes. */
  get crashes(): number {
    return this.#budget.crashes;
  }

  get isUnresponsive(): boolean {
    return this.#heartbeat?.isResponsive === false;
  }

  get onDidChange(): Event<void> {
    return this.#onDidChange.event;
  }

  /** The generation that is active from now on. */
  watch(generation: PluginProcess): void {
    this.#budget.started();
    this.#heartbeat?.dispose();
    const { clock, log, heartbeat: times = {} } = this.#options;
    const { id } = this.#code;
    const heartbeat = new Heartbeat({ peer: generation.peer, clock, debugged: generation.isDebugged, times });
    this.#heartbeat = heartbeat;
    heartbeat.onDidChangeResponsive((responsive) => {
      log.warn(`plugin ${id} ${responsive ? 'answers again' : 'does not answer'}`, {
        generation: generation.generation,
      });
      this.#onDidChange.fire();
    });
    heartbeat.onDidGiveUp(() => generation.end('It did not answer for 10 s and was ended.'));
    generation.peer.onDidClose(() => {
      if (this.#heartbeat === heartbeat) this.#heartbeat = undefined;
    });
  }

  /** It ended by itself, or did not start while it was needed. Milliseconds until the next start; `undefined`: none. */
  broke(error: KinoportError): number | undefined {
    const delay = this.#budget.crashed();
    if (delay !== undefined) return delay;
    const { clock, failures, log, logFile } = this.#options;
    const code = this.#code;
    const at = clock.wall();
    // At once, for the host may end before the log is read.
    this.#failed = failure(code.id, failures.keep(code, error, [], at));
    lastLines(logFile, { lines: KEPT_LINES })
      .catch(() => [])
      .then((lines) => {
        if (this.#failed && !this.#isDisposed)
          this.#failed = failure(code.id, failures.keep(code, error, lines, at));
        this.#onDidChange.fire();
      })
      .catch((fault) =>
        log.error(`that plugin ${code.id} failed`, { message: toKinoportError(fault).message }),
      );
    return undefined;
  }

  /** Somebody wants it in spite of all, or has changed it. */
  forgive(definition: PluginDefinition): void {
    this.#code = codeOf(definition);
    this.#budget.reset();
    this.#failed = undefined;
    this.#options.failures.clear(this.#code.id);
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#heartbeat?.dispose();
    this.#onDidChange.dispose();
  }
}

function codeOf({ id, manifest }: PluginDefinition): PluginCode {
  return { id, version: manifest.package.version, entryModified: modified(manifest.entry) };
}

function modified(file: string): number {
  try {
    return statSync(file).mtimeMs;
  } catch {
    return 0;
  }
}

function failure(
  id: string,
  { error, at, lastLines }: Pick<FailedRecord, 'error' | 'at' | 'lastLines'>,
): KinoportError {
  const cause = deserializeError(error);
  return new KinoportError(
    'PLUGIN_FAILED',
    `The plugin "${id}" broke down 5 times within 5 minutes and is not started any more. ${cause.message}`,
    {
      hint: `When its fault is gone: ${PRODUCT.command} plugin reload ${id}. Its log: ${PRODUCT.command} plugin logs ${id}`,
      data: { plugin: id, code: cause.code, at, lastLines: [...lastLines] },
      cause,
    },
  );
}
