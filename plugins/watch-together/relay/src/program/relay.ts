import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  type Clock,
  type Disposable,
  DisposableStore,
  isKinoportError,
  KinoportError,
  PRODUCT,
} from '@kinoport/core';
import { TrustedProxies } from '../net/address.ts';
import { AddressLimits } from '../net/addressLimits.ts';
import { Door } from '../net/door.ts';
import { Metrics } from '../net/metrics.ts';
import { serveMetrics } from '../net/metricsServer.ts';
import { Pages } from '../net/pages.ts';
import { RelayServer, type TlsFiles } from '../net/server.ts';
import { MemoryStore } from '../rooms/memoryStore.ts';
import { Rooms } from '../rooms/rooms.ts';
import type { RoomStore } from '../rooms/store.ts';
import { type Reachable, reachableAt } from './addresses.ts';
import { connectionsPossible } from './descriptors.ts';
import type { Log } from './log.ts';
import type { RelayOptions } from './options.ts';

/** Milliseconds for members to go when the relay is ended. */
const PATIENCE = 5000;

/** A relay that runs. */
export interface Relay extends Disposable {
  readonly port: number;
  readonly metricsPort: number | undefined;
  readonly reachable: Reachable;
  /** Resolves when it has had no room for as long as it was told to stay without; else never. */
  readonly unused: Promise<void>;
  /** Reads certificate and key again. @throws KinoportError `RELAY_START_FAILED`; the old ones stay then */
  reload(): void;
  /** Tells members to come back, takes nobody new, and ends. */
  drain(): Promise<void>;
}

/** @throws KinoportError `RELAY_START_FAILED`, `INVALID_ARGUMENT` */
export async function startRelay(
  options: RelayOptions,
  { clock, log, store: given }: { readonly clock: Clock; readonly log: Log; readonly store?: RoomStore },
): Promise<Relay> {
  const owned = new DisposableStore();
  try {
    const tls = options.tls && readTls(options.tls);
    const proxies = new TrustedProxies(options.trustedProxies);
    const metrics = owned.add(new Metrics());
    const limits = owned.add(
      new AddressLimits({
        clock,
        connections: options.connectionsPerAddress,
        rooms: options.roomsPerAddress,
      }),
    );
    const relay = randomBytes(6).toString('base64url');
    const store = owned.add(given ?? (await openStore(options, { relay, clock, log, metrics })));
    const failed = (error: unknown): void => {
      // The store tells itself when it is away, once.
      if (isKinoportError(error, 'RELAY_STORE')) return;
      metrics.count('failures_total');
      log('fault', { error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) });
    };
    const rooms = owned.add(
      new Rooms({
        store,
        clock,
        policy: options.policy,
        maxRooms: options.maxRooms,
        relay,
        mayGuess: (address) => limits.guess(address),
        failed,
      }),
    );
    const agent = `${PRODUCT.command}-relay/${PRODUCT.apiVersion}`;
    const { members, seatKept } = options.policy;
    const door = new Door({
      rooms,
      limits,
      metrics,
      clock,
      welcome: { agent, members, seatKept },
      ...(options.createToken === undefined ? {} : { createToken: options.createToken }),
    });
    const maxConnections = Math.min(options.maxConnections, connectionsPossible());
    let draining = false;
    const secure = tls !== undefined || options.publicUrl?.startsWith('https:') === true;
    const server: RelayServer = new RelayServer({
      door,
      limits,
      proxies,
      clock,
      ...(tls ? { tls } : {}),
      maxConnections,
      origins: new Set(options.origins.map((origin) => origin.toLowerCase().replace(/\/+$/, ''))),
      log,
      pages: new Pages({
        publicUrl: options.publicUrl,
        secure,
        health: () => ({
          status: draining ? 'draining' : 'ok',
          rooms: rooms.size,
          connections: server.connections,
          version: agent,
        }),
      }),
    });
    const { port } = await server.listen(options.host, options.port);
    owned.add(server);
    metrics.gauge('rooms', 'Rooms now.', () => rooms.size);
    metrics.gauge('connections', 'Connections now.', () => server.connections);
    const figures =
      options.metricsPort === undefined
        ? undefined
        : owned.add(await serveMetrics(metrics, options.metricsPort));
    const unused = Promise.withResolvers<void>();
    if (options.endWhenEmpty !== undefined)
      owned.add(watchUse(clock, () => rooms.size > 0, options.endWhenEmpty, unused.resolve));
    log('started', { port, tls: tls !== undefined, maxConnections });
    return {
      port,
      metricsPort: figures?.port,
      unused: unused.promise,
      reachable: reachableAt({
        host: options.host,
        port,
        secure: tls !== undefined,
        ...(options.publicUrl === undefined ? {} : { publicUrl: options.publicUrl }),
      }),
      reload() {
        if (!options.tls) return;
        server.reload(readTls(options.tls));
        log('certificate read again');
      },
      async drain() {
        draining = true;
        log('draining', { connections: server.connections });
        rooms.drain();
        await server.drain(PATIENCE, options.moveTo);
        await owned.dispose();
        log('ended');
      },
      dispose: () => owned.dispose(),
    };
  } catch (error) {
    await owned.dispose();
    throw error;
  }
}

/** Looks once a second: what came and went between two looks was there too short to count. */
function watchUse(clock: Clock, isUsed: () => boolean, patience: number, unused: () => void): Disposable {
  let usedAt = clock.now();
  return clock.every(1000, () => {
    if (isUsed()) usedAt = clock.now();
    else if (clock.now() - usedAt >= patience) unused();
  });
}

async function openStore(
  { redis }: RelayOptions,
  {
    metrics,
    ...here
  }: { readonly relay: string; readonly clock: Clock; readonly log: Log; readonly metrics: Metrics },
): Promise<RoomStore> {
  if (!redis) return new MemoryStore(here.clock);
  // A client of half a megabyte, which most relays do not need.
  const { RedisStore } = await import('../redis/redisStore.ts');
  const { prefix, ...address } = redis;
  const store = await RedisStore.open({ ...here, address, prefix });
  metrics.gauge('store_up', 'Whether Redis answers: 1, else 0.', () => (store.isUp ? 1 : 0));
  metrics.gauge(
    'store_clock_bound_seconds',
    "What this relay's idea of the clock of rooms may be off.",
    () => store.clockBound / 1000,
  );
  return store;
}

function readTls({ cert, key }: NonNullable<RelayOptions['tls']>): TlsFiles {
  try {
    return { cert: readFileSync(cert), key: readFileSync(key) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new KinoportError('RELAY_START_FAILED', `Certificate or key cannot be read: ${why}`, {
      cause: error,
    });
  }
}
