import { abortedError, type Clock, KinoportError, PRODUCT, systemClock } from '@kinoport/core';
import { MAX_TORRENT } from './parseTorrent.ts';
import { invalid } from './text.ts';

export interface DownloadOptions {
  /** The machine's when there is none. */
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  readonly fetch?: typeof fetch;
}

export type Downloaded =
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  | { readonly type: 'magnet'; readonly uri: string };

/** To the last byte. */
const TIMEOUT_MS = 20_000;
const MAX_REDIRECTS = 5;
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];

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
  try {
    return await follow(address, options.fetch ?? fetch, controller.signal);
  } catch (cause) {
    if (controller.signal.reason instanceof KinoportError) throw controller.signal.reason;
    if (cause instanceof KinoportError) throw cause;
    throw unreachable(address, 'cannot be reached', cause);
  } finally {
    void timer.dispose();
    options.signal?.removeEventListener('abort', abort);
    controller.abort();
  }
}

async function follow(address: URL, get: typeof fetch, signal: AbortSignal): Promise<Downloaded> {
  let url = address;
  let authorization = takeCredentials(url);
  for (let hops = 0; ; hops++) {
    const response = await get(url, {
      redirect: 'manual',
      headers: {
        accept: 'application/x-bittorrent, application/octet-stream;q=0.9, */*;q=0.5',
        'user-agent': `${PRODUCT.name}/${PRODUCT.apiVersion}`,
        ...(authorization === undefined ? {} : { authorization }),
      },
      signal,
    });
    const location = REDIRECTS.includes(response.status) ? response.headers.get('location') : null;
    if (location === null) return { type: 'bytes', bytes: await read(response, url) };
    if (/^magnet:/i.test(location)) return { type: 'magnet', uri: location };
    if (hops >= MAX_REDIRECTS) throw failed(url, 'sends from one address to the next without an end');
    const next = redirected(url, location);
    if (next.origin !== url.origin) authorization = undefined;
    url = next;
  }
}

/** `fetch` refuses addresses that hold a name and a password. */
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

async function read(response: Response, url: URL): Promise<Uint8Array> {
  if (!response.ok) throw statusError(response.status, url);
  const type = response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (
    /^(text\/(html|xml|css|javascript)|application\/(json|xml|pdf|zip)|image\/.*|video\/.*|audio\/.*)$/.test(
      type,
    )
  )
    throw invalid(`${url.host} answers with ${type}`);
  const tooLarge = invalid('it is larger than 16 MiB');
  if (Number(response.headers.get('content-length')) > MAX_TORRENT) throw tooLarge;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > MAX_TORRENT) throw tooLarge;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
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
