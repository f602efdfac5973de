import { abortedError, type Clock, KinoportError, type Log, type Validators } from '@kinoport/core';
import { chunks } from './body.ts';
import type { HttpAnswer } from './client.ts';
import { changedError, isCertificateError, statusError, unreachableError } from './errors.ts';
import { contentLength, contradicts, parseContentRange, retryAfter, validatorsOf } from './headers.ts';
import { Patience, TransientFailure } from './retry.ts';
import type { HttpTarget } from './target.ts';

export interface ReadOptions {
  readonly target: HttpTarget;
  readonly clock: Clock;
  readonly log: Log;
  /** Bytes; absent for a live stream. */
  readonly size?: number;
  readonly ranges: boolean;
  readonly validators: Validators;
  readonly start: number;
  /** Exclusive; absent: to the end. */
  readonly end?: number;
  readonly signal: AbortSignal;
  readonly onBytes?: (count: number) => void;
  readonly random?: () => number;
}

/**
 * The bytes of a resource, whatever the connection does: a dropped or silent one is made again and goes on at
 * the exact byte; a server that is busy, down or refuses is asked again for about 20 s.
 * @throws KinoportError `SOURCE_CHANGED`, `SOURCE_FORBIDDEN`, `SOURCE_NOT_FOUND`, `SOURCE_FAILED`,
 *   `SOURCE_UNREACHABLE`, `ABORTED`
 */
export async function* readResource(options: ReadOptions): AsyncGenerator<Uint8Array, void, undefined> {
  const { clock, signal, size } = options;
  const end = options.end ?? size;
  const patience = new Patience(clock, options.random);
  let position = options.start;
  while (end === undefined || position < end) {
    try {
      for await (const chunk of attempt(options, position, end, patience)) {
        position += chunk.length;
        yield chunk;
      }
      if (end === undefined) return;
      if (position < end) throw new TransientFailure(unreachableError(options.target.address, undefined));
    } catch (error) {
      if (signal.aborted) throw abortedError();
      const failure = asTransient(error, options.target.address);
      if (!failure) throw error;
      options.log.debug('A read was interrupted', {
        host: options.target.address.host,
        code: failure.error.code,
      });
      await patience.wait(failure, signal);
    }
  }
}

/** One request, from where the last one stopped. */
async function* attempt(
  options: ReadOptions,
  position: number,
  end: number | undefined,
  patience: Patience,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { target, clock, signal } = options;
  const live = options.size === undefined;
  const answer = await target.get({
    headers: rangeHeaders(options, position, end),
    signal,
    timeout: patience.attemptMs,
  });
  let skip: number;
  try {
    skip = live ? acceptLive(answer, target.address) : accept(answer, options, position);
  } catch (error) {
    answer.close();
    if (error instanceof KinoportError && isTransientStatus(answer.status))
      throw new TransientFailure(error, retryAfter(answer, clock.wall()));
    throw error;
  }
  let left = end === undefined ? Number.POSITIVE_INFINITY : end - position;
  for await (const chunk of chunks(answer, clock)) {
    patience.progress(chunk.length);
    options.onBytes?.(chunk.length);
    const from = Math.min(skip, chunk.length);
    skip -= from;
    const wanted = chunk.subarray(from, Math.min(chunk.length, from + left));
    if (wanted.length > 0) {
      left -= wanted.length;
      yield wanted;
    }
    // No more than asked for is taken, but what ends by itself leaves the connection for the next request.
    if (left === 0 && (from + wanted.length < chunk.length || answer.status === 200)) return;
  }
}

function rangeHeaders(
  options: ReadOptions,
  position: number,
  end: number | undefined,
): Readonly<Record<string, string>> {
  if (options.size === undefined || !options.ranges) return {};
  const last = end === undefined ? options.size - 1 : end - 1;
  const condition = options.validators.etag ?? options.validators.lastModified;
  return {
    range: `bytes=${position}-${last}`,
    ...(condition === undefined ? {} : { 'if-range': condition }),
  };
}

/** Checks that the answer is of the same content; returns how many bytes to pass over. */
function accept(answer: HttpAnswer, options: ReadOptions, position: number): number {
  const { address } = options.target;
  if (answer.status === 416) throw changedError(address);
  if (answer.status !== 206 && answer.status !== 200) throw statusError(answer.status, address);
  if (contradicts(options.validators, validatorsOf(answer))) throw changedError(address);
  if (answer.status === 200) {
    const length = contentLength(answer);
    if (length !== undefined && length !== options.size) throw changedError(address);
    return position;
  }
  const range = parseContentRange(answer.header('content-range'));
  if (range?.total !== undefined && range.total !== options.size) throw changedError(address);
  if (!range || range.start !== position)
    throw new KinoportError(
      'SOURCE_FAILED',
      `The server ${address.host} sends other bytes than were asked for.`,
      {
        hint: 'Download the file and play it from disk.',
        data: { host: address.host },
      },
    );
  return 0;
}

function acceptLive(answer: HttpAnswer, address: URL): number {
  if (answer.status !== 200) throw statusError(answer.status, address);
  return 0;
}

function isTransientStatus(status: number): boolean {
  return status >= 500 || status === 408 || status === 425 || status === 429;
}

function asTransient(error: unknown, address: URL): TransientFailure | undefined {
  if (error instanceof TransientFailure) return error;
  if (error instanceof KinoportError) {
    const passes = error.code === 'SOURCE_UNREACHABLE' && !isCertificateError(error.cause);
    return passes ? new TransientFailure(error) : undefined;
  }
  return new TransientFailure(unreachableError(address, error));
}
