import { type Clock, KinoportError, type Validators } from '@kinoport/core';
import { STREAM_ID } from './address.ts';
import type { FailedRead, StreamReads, StreamRegistration } from './front.ts';

const REPORT_EVERY = 250;
const KEPT_FAILURES = 20;
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(;[\x20-\x7e]*)?$/;
const STRONG_TAG = /^"[\x21\x23-\x7e]*"$/;

/** One stream of the front: what is known of it, who reads it, what went wrong. */
export class StreamEntry {
  readonly id: string;
  readonly failures: FailedRead[] = [];
  /** One controller for each response under way. */
  readonly responses = new Set<AbortController>();
  readonly #clock: Clock;
  readonly #registered: Promise<void>;
  #announce: () => void = () => {};
  #registration: StreamRegistration | undefined;
  #changed: KinoportError | undefined;
  #bytesServed = 0;
  /** `#bytesServed` when a read failed last. */
  #servedUntilFailure: number | undefined;
  #offset = 0;
  #reportedAt = Number.NEGATIVE_INFINITY;

  constructor(id: string, clock: Clock) {
    this.id = id;
    this.#clock = clock;
    this.#registered = new Promise((resolve) => {
      this.#announce = resolve;
    });
  }

  get registration(): StreamRegistration | undefined {
    return this.#registration;
  }

  get reads(): StreamReads {
    return {
      id: this.id,
      bytesServed: this.#bytesServed,
      offset: this.#offset,
      readers: this.responses.size,
    };
  }

  /**
   * Waits, for a stream that is only expected, until it is registered.
   * @throws KinoportError `STREAM_NOT_FOUND`, `SOURCE_CHANGED`
   */
  async whenRegistered(): Promise<StreamRegistration> {
    await this.#registered;
    if (this.#changed) throw this.#changed;
    if (!this.#registration) throw notFound();
    return this.#registration;
  }

  /** @throws KinoportError `SOURCE_CHANGED` */
  register(next: StreamRegistration): void {
    const before = this.#registration;
    if (before && !sameContent(before, next)) {
      const error = new KinoportError('SOURCE_CHANGED', 'The content changed while it was being played.', {
        hint: 'Open it again.',
      });
      this.#changed = error;
      this.abort(error);
      throw error;
    }
    this.#registration = next;
    this.#announce();
  }

  /** Breaks off all responses; the reason reaches the reader's loop. */
  abort(reason: KinoportError): void {
    for (const controller of this.responses) controller.abort(reason);
  }

  /** Frees who waits for a registration that will not come. */
  close(): void {
    this.#announce();
    this.abort(notFound());
  }

  /** A read has failed, and nothing was served since. */
  get isBroken(): boolean {
    return this.#servedUntilFailure === this.#bytesServed;
  }

  fail(failure: FailedRead): void {
    this.#servedUntilFailure = this.#bytesServed;
    this.failures.push(failure);
    if (this.failures.length > KEPT_FAILURES) this.failures.shift();
  }

  /** Counts; says whether it is time to tell. */
  served(bytes: number, offset: number, isFirst: boolean): boolean {
    this.#bytesServed += bytes;
    this.#offset = offset;
    const now = this.#clock.now();
    if (!isFirst && now - this.#reportedAt < REPORT_EVERY) return false;
    this.#reportedAt = now;
    return true;
  }
}

export function notFound(): KinoportError {
  return new KinoportError('STREAM_NOT_FOUND', 'There is no such stream.', {
    hint: 'Open the item again; its address ends with the playback session.',
  });
}

/** These values become header lines, so they are checked where they come in. */
export function checkRegistration(registration: StreamRegistration): void {
  const { id, size, type, validators } = registration;
  if (!STREAM_ID.test(id)) throw invalid('id', 'take the one of newStreamId()');
  if (size !== undefined && (!Number.isSafeInteger(size) || size < 0))
    throw invalid('size', 'give whole bytes, or leave it out when it is unknown');
  if (!MEDIA_TYPE.test(type)) throw invalid('type', 'give a media type such as video/mp4');
  if (validators?.etag !== undefined && !STRONG_TAG.test(validators.etag))
    throw invalid('validators.etag', 'give a strong entity tag with its quotes');
  if (validators?.lastModified !== undefined && !isHttpDate(validators.lastModified))
    throw invalid('validators.lastModified', 'give an HTTP date');
}

function invalid(member: string, advice: string): KinoportError {
  return new KinoportError('INVALID_ARGUMENT', `The ${member} of a published stream is not valid.`, {
    hint: `In publish(): ${advice}.`,
  });
}

function isHttpDate(text: string): boolean {
  return /^[\x20-\x7e]{10,40}$/.test(text) && !Number.isNaN(Date.parse(text));
}

function sameContent(a: StreamRegistration, b: StreamRegistration): boolean {
  return a.size === b.size && sameValidators(a.validators, b.validators);
}

function sameValidators(a: Validators | undefined, b: Validators | undefined): boolean {
  return a?.etag === b?.etag && a?.lastModified === b?.lastModified;
}
