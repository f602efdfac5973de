import { abortedError, type Clock, Emitter } from '@kinoport/core';

/** Milliseconds in which a second Ctrl-C means that nobody wants to wait. */
const IMPATIENT = 2000;
/** Milliseconds that a command has to end by itself once its client is gone. */
const ORPHANED = 10_000;

/** How a command is told to end, and left when it does not. */
export class Interrupts {
  readonly #clock: Clock;
  readonly #leave: () => void;
  readonly #abort = new AbortController();
  readonly #reload = new Emitter<void>();
  #last = Number.NEGATIVE_INFINITY;
  #isOrphan = false;

  /** @param leave ends the process */
  constructor(clock: Clock, leave: () => void) {
    this.#clock = clock;
    this.#leave = leave;
  }

  /** Files are to be read again. */
  readonly onDidAskToReload = this.#reload.event;

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get isOrphan(): boolean {
    return this.#isOrphan;
  }

  /** Ctrl-C: the second one within 2 s leaves at once. */
  interrupt(): void {
    const now = this.#clock.now();
    if (now - this.#last <= IMPATIENT) this.#leave();
    this.#last = now;
    this.terminate();
  }

  /** SIGTERM: as often as one likes. */
  terminate(): void {
    if (!this.signal.aborted) this.#abort.abort(abortedError());
  }

  /** SIGHUP while the terminal, if there was one, is still there: the end of a command that reads nothing again. */
  reload(): void {
    if (this.#reload.hasListeners) this.#reload.fire();
    else this.orphan();
  }

  /** Nobody is there any more who could see it end, or press a key. */
  orphan(): void {
    this.#isOrphan = true;
    this.terminate();
    this.#clock.after(ORPHANED, () => this.#leave());
  }
}
