import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { parseArgs } from 'node:util';
import { KinoportError, PRODUCT } from '@kinoport/core';
import type { RedisAddress } from '../redis/link.ts';
import { DEFAULT_POLICY, type RoomPolicy } from '../room/state.ts';

export interface RelayOptions {
  readonly host: string;
  readonly port: number;
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly publicUrl?: string;
  readonly insecure: boolean;
  readonly trustedProxies: readonly string[];
  readonly origins: readonly string[];
  readonly createToken?: string;
  readonly metricsPort?: number;
  readonly maxRooms: number;
  readonly maxConnections: number;
  readonly connectionsPerAddress: number;
  readonly roomsPerAddress: number;
  readonly policy: RoomPolicy;
  /** Where rooms are shared with other relays. */
  readonly redis?: RedisAddress & { readonly prefix: string };
  /** Address that members are sent to when this relay is ended. */
  readonly moveTo?: string;
  /** Milliseconds without a room after which it ends; undefined: it stays. */
  readonly endWhenEmpty?: number;
  /** Where it writes how it can be reached, once it can, and no longer when it ends. */
  readonly readyFile?: string;
  /** No log. */
  readonly silent: boolean;
}

const text = { type: 'string' } as const;
const many = { type: 'string', multiple: true } as const;
const flag = { type: 'boolean' } as const;

const OPTIONS = {
  host: text,
  port: text,
  'tls-cert': text,
  'tls-key': text,
  'public-url': text,
  insecure: flag,
  'trusted-proxy': many,
  'allow-origin': many,
  'create-token-file': text,
  'metrics-port': text,
  'max-rooms': text,
  'max-members': text,
  'max-connections': text,
  'connections-per-address': text,
  'rooms-per-address': text,
  'seat-kept': text,
  'room-idle': text,
  'move-to': text,
  redis: text,
  'redis-password-file': text,
  'redis-prefix': text,
  'end-when-empty': text,
  'ready-file': text,
  silent: flag,
  help: flag,
} as const;

export const HELP = `Usage: relay [options]

  --host ADDR                  address to listen at (127.0.0.1)
  --port N                     (3001)
  --tls-cert F --tls-key F     certificate chain and key, PEM; read again on SIGHUP
  --public-url URL             what links begin with, where a proxy or a name stands in front
  --insecure                   listen beyond this machine without TLS
  --trusted-proxy CIDR         believe X-Forwarded-For of these; TLS ends at them (may be repeated)
  --allow-origin ORIGIN        web pages that may connect (may be repeated)
  --create-token-file F        who opens rooms has to know what is in it; "-": standard input
  --metrics-port N             figures at http://127.0.0.1:N/metrics
  --max-rooms N                (10000)
  --max-members N              members of a room (50)
  --max-connections N          (20000)
  --connections-per-address N  (50; 0: no limit)
  --rooms-per-address N        opened in an hour (30; 0: no limit)
  --seat-kept S                seconds that the seat of a lost connection is kept (300)
  --room-idle S                seconds after which a room in which nothing happens is over (43200)
  --move-to URL                relay that members are sent to when this one is ended
  --redis URL                  share rooms with other relays: redis:// or rediss://[user@]host[:port][/db]
  --redis-password-file F      its password; "-": standard input
  --redis-prefix TEXT          what its keys begin with (kinoport:)
  --end-when-empty S           end after so many seconds without a room
  --ready-file F               write pid, port and address into it once it can be reached, as JSON
  --silent                     no log
`;

/** The variables that hold secrets, where no file does. */
export const TOKEN_VARIABLE = `${PRODUCT.envPrefix}RELAY_CREATE_TOKEN`;
export const REDIS_VARIABLE = `${PRODUCT.envPrefix}RELAY_REDIS_PASSWORD`;

const wrong = (message: string, hint?: string): KinoportError =>
  new KinoportError('USAGE', message, { hint: hint ?? 'See relay --help.' });

/**
 * Reads the command line. Undefined: help was asked for.
 * @throws KinoportError `USAGE`, `RELAY_INSECURE`
 */
export function readOptions(
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
  read: (file: string | number) => string = (file) => readFileSync(file, 'utf8'),
): RelayOptions | undefined {
  const given = parsed(argv);
  if (given.help) return undefined;
  const whole = (name: keyof typeof given & string, usual: number, most: number, least = 0): number => {
    const value = given[name];
    if (value === undefined) return usual;
    const number = /^\d{1,9}$/.test(String(value)) ? Number(value) : Number.NaN;
    if (!(number >= least && number <= most))
      throw wrong(`--${name} has to be a number from ${least} to ${most}.`);
    return number;
  };
  const { 'tls-cert': cert, 'tls-key': key, host = '127.0.0.1' } = given;
  if ((cert === undefined) !== (key === undefined)) throw wrong('--tls-cert and --tls-key belong together.');
  const trustedProxies = listed(given['trusted-proxy']);
  const insecure = given.insecure ?? false;
  if (isIP(host) === 0)
    throw wrong(`--host has to be an address of this machine, such as 0.0.0.0, not "${host}".`);
  if (!isLoopback(host) && cert === undefined && !insecure && trustedProxies.length === 0)
    throw new KinoportError('RELAY_INSECURE', `Others would reach the relay at ${host} without encryption.`, {
      hint: 'Give --tls-cert and --tls-key; --trusted-proxy CIDR if a proxy ends TLS; or --insecure.',
    });
  const token = secretOf('token', given['create-token-file'], environment[TOKEN_VARIABLE], read);
  const redis = redisOf(given, environment, read);
  const publicUrl = addressOf('public-url', given['public-url']);
  const moveTo = addressOf('move-to', given['move-to']);
  return {
    host,
    port: whole('port', 3001, 65_535),
    ...(cert === undefined || key === undefined ? {} : { tls: { cert, key } }),
    ...(publicUrl === undefined ? {} : { publicUrl }),
    insecure,
    trustedProxies,
    origins: listed(given['allow-origin']),
    ...(token === undefined ? {} : { createToken: token }),
    ...(given['metrics-port'] === undefined ? {} : { metricsPort: whole('metrics-port', 0, 65_535) }),
    maxRooms: whole('max-rooms', 10_000, 1_000_000, 1),
    maxConnections: whole('max-connections', 20_000, 1_000_000, 1),
    connectionsPerAddress: whole('connections-per-address', 50, 1_000_000),
    roomsPerAddress: whole('rooms-per-address', 30, 1_000_000),
    policy: {
      ...DEFAULT_POLICY,
      members: whole('max-members', DEFAULT_POLICY.members, 1000, 1),
      seatKept: whole('seat-kept', DEFAULT_POLICY.seatKept / 1000, 86_400, 1) * 1000,
      idle: whole('room-idle', DEFAULT_POLICY.idle / 1000, 7 * 86_400, 60) * 1000,
    },
    ...(moveTo === undefined ? {} : { moveTo }),
    ...(redis ? { redis } : {}),
    ...(given['end-when-empty'] === undefined
      ? {}
      : { endWhenEmpty: whole('end-when-empty', 0, 86_400, 1) * 1000 }),
    ...(given['ready-file'] === undefined ? {} : { readyFile: given['ready-file'] }),
    silent: given.silent ?? false,
  };
}

/** Values that were given one by one, or with commas. */
const listed = (values: readonly string[] = []): readonly string[] =>
  values.flatMap((value) => value.split(',')).filter((value) => value !== '');

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, strict: true }).values;
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : String(error));
  }
}

export const isLoopback = (host: string): boolean => host === '::1' || /^127\./.test(host);

function addressOf(name: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const url = URL.parse(value);
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.search || url.hash || url.username)
    throw wrong(`--${name} has to be an address such as https://relay.example.`);
  return value.replace(/\/+$/, '');
}

/** Never of the command line, which everybody on the machine can read. */
function secretOf(
  name: string,
  file: string | undefined,
  variable: string | undefined,
  read: (file: string | number) => string,
): string | undefined {
  if (file === undefined) return variable || undefined;
  let token: string;
  try {
    token = read(file === '-' ? 0 : file).trim();
  } catch (error) {
    throw wrong(`The ${name} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (token === '' || token.length > 256) throw wrong(`The ${name} has to have 1 to 256 characters.`);
  return token;
}

function redisOf(
  {
    redis: url,
    'redis-password-file': file,
    'redis-prefix': prefix = `${PRODUCT.command}:`,
  }: ReturnType<typeof parsed>,
  environment: NodeJS.ProcessEnv,
  read: (file: string | number) => string,
): RelayOptions['redis'] {
  if (url === undefined) return undefined;
  const address = URL.parse(url);
  if (!address || !['redis:', 'rediss:'].includes(address.protocol) || address.hostname === '')
    throw wrong('--redis has to be an address such as redis://127.0.0.1:6379 or rediss://redis.example/2.');
  if (!/^(\/\d{0,4})?$/.test(address.pathname))
    throw wrong('--redis names a database by its number: redis://127.0.0.1/2.');
  if (address.password !== '' || address.search !== '')
    throw wrong(
      '--redis takes no password: everybody on the machine can read a command line.',
      `Give --redis-password-file, or the variable ${REDIS_VARIABLE}.`,
    );
  if (!/^[\w:.-]{1,64}$/.test(prefix))
    throw wrong('--redis-prefix has to have 1 to 64 letters, digits, and . _ : -');
  const password = secretOf('password', file, environment[REDIS_VARIABLE], read);
  return { url, prefix, ...(password === undefined ? {} : { password }) };
}
