import { type Clock, isKinoportError, KinoportError, sleep } from '@kinoport/core';
import type { ClientMessages } from '../../../src/protocol/index.ts';
import { equal } from '../room/secrets.ts';
import type { RoomConnection, RoomMember } from '../rooms/connection.ts';
import type { Rooms } from '../rooms/rooms.ts';
import type { AddressLimits } from './addressLimits.ts';
import type { Metrics } from './metrics.ts';

/** What a relay tells everybody who greets it. */
export interface Welcome {
  /** Program and version. */
  readonly agent: string;
  readonly members: number;
  /** Milliseconds. */
  readonly seatKept: number;
}

/** Refusals after which somebody may have guessed. */
const GUESSES = ['ROOM_NOT_FOUND', 'ROOM_PASSWORD', 'ROOM_SEAT_INVALID', 'RELAY_UNAUTHORIZED'] as const;

/** Lets strangers into rooms, within what an address may try. */
export class Door {
  readonly welcome: Welcome;
  readonly metrics: Metrics;
  readonly #rooms: Rooms;
  readonly #limits: AddressLimits;
  readonly #clock: Clock;
  readonly #createToken: string | undefined;

  constructor(options: {
    readonly rooms: Rooms;
    readonly limits: AddressLimits;
    readonly metrics: Metrics;
    readonly clock: Clock;
    readonly welcome: Welcome;
    /** What whoever opens a room has to know; none: everybody may. */
    readonly createToken?: string;
  }) {
    this.welcome = options.welcome;
    this.metrics = options.metrics;
    this.#rooms = options.rooms;
    this.#limits = options.limits;
    this.#clock = options.clock;
    this.#createToken = options.createToken;
  }

  /** The clock of the rooms. */
  now(): number {
    return this.#rooms.now();
  }

  /** @throws KinoportError the refusal, later and later the more of them were guesses */
  async enter(
    connection: RoomConnection,
    request: ClientMessages['create' | 'join' | 'resume'],
  ): Promise<RoomMember> {
    const { address } = connection;
    try {
      this.#limits.guess(address);
      return await this.#enter(connection, request);
    } catch (error) {
      if (isKinoportError(error, 'RELAY_RATE_LIMITED')) this.metrics.count('limited_total');
      if (isKinoportError(error, ...GUESSES)) await sleep(this.#clock, this.#limits.wrong(address));
      throw error;
    }
  }

  async #enter(
    connection: RoomConnection,
    request: ClientMessages['create' | 'join' | 'resume'],
  ): Promise<RoomMember> {
    if (request.type === 'join')
      return counted(this.#rooms.join(connection, request), this.metrics, 'joins_total');
    if (request.type === 'resume')
      return counted(this.#rooms.resume(connection, request), this.metrics, 'resumes_total');
    if (this.#createToken !== undefined && !equal(request.createToken ?? '', this.#createToken))
      throw new KinoportError(
        'RELAY_UNAUTHORIZED',
        'This relay lets only those open rooms who have its token.',
      );
    this.#limits.room(connection.address);
    return counted(this.#rooms.create(connection, request), this.metrics, 'rooms_created_total');
  }
}

async function counted<T>(
  work: Promise<T>,
  metrics: Metrics,
  name: 'joins_total' | 'resumes_total' | 'rooms_created_total',
): Promise<T> {
  const result = await work;
  metrics.count(name);
  return result;
}
