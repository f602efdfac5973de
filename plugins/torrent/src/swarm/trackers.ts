import { stringify } from 'node:querystring';
import { type Clock, PRODUCT } from '@kinoport/core';
import { isNear, isPublic } from '../net/addresses.ts';
import { type HttpCaller, readAll } from '../net/httpCaller.ts';
import type { SsrfGuard } from '../net/ssrfGuard.ts';
import type { BencodeCodec } from './harden.ts';

/**
 * What goes from an engine to its trackers, in the place of a proxy: bittorrent-tracker hands nothing else on to all of
 * them. The agents are for trackers by WebSocket.
 */
export interface TrackerProxy {
  readonly socksProxy: null;
  readonly httpAgent: object;
  readonly httpsAgent: object;
  readonly caller: HttpCaller;
  readonly clock: Clock;
}

interface TrackerClient {
  readonly _trackers: readonly object[];
  readonly _proxyOpts?: TrackerProxy;
  emit(event: string, ...values: unknown[]): boolean;
}

export type TrackerClass = new (options: {
  readonly infoHash: string;
  readonly peerId: string;
  readonly port: number;
  readonly announce: readonly string[];
}) => TrackerClient;

interface Tracker {
  client: TrackerClient;
  announceUrl: string;
  readonly destroyed: boolean;
  readonly cleanupFns: (() => void)[];
  readonly maybeDestroyCleanup: (() => void) | null;
}

type Done = (error: unknown, data?: unknown) => void;

interface AnyTracker {
  setInterval(ms?: number | null): void;
}

interface HttpTracker extends Tracker {
  _request(url: string, parameters: object, done: Done): Promise<void>;
}

interface UdpTracker extends Tracker {
  _request(parameters: object): void;
}

/** Milliseconds, as for trackers by UDP. */
const TIMEOUT = 15_000;
/** Between announcements, milliseconds: a tracker's wish counts within these. Beyond 2^31 a timer runs at once. */
const INTERVAL = { shortest: 30_000, longest: 24 * 60 * 60_000 };
/** An answer with 10 000 peers is 60 KB. */
const LONGEST = 4 * 1024 * 1024;

const guarded = new WeakSet<object>();

/**
 * Has bittorrent-tracker ask only trackers that the guard allows, at the address that was checked. Its HTTP is ours: of
 * its own an answer that breaks off, or is no dictionary, is a rejection that nobody sees, and one without an end fills
 * the memory.
 */
export function guardTrackers(tracker: TrackerClass, { decode }: BencodeCodec): void {
  if (guarded.has(tracker)) return;
  guarded.add(tracker);
  const none = '00'.repeat(20);
  // Its classes are not exported. Nobody is called before `start`.
  const [http, udp] = new tracker({
    infoHash: none,
    peerId: none,
    port: 1,
    announce: ['http://127.0.0.1:1/announce', 'udp://127.0.0.1:1'],
  })._trackers;
  const httpPrototype = Object.getPrototypeOf(http) as HttpTracker;
  httpPrototype._request = async function (url, parameters, done) {
    const { _proxyOpts: proxy } = this.client;
    if (!proxy) return done(new Error(`${this.announceUrl} is not asked.`));
    const controller = new AbortController();
    const stop = (): void => controller.abort(new Error(`${this.announceUrl} was given up.`));
    const timer = proxy.clock.after(TIMEOUT, stop);
    this.cleanupFns.push(stop);
    let data: unknown;
    try {
      const { found, isLocal } = await askByHttp(proxy.caller, url, parameters, decode, controller.signal);
      keepNearPeersOut(this, isLocal);
      data = found;
    } catch (error) {
      if (!this.destroyed) done(error);
      return;
    } finally {
      void timer.dispose();
      settle(this, stop);
    }
    if (this.destroyed) return;
    try {
      done(null, data);
    } catch (error) {
      this.client.emit('warning', error);
    }
  };

  const anyPrototype = Object.getPrototypeOf(httpPrototype) as AnyTracker;
  const { setInterval: announceEach } = anyPrototype;
  anyPrototype.setInterval = function (ms) {
    const wish = typeof ms === 'number' && ms > 0 ? ms : undefined;
    announceEach.call(this, wish && Math.min(Math.max(wish, INTERVAL.shortest), INTERVAL.longest));
  };

  const udpPrototype = Object.getPrototypeOf(udp) as UdpTracker;
  const { _request } = udpPrototype;
  udpPrototype._request = function (parameters) {
    const guard = this.client._proxyOpts?.caller.guard;
    let isGivenUp = false;
    const stop = (): void => {
      isGivenUp = true;
    };
    this.cleanupFns.push(stop);
    const url = new URL(this.announceUrl.replace(/^udp:/i, 'http:'));
    addressOf(guard, url).then(
      (address) => {
        if (!isGivenUp) {
          keepNearPeersOut(this, !isPublic(address));
          // It reads the address at once and resolves what it finds there at each packet anew.
          const { announceUrl } = this;
          this.announceUrl = `udp://${address}:${url.port || 80}`;
          try {
            _request.call(this, parameters);
          } finally {
            this.announceUrl = announceUrl;
          }
        }
        settle(this, stop);
      },
      (error: unknown) => {
        settle(this, stop);
        if (!this.destroyed) this.client.emit('warning', error);
      },
    );
  };
}

async function addressOf(guard: SsrfGuard | undefined, url: URL): Promise<string> {
  if (!guard) throw new Error(`${url.host} is not asked.`);
  return guard.resolve(url);
}

async function askByHttp(
  caller: HttpCaller,
  url: string,
  parameters: object,
  decode: BencodeCodec['decode'],
  signal: AbortSignal,
): Promise<{ readonly found: object; readonly isLocal: boolean }> {
  const address = new URL(`${url}${url.includes('?') ? '&' : '?'}${queryOf(parameters)}`);
  const { status, body, remote } = await caller.get(address, {
    signal,
    headers: { 'user-agent': `${PRODUCT.name}/${PRODUCT.apiVersion}`, 'accept-encoding': 'gzip' },
  });
  if (status !== 200) {
    body.destroy();
    throw new Error(`${address.host} answers with the status ${status}.`);
  }
  const bytes = await readAll(body, LONGEST);
  const found = decode(bytes);
  if (typeof found !== 'object' || found === null || Array.isArray(found) || found instanceof Uint8Array)
    throw new Error(`The answer of ${address.host} is no dictionary.`);
  const { 'failure reason': failure } = found as Record<string, unknown>;
  if (failure !== undefined) throw new Error(`${address.host}: ${textOf(failure)}`);
  return { found, isLocal: !isPublic(remote) };
}

/** Infohash and peer id are any bytes, one a character. */
function queryOf(parameters: object): string {
  return stringify({ ...parameters }, undefined, undefined, { encodeURIComponent: escapeLatin1 });
}

function escapeLatin1(text: string): string {
  return text.replace(
    /[^A-Za-z0-9\-._~]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

function textOf(value: unknown): string {
  const text = value instanceof Uint8Array ? Buffer.from(value).toString() : String(value);
  return text.slice(0, 300);
}

/** Of peers on this machine or its link only a tracker that is as near can know. */
function keepNearPeersOut(tracker: Tracker, isLocal: boolean): void {
  const { client } = tracker;
  if (isLocal || !client._proxyOpts?.caller.guard.isEnabled || guarded.has(client)) return;
  const outer: TrackerClient = Object.create(client, {
    emit: {
      value: (event: string, ...values: unknown[]): boolean => {
        if (event === 'peer' && isNear(hostOf(String(values[0])))) return false;
        return client.emit(event, ...values);
      },
    },
  });
  guarded.add(outer);
  tracker.client = outer;
}

function hostOf(address: string): string {
  return address.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}

function settle(tracker: Tracker, stop: () => void): void {
  const at = tracker.cleanupFns.indexOf(stop);
  if (at >= 0) tracker.cleanupFns.splice(at, 1);
  tracker.maybeDestroyCleanup?.();
}
