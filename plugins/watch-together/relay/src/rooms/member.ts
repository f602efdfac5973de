import { toKinoportError } from '@kinoport/core';
import { type Answer, type ClientMessages, LIMITS, type Status } from '../../../src/protocol/index.ts';
import { lost } from '../room/membership.ts';
import { checkMay, type MemberRequest, matters, noteStatus, request, step } from '../room/room.ts';
import type { PasswordHash, RoomPolicy, RoomState, Seat } from '../room/state.ts';
import type { RoomMember } from './connection.ts';
import type { LocalRoom } from './localRoom.ts';
import type { Passwords } from './passwords.ts';
import { refusal } from './refusal.ts';
import type { RoomStore, Updated } from './store.ts';

/** Milliseconds between two statuses of a member that count, unless it begins or ends to buffer. */
const STATUS_EVERY = 1000;

const DISOWNED = {
  code: 'RELAY_STORE',
  message: 'The relay was taken for gone, and your seat with it; you are being let back in. Try again.',
  retryAfter: 1000,
} as const;

/** A member whose connection is in this process. */
export class Member implements RoomMember {
  readonly participant: string;
  readonly code: string;
  readonly #id: string;
  readonly #room: LocalRoom;
  readonly #store: RoomStore;
  readonly #policy: RoomPolicy;
  readonly #passwords: Passwords;
  readonly #address: string;
  readonly #failed: (error: unknown) => void;
  #last: Promise<unknown> = Promise.resolve();
  #statusAt = Number.NEGATIVE_INFINITY;
  /** What the room knows of its state; others of its figures are told by and by. */
  #known: Pick<Seat, 'buffering' | 'loaded' | 'roundTrip' | 'seekTime'> = {
    buffering: false,
    roundTrip: 0,
    seekTime: 0,
  };
  #untold = false;
  #measured = false;
  #over = false;

  constructor(options: {
    readonly participant: string;
    /** `<relay>/<number>`. */
    readonly id: string;
    readonly room: LocalRoom;
    readonly store: RoomStore;
    readonly policy: RoomPolicy;
    readonly passwords: Passwords;
    /** Key of its address. */
    readonly address: string;
    /** Something that nobody waits for has failed. */
    readonly failed: (error: unknown) => void;
  }) {
    this.participant = options.participant;
    this.code = options.room.code;
    this.#id = options.id;
    this.#room = options.room;
    this.#store = options.store;
    this.#policy = options.policy;
    this.#passwords = options.passwords;
    this.#address = options.address;
    this.#failed = options.failed;
  }

  get timelineSeq(): number {
    return this.#room.timelineSeq;
  }

  request(message: MemberRequest): Promise<Answer> {
    const answered = this.#last.then(() => this.#request(message));
    this.#last = answered;
    return answered;
  }

  async #request(message: MemberRequest): Promise<Answer> {
    try {
      const password = message.type === 'settings' ? await this.#passwordOf(message) : undefined;
      const done = await this.#update((state) =>
        step(state, this.#policy, this.#store.now(), (room) => {
          const seat = room.seats.find(({ connection }) => connection === this.#id);
          return seat ? { refused: request(room, seat, message, password) } : { gone: true };
        }),
      );
      if (done && 'gone' in done.result && this.#room.has(this.#id)) {
        // Another relay has taken this one for gone: the seat is kept, and taken again after the answer.
        setImmediate(() => this.#room.sendBack(this.#id));
        return { type: 'error', id: message.id, ...DISOWNED };
      }
      if (!done || 'gone' in done.result)
        return {
          type: 'error',
          id: message.id,
          code: 'ROOM_CLOSED',
          message: 'You are not in the room any more.',
        };
      if (done.result.refused) return refusal(done.result.refused, message.id);
      if (message.type === 'leave') this.#gone();
      return { type: 'ok', id: message.id };
    } catch (error) {
      return refusal(toKinoportError(error), message.id);
    }
  }

  /** What is to be kept of a new password: nothing is derived for who may not set one. */
  async #passwordOf(message: ClientMessages['settings']): Promise<PasswordHash | undefined> {
    if (typeof message.password !== 'string') return undefined;
    await this.#update((state) =>
      step(state, this.#policy, this.#store.now(), (room) => {
        const seat = room.seats.find(({ connection }) => connection === this.#id);
        if (seat) checkMay(room, seat, message.type);
      }),
    );
    return this.#passwords.hash(message.password, this.#address);
  }

  #gone(): void {
    this.#over = true;
    this.#room.remove(this.#id);
  }

  roundTrip(ms: number): void {
    this.#measured = true;
    const roundTrip = Math.min(ms, LIMITS.roundTrip);
    if (this.#over || !matters(this.#known as Seat, { buffering: this.#known.buffering, roundTrip })) return;
    this.#known = { ...this.#known, roundTrip };
    this.#inOrder((room) => {
      const seat = room.seats.find(({ connection }) => connection === this.#id);
      if (seat) seat.roundTrip = roundTrip;
    });
  }

  status(status: Status): void {
    if (this.#over) return;
    const told = this.#measured ? { ...status, roundTrip: this.#known.roundTrip } : status;
    const turned = told.buffering !== this.#known.buffering || told.media !== this.#known.loaded;
    const now = this.#store.now();
    if (!turned && now < this.#statusAt + STATUS_EVERY) return;
    this.#statusAt = now;
    this.#room.note(this.participant, told);
    if (!this.#untold && !matters(this.#known as Seat, told)) return;
    this.#untold = false;
    this.#known = {
      buffering: told.buffering,
      loaded: told.media === undefined ? this.#known.loaded : told.media,
      roundTrip: told.roundTrip ?? this.#known.roundTrip,
      seekTime: told.seekTime ?? this.#known.seekTime,
    };
    this.#inOrder((room) => {
      const seat = room.seats.find(({ connection }) => connection === this.#id);
      if (seat) noteStatus(room, seat, told);
    });
  }

  lost(): void {
    if (this.#over) return;
    this.#gone();
    this.#inOrder((room) => lost(room, this.#id));
  }

  #inOrder(run: Parameters<typeof step<void>>[3]): void {
    this.#last = this.#last
      .then(() => this.#update((state) => step(state, this.#policy, this.#store.now(), run)))
      .catch((error: unknown) => {
        // What the room was not told of, the next status tells.
        this.#untold = true;
        this.#failed(error);
      });
  }

  #update<T>(change: (state: RoomState) => ReturnType<typeof step<T>>): Updated<T> | Promise<Updated<T>> {
    return this.#store.update(this.code, change);
  }
}
