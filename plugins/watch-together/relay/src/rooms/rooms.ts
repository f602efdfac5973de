import { type Clock, type Disposable, KinoportError } from '@kinoport/core';
import { type ClientMessages, newRoomCode, parseRoomCode } from '../../../src/protocol/index.ts';
import { RoomDraft } from '../room/draft.ts';
import { type Arrival, type Challenge, join, lost, resume } from '../room/membership.ts';
import { disown, newRoom, nextWake, step, tick } from '../room/room.ts';
import { hashToken, newToken } from '../room/secrets.ts';
import type { PasswordHash, RoomPolicy, Seat } from '../room/state.ts';
import { Gate, Outgoing, type RoomConnection, type RoomMember } from './connection.ts';
import { inTurns } from './inTurns.ts';
import { LocalRoom } from './localRoom.ts';
import { Member } from './member.ts';
import { Passwords } from './passwords.ts';
import type { RoomStore } from './store.ts';

export interface RoomsOptions {
  readonly store: RoomStore;
  /** For timers. */
  readonly clock: Clock;
  readonly policy: RoomPolicy;
  /** Most rooms of the store. */
  readonly maxRooms: number;
  /** Names this process among those of the store. */
  readonly relay: string;
  /** Refuses who has guessed too often. @param address key of it */
  readonly mayGuess?: (address: string) => void;
  /** Told of what fails and nobody waits for. */
  readonly failed: (error: unknown) => void;
}

/**
 * The door of a relay's rooms, for every transport. Whoever enters is sent `joined` first, then what happens in the room;
 * a refusal is thrown.
 */
export class Rooms implements Disposable {
  readonly #options: RoomsOptions;
  readonly #local = new Map<string, LocalRoom>();
  readonly #opening = new Map<string, Promise<void>>();
  readonly #passwords: Passwords;
  #connections = 0;
  #draining = false;

  constructor(options: RoomsOptions) {
    this.#options = options;
    this.#passwords = new Passwords(options.clock);
    options.store.attend?.({
      adopt: (code, lost) => this.#adopt(code, lost),
      away: () => {
        for (const local of this.#local.values()) local.tell(AWAY);
      },
      back: async () => {
        await inTurns([...this.#local.values()], COMPARING, (local) =>
          this.#compare(local).catch(options.failed),
        );
      },
    });
  }

  /** Rooms that this process takes part in. */
  get size(): number {
    return this.#local.size;
  }

  now(): number {
    return this.#options.store.now();
  }

  /** Takes nobody new from now on. */
  drain(): void {
    this.#draining = true;
  }

  /** @throws KinoportError `RELAY_FULL`, `RELAY_DRAINING`, `RELAY_STORE`, `RELAY_RATE_LIMITED` */
  async create(connection: RoomConnection, request: ClientMessages['create']): Promise<RoomMember> {
    this.#checkOpen();
    const { store, policy, maxRooms } = this.#options;
    if ((await store.count()) >= maxRooms)
      throw new KinoportError('RELAY_FULL', 'The relay has no place for another room.');
    const token = newToken();
    const password =
      request.password === undefined
        ? undefined
        : await this.#passwords.hash(request.password, connection.address);
    this.#checkOpen();
    for (;;) {
      const code = newRoomCode();
      const local = await this.#open(code);
      const visit = new Visit(local, connection, this.#arrival(connection, token));
      try {
        const now = store.now();
        const { state, seat } = newRoom(code, request, visit.arrival, now, password);
        const draft = new RoomDraft(state, policy, now);
        if (!(await store.create(state, nextWake(draft)))) continue;
        local.exists = true;
        return this.#entered(visit, { seat, room: draft.snapshot() }, request.id, token);
      } finally {
        await this.#done(visit);
      }
    }
  }

  /**
   * @throws KinoportError `ROOM_NOT_FOUND`, `ROOM_PASSWORD`, `ROOM_FULL`, `ROOM_KICKED`, `RELAY_DRAINING`,
   * `RELAY_STORE`, `RELAY_RATE_LIMITED`
   */
  join(connection: RoomConnection, request: ClientMessages['join']): Promise<RoomMember> {
    const token = newToken();
    return this.#enter(connection, request, token, (room, arrival, password) =>
      join(room, request, arrival, password),
    );
  }

  /** @throws KinoportError `ROOM_NOT_FOUND`, `ROOM_SEAT_INVALID`, `RELAY_DRAINING`, `RELAY_STORE` */
  resume(connection: RoomConnection, request: ClientMessages['resume']): Promise<RoomMember> {
    return this.#enter(connection, request, request.token, (room, arrival) => resume(room, request, arrival));
  }

  async #enter(
    connection: RoomConnection,
    request: ClientMessages['join' | 'resume'],
    token: string,
    take: (room: RoomDraft, arrival: Arrival, password?: PasswordHash) => Seat | Challenge,
  ): Promise<RoomMember> {
    const code = parseRoomCode(request.code);
    if (!code) throw notFound();
    const { address } = connection;
    for (let password: PasswordHash | undefined; ; ) {
      this.#checkOpen();
      const entered = await this.#try(connection, { ...request, code }, token, (room, arrival) =>
        take(room, arrival, password),
      );
      if (!('challenge' in entered)) return entered;
      const given = 'password' in request ? request.password : undefined;
      password = await this.#passwords.derive(given ?? '', entered.challenge, address, () =>
        this.#options.mayGuess?.(address),
      );
    }
  }

  /** Nothing of the room is held for whoever gets a challenge: its turn may come late. */
  async #try(
    connection: RoomConnection,
    { code, id }: ClientMessages['join' | 'resume'],
    token: string,
    take: (room: RoomDraft, arrival: Arrival) => Seat | Challenge,
  ): Promise<RoomMember | Challenge> {
    const { store, policy } = this.#options;
    const local = await this.#open(code);
    // It listens before it enters, so that nothing is missed that comes right after.
    const visit = new Visit(local, connection, this.#arrival(connection, token));
    try {
      const done = await store.update(code, (state) =>
        step(state, policy, store.now(), (room) => {
          const taken = take(room, visit.arrival);
          return 'challenge' in taken ? taken : { seat: taken, room: room.snapshot() };
        }),
      );
      local.exists = done !== undefined;
      if (!done) throw notFound();
      return 'challenge' in done.result ? done.result : this.#entered(visit, done.result, id, token);
    } finally {
      await this.#done(visit);
    }
  }

  #entered(
    visit: Visit,
    { seat, room }: { readonly seat: Seat; readonly room: ReturnType<RoomDraft['snapshot']> },
    id: number,
    token: string,
  ): RoomMember {
    const { store, policy, failed } = this.#options;
    const { local, arrival } = visit;
    const { id: participant } = seat;
    local.timelineSeq = Math.max(local.timelineSeq, room.timeline.seq);
    visit.entered = true;
    local.entered(arrival.connection);
    visit.gate.open(new Outgoing({ type: 'joined', id, participant, token, room }));
    const passwords = this.#passwords;
    const { connection, address } = arrival;
    const options = { store, policy, passwords, failed, address, room: local };
    return new Member({ ...options, participant, id: connection });
  }

  #arrival(connection: RoomConnection, token: string): Arrival {
    this.#connections += 1;
    return {
      connection: `${this.#options.relay}/${this.#connections}`,
      address: connection.address,
      token: hashToken(token),
    };
  }

  #checkOpen(): void {
    if (this.#draining) throw new KinoportError('RELAY_DRAINING', 'The relay is being ended.');
  }

  /** The room's part in this process, held until {@link #done}; there is one even when there is no such room. */
  async #open(code: string): Promise<LocalRoom> {
    for (;;) {
      const there = this.#local.get(code);
      if (there) {
        there.visits += 1;
        return there;
      }
      await (this.#opening.get(code) ?? this.#begin(code));
    }
  }

  #begin(code: string): Promise<void> {
    const { store, clock, failed } = this.#options;
    const local = new LocalRoom({
      code,
      store,
      clock,
      tick: () => this.#tick(local),
      ended: () => {
        this.#close(local).catch(failed);
      },
    });
    const opening = local
      .watch()
      .then(() => {
        this.#local.set(code, local);
      })
      .finally(() => {
        this.#opening.delete(code);
      });
    this.#opening.set(code, opening);
    return opening;
  }

  /** A room that exists is watched to its end, so that somebody moves it on; one that does not, by nobody. */
  async #done({ local, entered, arrival }: Visit): Promise<void> {
    local.visits -= 1;
    if (!entered) local.remove(arrival.connection);
    if (local.visits === 0 && !local.exists) await this.#close(local);
  }

  #tick(local: LocalRoom): void {
    const { store, policy, failed } = this.#options;
    const ticked = async (): Promise<void> => {
      const done = await store.update(local.code, (state) => step(state, policy, store.now(), tick));
      if (!done) await this.#close(local);
    };
    ticked().catch((error: unknown) => {
      failed(error);
      // The store will answer again, and somebody has to move the room on.
      local.wake(store.now() + RETRY);
    });
  }

  async #adopt(code: string, gone: string | undefined): Promise<void> {
    this.#checkOpen();
    const { store, policy } = this.#options;
    const local = await this.#open(code);
    try {
      const done = await store.update(code, (state) =>
        step(state, policy, store.now(), (room) => {
          if (gone !== undefined) disown(room, gone);
          tick(room);
        }),
      );
      local.exists = done !== undefined;
    } finally {
      local.visits -= 1;
      if (local.visits === 0 && !local.exists) await this.#close(local);
    }
  }

  /** Seats whose connections ended unheard, and connections whose seats were given up for lost. */
  async #compare(local: LocalRoom): Promise<void> {
    const { store, policy, relay } = this.#options;
    const { members } = local;
    const done = await store.update(local.code, (state) =>
      step(state, policy, store.now(), (room) => {
        for (const { connection } of [...room.seats])
          if (connection?.startsWith(`${relay}/`) && !local.has(connection)) lost(room, connection);
        return new Set(room.seats.map(({ connection }) => connection));
      }),
    );
    for (const id of members) if (!done?.result.has(id)) local.sendBack(id);
  }

  async #close(local: LocalRoom): Promise<void> {
    if (this.#local.get(local.code) === local) this.#local.delete(local.code);
    await local.dispose();
  }

  async dispose(): Promise<void> {
    this.drain();
    this.#passwords.dispose();
    for (const local of [...this.#local.values()]) await this.#close(local);
  }
}

const notFound = (): KinoportError => new KinoportError('ROOM_NOT_FOUND', 'There is no room of that code.');

/** Somebody at the door of a room. */
class Visit {
  readonly local: LocalRoom;
  readonly arrival: Arrival;
  readonly gate: Gate;
  entered = false;

  constructor(local: LocalRoom, connection: RoomConnection, arrival: Arrival) {
    this.local = local;
    this.arrival = arrival;
    this.gate = new Gate(connection);
    local.add(arrival.connection, this.gate);
  }
}

const AWAY = {
  type: 'error',
  code: 'RELAY_STORE',
  message: 'The relay cannot reach its rooms just now. The film goes on; nothing can be changed.',
  retryAfter: 2000,
} as const;

/** Milliseconds. */
const RETRY = 1000;
/** Rooms that are compared with the store at the same time. */
const COMPARING = 64;
