import { abortedError, type Clock, type Disposable, KinoportError, PRODUCT } from '@kinoport/core';
import type { Agent, Dispatcher } from 'undici';
import { errorCode, timeoutError, unreachableError } from './errors.ts';

export type Body = Dispatcher.ResponseData['body'];

export interface HttpAnswer {
  readonly status: number;
  /** One value of a header; of several the first. */
  readonly header: (name: string) => string | undefined;
  readonly body: Body;
  /** Where it came from, after redirects. */
  readonly url: URL;
  /** Ends the request at once, whether or not its body was read. */
  readonly close: (reason?: Error) => void;
}

export interface GetOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent to the origin of the address only, whatever it redirects to. */
  readonly authorization?: string;
  readonly signal?: AbortSignal;
  /** Milliseconds to the head of the answer, redirects included; default 8000. */
  readonly timeout?: number;
}

const MAX_REDIRECTS = 5;
const HEAD_TIMEOUT_MS = 8_000;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** GET requests that follow redirects by our rules. Statuses are the caller's to judge. */
export class HttpClient implements Disposable {
  readonly #clock: Clock;
  #agent: Promise<Agent> | undefined;
  #disposed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * @throws KinoportError `SOURCE_UNREACHABLE` (refused, no such host, no head in time), `SOURCE_FAILED` (too
   *   many or unsafe redirects), `ABORTED`
   */
  async get(address: URL, options: GetOptions = {}): Promise<HttpAnswer> {
    const timeout = options.timeout ?? HEAD_TIMEOUT_MS;
    const controller = new AbortController();
    const abort = (): void => controller.abort(abortedError());
    if (options.signal?.aborted) throw abortedError();
    options.signal?.addEventListener('abort', abort, { once: true });
    let url = address;
    const timer = this.#clock.after(timeout, () => controller.abort(timeoutError(url, timeout / 1000)));
    const unlink = (): void => options.signal?.removeEventListener('abort', abort);
    try {
      for (let hops = 0; ; hops++) {
        const answer = await this.#once(url, address, options, controller.signal);
        const location = REDIRECTS.has(answer.statusCode) ? one(answer.headers.location) : undefined;
        if (location === undefined) {
          answer.body.once('close', unlink);
          return {
            status: answer.statusCode,
            header: (name) => one(answer.headers[name]),
            body: answer.body,
            url,
            close: (reason) => controller.abort(reason ?? abortedError()),
          };
        }
        answer.body.destroy();
        if (hops >= MAX_REDIRECTS)
          throw redirectError(url, 'sends from one address to the next without an end');
        url = redirected(url, location);
      }
    } catch (error) {
      unlink();
      const { reason } = controller.signal;
      if (controller.signal.aborted && reason instanceof KinoportError) throw reason;
      if (error instanceof KinoportError) throw error;
      throw unreachableError(url, error);
    } finally {
      void timer.dispose();
    }
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    await (await this.#agent)?.destroy();
  }

  #connections(): Promise<Agent> {
    if (this.#disposed) throw new KinoportError('DISPOSED', 'The source is shutting down.');
    this.#agent ??= loadAgent();
    return this.#agent;
  }

  async #once(
    url: URL,
    address: URL,
    options: GetOptions,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    const headers = {
      accept: '*/*',
      'accept-encoding': 'identity',
      'user-agent': `${PRODUCT.name}/${PRODUCT.apiVersion}`,
      ...options.headers,
      ...(options.authorization !== undefined && url.origin === address.origin
        ? { authorization: options.authorization }
        : {}),
    };
    for (let attempt = 0; ; attempt++) {
      try {
        const dispatcher = await this.#connections();
        const answer = await dispatcher.request({
          origin: url.origin,
          path: url.pathname + url.search,
          method: 'GET',
          headers,
          signal,
        });
        // A body that is destroyed unread emits an error, which without a listener would end the process.
        answer.body.on('error', () => {});
        return answer;
      } catch (error) {
        // A kept connection may have been closed by the server in the moment it was used again.
        const stale = ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes(errorCode(error) ?? '');
        if (!stale || attempt > 0 || signal.aborted) throw error;
      }
    }
  }
}

/** Loaded with the first web address: undici takes 60 ms and more, which a local film need not wait for. */
async function loadAgent(): Promise<Agent> {
  // Bundled on its own, a CommonJS library has no named exports.
  const { Agent } = (await import('undici')).default;
  // Our own timers, so that time can be virtual; undici's would run on the machine's clock.
  return new Agent({
    connect: { timeout: 0 },
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: 32_768,
    keepAliveTimeout: 4_000,
  });
}

function redirected(from: URL, location: string): URL {
  const url = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:') || location.length > 8_192)
    throw redirectError(from, 'redirects to something that is no web address');
  if (from.protocol === 'https:' && url.protocol === 'http:')
    throw redirectError(from, 'redirects from https to plain http');
  url.username = '';
  url.password = '';
  url.hash = '';
  return url;
}

function redirectError(url: URL, what: string): KinoportError {
  return new KinoportError('SOURCE_FAILED', `The server ${url.host} ${what}.`, {
    hint: 'Give the address of the file itself.',
    data: { host: url.host },
  });
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
