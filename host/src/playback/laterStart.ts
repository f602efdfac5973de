import type { PlayerState } from '@kinoport/core';
import type { RemoteSession } from '../plugins/remoteSession.ts';
import { parseStartTime, startSeconds } from './startTime.ts';

/** A start that needs the duration, a percentage or a time from the end: until that is known the film stands still. */
export class LaterStart {
  #where: string | undefined;

  /** Of the item that is begun now. */
  set(where: string | undefined): void {
    this.#where = where;
  }

  /** Goes there as soon as the duration is known, once. */
  async heard(state: PlayerState, session: RemoteSession, paused: boolean): Promise<void> {
    const where = this.#where;
    if (where === undefined || state.duration === undefined || state.status === 'opening') return;
    this.#where = undefined;
    const seconds = startSeconds(parseStartTime(where), state.duration);
    if (seconds !== undefined) await session.call('seek', [seconds, { exact: true }]);
    if (!paused) await session.call('play');
  }
}
