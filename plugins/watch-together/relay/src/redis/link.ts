import { type Clock, type Disposable, KinoportError, sleep } from '@kinoport/core';
import { Redis, type RedisOptions } from 'ioredis';

/** Where the store is. */
export interface RedisAddress {
  /** `redis://` or `rediss://`, without a password. */
  readonly url: string;
  readonly password?: string;
}

/** Milliseconds that a command, and a connection, may take. */
const COMMAND = 2000;
const CONNECT = 5000;
/** Tries to connect at the start, and milliseconds between them. */
const TRIES = 4;
const AGAIN = 300;
/** Milliseconds between two tries later on, at most. */
const LONGEST = 1000;

/**
 * Two connections to the server, for commands and for what is published. A lost one is opened again for ever, at most
 * once a second; a command is never sent twice, and fails at once while there is no connection.
 */
export class RedisLink implements Disposable {
  readonly commands: Redis;
  readonly subscriber: Redis;
  #started = false;
  #why = 'no answer';

  /** `turned`: a connection was lost, or is there again. */
  constructor({ url, password }: RedisAddress, turned: () => void) {
    const options: RedisOptions = {
      ...placeOf(url),
      ...(password === undefined ? {} : { password }),
      lazyConnect: true,
      connectTimeout: CONNECT,
      commandTimeout: COMMAND,
      maxRetriesPerRequest: 0,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      // Whoever subscribes again has to know when that is done.
      autoResubscribe: false,
      retryStrategy: (times) => (this.#started ? Math.min(50 * 2 ** Math.min(times, 6), LONGEST) : null),
    };
    this.commands = new Redis(options);
    this.subscriber = new Redis(options);
    for (const connection of [this.commands, this.subscriber]) {
      connection.on('error', (error) => {
        this.#why = error.message || String(error);
      });
      for (const event of ['ready', 'close'] as const)
        connection.on(event, () => {
          if (this.#started) turned();
        });
    }
  }

  /** Whether both connections are there. */
  get isConnected(): boolean {
    return this.commands.status === 'ready' && this.subscriber.status === 'ready';
  }

  /** What was wrong last. */
  get why(): string {
    return this.#why;
  }

  /** @throws KinoportError `RELAY_START_FAILED` */
  async open(clock: Clock): Promise<void> {
    for (let tries = 1; !this.isConnected; tries += 1) {
      try {
        for (const connection of [this.commands, this.subscriber])
          if (connection.status !== 'ready') await connection.connect();
      } catch (cause) {
        if (tries === TRIES)
          throw new KinoportError('RELAY_START_FAILED', `Redis cannot be reached: ${this.#why}`, {
            hint: 'See whether it runs there, and whether address and password are its own.',
            cause,
          });
        await sleep(clock, AGAIN);
      }
    }
    this.#started = true;
  }

  dispose(): void {
    this.#started = false;
    this.commands.disconnect();
    this.subscriber.disconnect();
  }
}

/** The library takes a user in an address for one without a password, whatever the options say. */
function placeOf(url: string): RedisOptions {
  const { protocol, hostname, port, username, pathname } = new URL(url);
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || 6379),
    db: Number(pathname.slice(1) || 0),
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
  };
}
