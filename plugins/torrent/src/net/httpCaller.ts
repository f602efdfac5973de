import { Agent, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps, Agent as SecureAgent } from 'node:https';
import type { Readable } from 'node:stream';
import { createUnzip } from 'node:zlib';
import type { Disposable } from '@kinoport/core';
import { RefusedAddressError, type SsrfGuard } from './ssrfGuard.ts';

export interface GetOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Redirects that are followed; default 5. Each is checked as the first address was. */
  readonly redirects?: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  /** Without the encoding that it was sent in. Destroyed, the connection ends. */
  readonly body: Readable;
  readonly url: URL;
  /** Address that it came from. */
  readonly remote: string;
}

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
const LONGEST_URL = 8192;

/** GET requests to servers that strangers name: none is connected to that the guard has not checked. */
export class HttpCaller implements Disposable {
  readonly guard: SsrfGuard;
  readonly #agents = {
    'http:': new Agent({ keepAlive: true }),
    'https:': new SecureAgent({ keepAlive: true }),
  };

  constructor(guard: SsrfGuard) {
    this.guard = guard;
  }

  /** @throws RefusedAddressError, or what the connection says */
  async get(address: URL, options: GetOptions = {}): Promise<HttpAnswer> {
    const { redirects = 5 } = options;
    let url = address;
    for (let hops = 0; ; hops += 1) {
      const answer = await this.#once(url, options);
      const location = locationOf(answer);
      if (location === undefined || redirects === 0) return answer;
      answer.body.destroy();
      if (hops >= redirects) throw new Error(`${url.host} redirects too often.`);
      url = redirected(url, location);
    }
  }

  dispose(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }

  async #once(url: URL, options: GetOptions): Promise<HttpAnswer> {
    if (!this.guard.mayBe(url.href)) throw new RefusedAddressError(url.hostname);
    try {
      return await this.#request(url, options);
    } catch (error) {
      // The server may have closed a kept connection in the moment it was used again.
      if (!(error instanceof StaleError)) throw error;
      return this.#request(url, options);
    }
  }

  #request(url: URL, { headers, signal }: GetOptions): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const isSecure = url.protocol === 'https:';
      const request = (isSecure ? requestHttps : requestHttp)(url, {
        agent: this.#agents[isSecure ? 'https:' : 'http:'],
        lookup: this.guard.lookupOf(url),
        headers: { ...headers },
        ...(signal ? { signal } : {}),
      });
      request.once('response', (response) => resolve(answerOf(url, response)));
      request.on('error', (error: Error & { code?: string }) =>
        reject(request.reusedSocket && error.code === 'ECONNRESET' ? new StaleError() : error),
      );
      request.end();
    });
  }
}

class StaleError extends Error {}

function answerOf(url: URL, response: IncomingMessage): HttpAnswer {
  const header = (name: string): string | undefined => {
    const value = response.headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  const isPacked = /^(x-)?(gzip|deflate)$/i.test(header('content-encoding') ?? '');
  const body = isPacked ? response.pipe(createUnzip()) : response;
  if (body !== response) {
    response.once('error', (error) => body.destroy(error));
    body.once('close', () => response.destroy());
  }
  // What is destroyed unread emits an error, which without a listener would end the process.
  body.on('error', () => undefined);
  return {
    status: response.statusCode ?? 0,
    header,
    body,
    url,
    remote: response.socket.remoteAddress ?? '',
  };
}

/** Where an answer sends on to; `undefined` when it is one. */
export function locationOf({ status, header }: HttpAnswer): string | undefined {
  return REDIRECTS.includes(status) ? header('location') : undefined;
}

function redirected(from: URL, location: string): URL {
  const url = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  const isHttp = url?.protocol === 'https:' || url?.protocol === 'http:';
  if (!url || !isHttp || location.length > LONGEST_URL)
    throw new Error(`${from.host} redirects to something that is no web address.`);
  return url;
}

export class TooLongError extends Error {}

/** A whole body. @throws TooLongError when it is longer than `limit` bytes */
export async function readAll(body: Readable, limit: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of body as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > limit) throw new TooLongError('The answer is too long.');
    parts.push(part);
  }
  return Buffer.concat(parts);
}
