import type { Clock } from '@kinoport/core';
import type { ReportResult } from '../rpc/protocol.ts';

/** Comes and goes by itself. */
const PASSING = new Set(['Immediate', 'TickObject', 'FSReqCallback', 'FSReqPromise', 'CloseReq']);

/** What this process can tell of itself: how long it took to start, and what keeps it alive. */
export class RuntimeReport {
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #atStart = process.getActiveResourcesInfo();
  #loadedAt: number | null = null;
  #activatedAt: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startedAt = clock.now();
  }

  loaded(): void {
    this.#loadedAt = this.#clock.now();
  }

  activated(): void {
    this.#activatedAt = this.#clock.now();
  }

  get value(): ReportResult {
    return {
      startedAt: this.#startedAt,
      loadedAt: this.#loadedAt,
      activatedAt: this.#activatedAt,
      resources: this.#resources(),
    };
  }

  #resources(): readonly string[] {
    const left = process.getActiveResourcesInfo().filter((type) => !PASSING.has(type));
    for (const type of this.#atStart) {
      const index = left.indexOf(type);
      if (index >= 0) left.splice(index, 1);
    }
    return left;
  }
}
