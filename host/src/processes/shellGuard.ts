import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { type Clock, type Disposable, PRODUCT, toDisposable } from '@kinoport/core';
import type { Logger } from '../log/logger.ts';
import type { GuardOptions, ProcessGuard } from './guard.ts';
import { GUARDIAN, guardianMode, guardianStart } from './guardian.ts';

const RESTART_AFTER = 1_000;
const END_PATIENCE = 1_000;

/**
 * {@link ProcessGuard} by a shell that waits for the end of a pipe of the host's. It has a session of its own, so
 * that neither Ctrl-C in the terminal of a host nor the end of that terminal reaches it.
 */
export class ShellProcessGuard implements ProcessGuard {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #guarded = new Map<object, string>();
  #guardian: ChildProcess | undefined;
  #restart: Disposable | undefined;
  #isWriting = false;
  #isStale = false;
  #ended: 'disposed' | 'impossible' | undefined;

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
    if (process.platform === 'win32') this.#ended = 'impossible';
  }

  /** Of the guardian; there is none before there is something to guard. */
  get pid(): number | undefined {
    return this.#guardian?.pid;
  }

  watch(pid: number, options: GuardOptions = {}): Disposable {
    const key = {};
    let isOver = false;
    void guardianStart(pid).then((start) => {
      if (start === undefined || isOver) return;
      this.#guarded.set(key, `${options.group === true ? '-' : ''}${pid} ${start}`);
      this.#tell();
    });
    return toDisposable(() => {
      isOver = true;
      if (this.#guarded.delete(key)) this.#tell();
    });
  }

  async dispose(): Promise<void> {
    if (this.#ended === 'disposed') return;
    this.#ended = 'disposed';
    await this.#restart?.dispose();
    const guardian = this.#guardian;
    if (guardian === undefined) return;
    guardian.ref();
    const gone = once(guardian, 'exit');
    const late = this.#clock.after(END_PATIENCE, () => guardian.kill('SIGKILL'));
    guardian.stdin?.end(this.#line());
    await gone;
    await late.dispose();
  }

  /** The guardian knows the list as it is now; while a line is on its way, only the newest waits. */
  #tell(): void {
    if (this.#ended !== undefined || this.#restart !== undefined) return;
    if (this.#guardian === undefined && this.#guarded.size === 0) return;
    this.#guardian ??= this.#start();
    if (this.#isWriting) {
      this.#isStale = true;
      return;
    }
    this.#isWriting = true;
    this.#guardian.stdin?.write(this.#line(), () => {
      this.#isWriting = false;
      if (!this.#isStale) return;
      this.#isStale = false;
      this.#tell();
    });
  }

  #line(): string {
    return `${[...this.#guarded.values()].join(' ')}\n`;
  }

  #start(): ChildProcess {
    const name = `${PRODUCT.command}-guardian`;
    const guardian = spawn('/bin/sh', ['-c', GUARDIAN, name, guardianMode(process.platform)], {
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    guardian.unref();
    if (guardian.stdin instanceof Socket) guardian.stdin.unref();
    // That nobody reads any more is told by its end.
    guardian.stdin?.on('error', () => undefined);
    guardian.once('error', (error) => {
      this.#guardian = undefined;
      this.#ended ??= 'impossible';
      this.#log.warn('plugins that hang will outlive a host that is killed', { message: error.message });
    });
    guardian.once('exit', () => this.#lost(guardian));
    return guardian;
  }

  #lost(guardian: ChildProcess): void {
    if (this.#guardian !== guardian) return;
    this.#guardian = undefined;
    this.#isWriting = false;
    this.#isStale = false;
    if (this.#ended !== undefined) return;
    this.#restart = this.#clock.after(RESTART_AFTER, () => {
      this.#restart = undefined;
      this.#tell();
    });
  }
}
