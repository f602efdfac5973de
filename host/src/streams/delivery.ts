import { abortedError, type Clock, isKinoportError, KinoportError, sleep } from '@kinoport/core';
import type { StreamEntry } from './entry.ts';
import type { StreamRegistration } from './front.ts';
import { type PullResult, pull } from './pull.ts';

/** The player's end: where bytes go, with backpressure. */
export interface ByteSink {
  /** `false`: full; wait for `whenWritable`. */
  write(chunk: Buffer): boolean;
  readonly isFull: boolean;
  /** Runs `resume` once when there is room again. */
  whenWritable(resume: () => void): void;
}

export interface DeliveryOptions {
  readonly entry: StreamEntry;
  readonly start: number;
  /** Exclusive; `undefined`: to the end. */
  readonly end: number | undefined;
  readonly sink: ByteSink;
  readonly clock: Clock;
  /** Milliseconds to wait for a generation, and to go on trying without a byte of progress. */
  readonly holdTimeout: number;
  readonly signal: AbortSignal;
}

/** Breaks the delivery off at a byte. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError';
  readonly offset: number;
  readonly error: KinoportError;

  constructor(offset: number, error: KinoportError) {
    super(error.message, { cause: error });
    this.offset = offset;
    this.error = error;
  }
}

const FIRST_DELAY = 25;
const LONGEST_DELAY = 1000;
const CODED_DELAY = 200;
const CODED_ATTEMPTS = 3;
/** A plugin that tells an error only after so long has tried again itself. */
const CODED_PATIENCE = 10_000;
/** Errors that asking again does not cure. */
const FINAL = ['SOURCE_CHANGED', 'SOURCE_NOT_FOUND', 'SOURCE_FORBIDDEN', 'SOURCE_NOT_MEDIA'] as const;

/**
 * Brings the bytes from `start` to `end` from the plugin to the player, over as many connections and generations
 * as it takes. A broken connection is mended as long as there is progress within `holdTimeout`; an error that
 * the plugin tells is final after three more attempts within one generation, or 10 s without a byte.
 * @throws DeliveryError when the bytes cannot be had; KinoportError `ABORTED` (or the reason of the signal)
 */
export async function deliver(options: DeliveryOptions): Promise<void> {
  const { entry, end, sink, clock, signal } = options;
  let at = options.start;
  let lastSocket: string | undefined;
  let attempts = 0;
  let codedAttempts = 0;
  let failingSince: number | undefined;
  /** Since when the generation owes bytes. */
  let owedSince = clock.now();
  const owes = (): void => {
    owedSince = clock.now();
  };

  const onChunk = (chunk: Buffer): boolean => {
    at += chunk.length;
    owes();
    return sink.write(chunk);
  };
  const whenWritable = (resume: () => void): void =>
    sink.whenWritable(() => {
      owes();
      resume();
    });

  while (end === undefined || at < end) {
    if (sink.isFull) {
      await writable(sink, signal);
      owes();
    }
    let socketPath: string;
    try {
      ({ socketPath } = await within(options, (inner) => current(entry).owner.acquire(inner)));
    } catch (error) {
      throw ifNotAborted(signal, at, error);
    }
    if (socketPath !== lastSocket) {
      codedAttempts = 0;
      owes();
    }
    lastSocket = socketPath;

    const before = at;
    const result = await pull({ socketPath, id: entry.id, start: at, end, signal, onChunk, whenWritable });
    if (result.kind === 'done') return;
    if (signal.aborted) throw reasonOf(signal);

    if (at > before) {
      attempts = 0;
      codedAttempts = 0;
      failingSince = undefined;
    }
    failingSince ??= clock.now();
    if (result.kind === 'failed') codedAttempts++;
    const now = clock.now();
    const isTooLate = now - failingSince >= options.holdTimeout;
    const isHopeless = codedAttempts > CODED_ATTEMPTS || now - owedSince >= CODED_PATIENCE;
    const error = finalError(result, isTooLate, isHopeless);
    if (error) throw new DeliveryError(at, error);
    const delay =
      result.kind === 'failed' ? CODED_DELAY * 2 ** (codedAttempts - 1) : FIRST_DELAY * 2 ** attempts;
    attempts = Math.min(attempts + 1, 10);
    try {
      await sleep(clock, Math.min(delay, LONGEST_DELAY), signal);
    } catch {
      throw reasonOf(signal);
    }
  }
}

/** Waits for `work` at most `holdTimeout`, whether or not it heeds its signal. */
export async function within<T>(
  options: Pick<DeliveryOptions, 'clock' | 'holdTimeout' | 'signal'>,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { clock, holdTimeout, signal } = options;
  if (signal.aborted) throw reasonOf(signal);
  const inner = new AbortController();
  const abort = (): void => inner.abort(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  const timer = clock.after(holdTimeout, () => inner.abort(unreachable()));
  try {
    return await new Promise<T>((resolve, reject) => {
      inner.signal.addEventListener('abort', () => reject(reasonOf(inner.signal)), { once: true });
      work(inner.signal).then(resolve, reject);
    });
  } finally {
    signal.removeEventListener('abort', abort);
    await timer.dispose();
  }
}

/** What an aborted signal stands for. */
export function reasonOf(signal: AbortSignal): KinoportError {
  return isKinoportError(signal.reason) ? signal.reason : abortedError();
}

function current(entry: StreamEntry): StreamRegistration {
  const { registration } = entry;
  if (!registration) throw new KinoportError('STREAM_NOT_FOUND', 'There is no such stream.');
  return registration;
}

function writable(sink: ByteSink, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(reasonOf(signal));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    sink.whenWritable(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    });
  });
}

function ifNotAborted(signal: AbortSignal, at: number, error: unknown): Error {
  if (signal.aborted) return reasonOf(signal);
  return new DeliveryError(at, isKinoportError(error) ? error : unreachable(error));
}

function finalError(
  result: Exclude<PullResult, { readonly kind: 'done' }>,
  isTooLate: boolean,
  isHopeless: boolean,
): KinoportError | undefined {
  if (result.kind === 'broken') return isTooLate ? unreachable(result.cause) : undefined;
  const isFinal = isKinoportError(result.error, ...FINAL) || isHopeless || isTooLate;
  return isFinal ? result.error : undefined;
}

export function unreachable(cause?: unknown): KinoportError {
  return new KinoportError('SOURCE_UNREACHABLE', 'The source of the stream did not answer in time.', {
    hint: 'Look at the state of the source plugin with: kinoport plugin list.',
    cause,
  });
}
