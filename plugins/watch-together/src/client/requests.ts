import { type Clock, type Disposable, KinoportError } from '@kinoport/core';
import type { Answer } from '../protocol/index.ts';

/** Milliseconds until an answer has to be there. */
const PATIENCE = 10_000;

interface Waiting {
  readonly answered: (answer: Answer) => void;
  readonly failed: (error: unknown) => void;
  readonly timer: Disposable;
}

/** Requests under way, by their numbers. */
export class Requests {
  readonly #clock: Clock;
  readonly #waiting = new Map<number, Waiting>();
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws KinoportError the refusal; `RELAY_UNREACHABLE` without an answer in time */
  ask<T extends Answer['type']>(
    expected: T,
    send: (id: number) => void,
  ): Promise<Extract<Answer, { type: T }>> {
    this.#count += 1;
    const id = this.#count;
    const answer = new Promise<Answer>((answered, failed) => {
      const timer = this.#clock.after(PATIENCE, () => {
        this.#waiting.delete(id);
        failed(new KinoportError('RELAY_UNREACHABLE', 'The relay has not answered in time.'));
      });
      this.#waiting.set(id, { answered, failed, timer });
    });
    send(id);
    return answer.then((given) => {
      if (given.type === 'error') throw refusalOf(given);
      if (given.type !== expected)
        throw new KinoportError('RELAY_PROTOCOL', `The relay has answered with "${given.type}".`);
      return given as Extract<Answer, { type: T }>;
    });
  }

  /** @returns whether somebody has waited for it */
  settle(answer: Answer): boolean {
    const waiting = answer.id === undefined ? undefined : this.#waiting.get(answer.id);
    if (answer.id === undefined || !waiting) return false;
    this.#waiting.delete(answer.id);
    void waiting.timer.dispose();
    waiting.answered(answer);
    return true;
  }

  /** None of them will be answered. */
  fail(error: unknown): void {
    for (const { failed, timer } of this.#waiting.values()) {
      void timer.dispose();
      failed(error);
    }
    this.#waiting.clear();
  }
}

const HINTS: Readonly<Record<string, string>> = {
  ROOM_PASSWORD: 'Ask whoever opened it, and give --password.',
  ROOM_NOT_FOUND: 'Is the code right, and the relay the same?',
  ROOM_FORBIDDEN: 'The list of who is here says who that is.',
  ROOM_NOT_READY: 'They type "t"; "start now" does not wait for them.',
  RELAY_UNAUTHORIZED: 'Its token belongs into the setting createToken of the plugin watch-together.',
};

/** The relay's words are a stranger's: one line, without controls. */
export function refusalOf({ code, message, retryAfter }: Extract<Answer, { type: 'error' }>): KinoportError {
  const text = message.replace(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu, ' ').trim();
  const later = retryAfter === undefined ? '' : ` Again in ${Math.ceil(retryAfter / 1000)} s.`;
  const hint = HINTS[code];
  return new KinoportError(
    code,
    `${text || 'The relay has refused.'}${later}`,
    hint === undefined ? {} : { hint },
  );
}
