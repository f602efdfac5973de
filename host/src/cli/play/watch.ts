import { type Disposable, isKinoportError, KinoportError, sleep, toKinoportError } from '@kinoport/core';
import type { PlaybackEvent } from '../../api/protocol.ts';
import { connectHost } from '../connection/connectHost.ts';
import type { HostConnection } from '../connection/hostConnection.ts';
import type { CliContext } from '../context.ts';
import { EXIT_INTERRUPTED } from '../exitCodes.ts';
import type { PlaybackCommand } from './keys.ts';
import type { PlayView } from './view.ts';
import { endError } from './words.ts';

const RECONNECT_TRIES = 3;
const RECONNECT_PAUSE = 1000;

/** Exit code of a command that a person broke off. */

/**
 * Follows one playback session to its end, through losses of the host, and steers it. Made before the session
 * is opened: what happens before its name is known is kept, so that nothing is missed.
 */
export class SessionWatch implements Disposable {
  readonly #ctx: CliContext;
  #view: PlayView | undefined;
  readonly #detachOnStart: boolean;
  readonly #outcome = Promise.withResolvers<number>();
  #host: HostConnection;
  #subscription: Disposable;
  #sessionId: string | undefined;
  #early: PlaybackEvent[] = [];
  #current: string | undefined;
  #exitCode = 0;
  #interrupted = false;
  #stopWanted = false;
  #done = false;

  constructor(options: {
    readonly ctx: CliContext;
    readonly host: HostConnection;
    /** Leave as soon as the film runs. */
    readonly detachOnStart: boolean;
  }) {
    this.#ctx = options.ctx;
    this.#detachOnStart = options.detachOnStart;
    this.#host = options.host;
    this.#subscription = this.#listen(options.host);
    const done = (): void => {
      this.#done = true;
    };
    this.#outcome.promise.then(done, done);
  }

  /** Resolves when the client leaves, whether the session has ended or not. */
  get left(): Promise<number> {
    return this.#outcome.promise;
  }

  get interrupted(): boolean {
    return this.#interrupted;
  }

  /** Where the session shows from now on. */
  show(view: PlayView): void {
    this.#view = view;
  }

  /** Follows the session; resolves with the exit code of the command. */
  async follow(sessionId: string): Promise<number> {
    this.#sessionId = sessionId;
    const early = this.#early;
    this.#early = [];
    for (const event of early) this.#handle(event);
    if (this.#stopWanted) this.command({ name: 'stop' });
    while (!this.#done) {
      const lost = await Promise.race([
        this.#outcome.promise.then(() => false),
        this.#host.closed.then(() => true),
      ]);
      if (lost && !this.#done) await Promise.race([this.#outcome.promise, this.#reconnect(sessionId)]);
    }
    return this.#outcome.promise;
  }

  /** Sends a command; a refusal shows for a moment and changes nothing. */
  command(command: PlaybackCommand): void {
    if (command.name === 'stop') this.#stopWanted = true;
    const sessionId = this.#sessionId;
    if (sessionId === undefined) return;
    this.#host.call('playback.command', { sessionId, command }).catch((error: unknown) => {
      const failure = toKinoportError(error);
      // The `closed` that follows, or the connection that is made again, tells the rest.
      if (failure.code === 'SESSION_NOT_FOUND' || failure.code === 'HOST_UNREACHABLE') return;
      if (!this.#done) this.#view?.flash(failure.message);
    });
  }

  /** Ctrl-C: stops the film and goes on following until it is closed. A second one leaves at once. */
  interrupt(): void {
    if (this.#interrupted) {
      this.leave(EXIT_INTERRUPTED);
      return;
    }
    this.#interrupted = true;
    this.command({ name: 'stop' });
  }

  /** Lets the film go on and ends the command. */
  leave(exitCode = 0): void {
    this.#outcome.resolve(exitCode);
  }

  async dispose(): Promise<void> {
    this.leave();
    await this.#subscription.dispose();
    await this.#host.dispose();
  }

  #listen(host: HostConnection): Disposable {
    return host.onDidPlayback((event) => {
      // What an opening waits for has been shown as it came.
      if (this.#sessionId === undefined && event.type === 'opening') return;
      if (this.#sessionId === undefined) this.#early.push(event);
      else this.#handle(event);
    });
  }

  #handle(event: PlaybackEvent): void {
    if (event.sessionId !== this.#sessionId || this.#done) return;
    switch (event.type) {
      case 'started': {
        // A subscription begins with what plays, which is known after a reconnect.
        const item = `${event.index} ${event.item.key}`;
        if (item === this.#current) return;
        this.#current = item;
        this.#view?.event(event);
        if (this.#detachOnStart) this.leave();
        return;
      }
      case 'ended':
        this.#current = undefined;
        this.#exitCode = endError(event) ? 1 : 0;
        break;
      case 'closed':
        this.#view?.event(event);
        this.leave(this.#interrupted ? EXIT_INTERRUPTED : this.#exitCode);
        return;
    }
    this.#view?.event(event);
  }

  async #reconnect(sessionId: string): Promise<void> {
    this.#view?.note('The background host is gone; connecting again. The film goes on.');
    await this.#subscription.dispose();
    for (let attempt = 1; ; attempt += 1) {
      try {
        this.#host = await connectHost(this.#ctx);
        this.#subscription = this.#listen(this.#host);
        await this.#host.call('playback.subscribe', { sessionId });
        this.#view?.note('Connected again.');
        if (this.#stopWanted) this.command({ name: 'stop' });
        return;
      } catch (error) {
        await this.#host.dispose();
        const gone = isKinoportError(error, 'SESSION_NOT_FOUND');
        if (gone || attempt === RECONNECT_TRIES) {
          this.#outcome.reject(gone ? goneError() : error);
          return;
        }
        await sleep(this.#ctx.clock, RECONNECT_PAUSE);
      }
    }
  }
}

function goneError(): KinoportError {
  return new KinoportError('SESSION_NOT_FOUND', 'The film ended while the background host was away.', {
    hint: 'Its position is kept: play it again to go on from there.',
  });
}
