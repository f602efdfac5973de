import { abortedError, type Clock, KinoportError, PRODUCT, systemClock } from '@kinoport/core';
import { isPublic } from '../net/addresses.ts';
import { type HttpAnswer, HttpCaller, locationOf, readAll, TooLongError } from '../net/httpCaller.ts';
import { RefusedAddressError, SsrfGuard } from '../net/ssrfGuard.ts';
import { MAX_TORRENT } from './parseTorrent.ts';
import { invalid } from './text.ts';

export interface DownloadOptions {
  /** The machine's when there is none. */
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  /** Whether a server at this address is one of the internet; known by the address as a rule. */
  readonly isPublic?: (address: string) => boolean;
}

export type Downloaded =
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  | { readonly type: 'magnet'; readonly uri: string };

/** To the last byte. */
const TIMEOUT_MS = 20_000;
const MAX_REDIRECTS = 5;

/**
 * Fetches a `.torrent`. Sites that index torrents redirect to magnet links, so these are an answer too.
 * @throws KinoportError `TORRENT_INVALID`, `SOURCE_NOT_FOUND`, `SOURCE_FORBIDDEN`, `SOURCE_FAILED`, `SOURCE_UNREACHABLE`,
 *   `ABORTED`
 */
export async function download(address: URL, options: DownloadOptions): Promise<Downloaded> {
  const controller = new AbortController();
  const abort = (): void => controller.abort(abortedError());
  options.signal?.addEventListener('abort', abort, { once: true });
  const timer = (options.clock ?? systemClock).after(TIMEOUT_MS, () =>
    controller.abort(unreachable(address, `did not send the torrent within ${TIMEOUT_MS / 1000} s`)),
  );
  const anywhere = new HttpCaller(new SsrfGuard({ enabled: false }));
  const outside = new HttpCaller(new SsrfGuard({ enabled: true }));
  try {
    return await follow(address, { anywhere, outside }, options.isPublic ?? isPublic, controller.signal);
  } catch (cause) {
    if (controller.signal.reason instanceof KinoportError) throw controller.signal.reason;
    if (cause instanceof KinoportError) throw cause;
    if (cause instanceof RefusedAddressError)
      throw failed(address, 'sends on to an address of this machine or of a private network');
    throw unreachable(address, 'cannot be reached', cause);
  } finally {
    void timer.dispose();
    anywhere.dispose();
    outside.dispose();
    options.signal?.removeEventListener('abort', abort);
    controller.abort();
  }
}

interface Callers {
  readonly anywhere: HttpCaller;
  readonly outside: HttpCaller;
}

/** The viewer may ask whomever they like; a server of the internet sends on within the internet only. */
async function follow(
  address: URL,
  callers: Callers,
  isOutside: (address: string) => boolean,
  signal: AbortSignal,
): Promise<Downloaded> {
  let url = address;
  let authorization = takeCredentials(url);
  let caller = callers.anywhere;
  for (let hops = 0; ; hops++) {
    const answer = await caller.get(url, {
      redirects: 0,
      headers: {
        accept: 'application/x-bittorrent, application/octet-stream;q=0.9, */*;q=0.5',
        'accept-encoding': 'gzip',
        'user-agent': `${PRODUCT.name}/${PRODUCT.apiVersion}`,
        ...(authorization === undefined ? {} : { authorization }),
      },
      signal,
    });
    const location = locationOf(answer);
    if (location === undefined) return { type: 'bytes', bytes: await read(answer) };
    answer.body.destroy();
    if (/^magnet:/i.test(location)) return { type: 'magnet', uri: location };
    if (hops >= MAX_REDIRECTS) throw failed(url, 'sends from one address to the next without an end');
    const next = redirected(url, location);
    if (next.origin !== url.origin) authorization = undefined;
    if (isOutside(answer.remote)) caller = callers.outside;
    url = next;
  }
}

/** They go to the server that they are for, and into no message. */
function takeCredentials(url: URL): string | undefined {
  if (url.username === '' && url.password === '') return undefined;
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = '';
  url.password = '';
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

function redirected(from: URL, location: string): URL {
  const url = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:') || location.length > 8_192)
    throw failed(from, 'redirects to something that is no web address');
  if (from.protocol === 'https:' && url.protocol === 'http:')
    throw failed(from, 'redirects from https to plain http');
  url.username = '';
  url.password = '';
  return url;
}

async function read({ status, header, body, url }: HttpAnswer): Promise<Uint8Array> {
  if (status < 200 || status > 299) throw statusError(status, url);
  const type = header('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (
    /^(text\/(html|xml|css|javascript)|application\/(json|xml|pdf|zip)|image\/.*|video\/.*|audio\/.*)$/.test(
      type,
    )
  )
    throw invalid(`${url.host} answers with ${type}`);
  if (Number(header('content-length')) > MAX_TORRENT) throw invalid('it is larger than 16 MiB');
  return readAll(body, MAX_TORRENT).catch((error: unknown) => {
    throw error instanceof TooLongError ? invalid('it is larger than 16 MiB') : error;
  });
}

function statusError(status: number, url: URL): KinoportError {
  if (status === 404 || status === 410)
    return new KinoportError('SOURCE_NOT_FOUND', `The server ${url.host} has no such torrent.`);
  if (status === 401 || status === 403)
    return new KinoportError('SOURCE_FORBIDDEN', `The server ${url.host} does not give this torrent out.`);
  return failed(url, `answered with the status ${status}`);
}

function failed(url: URL, what: string): KinoportError {
  return new KinoportError('SOURCE_FAILED', `The server ${url.host} ${what}.`);
}

function unreachable(url: URL, what: string, cause?: unknown): KinoportError {
  return new KinoportError('SOURCE_UNREACHABLE', `The server ${url.host} ${what}.`, {
    hint: 'Check the address and the connection.',
    cause,
  });
}
