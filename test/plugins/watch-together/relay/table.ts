import { KinoportError } from '@kinoport/core';
import { VirtualClock } from '@kinoport/core/testing';
import type { MemberRequest } from '../../../../plugins/watch-together/relay/src/room/room.ts';
import { DEFAULT_POLICY, type RoomPolicy } from '../../../../plugins/watch-together/relay/src/room/state.ts';
import type {
  Outgoing,
  RoomConnection,
  RoomMember,
} from '../../../../plugins/watch-together/relay/src/rooms/connection.ts';
import { MemoryStore } from '../../../../plugins/watch-together/relay/src/rooms/memoryStore.ts';
import { Rooms } from '../../../../plugins/watch-together/relay/src/rooms/rooms.ts';
import type { RoomStore } from '../../../../plugins/watch-together/relay/src/rooms/store.ts';
import type {
  Answer,
  ClientMessages,
  RoomSnapshot,
  ServerMessage,
  ServerMessages,
  Status,
} from '../../../../plugins/watch-together/src/protocol/index.ts';

export const SALT = 'aSaltOfSixteenOrMore';

type Body<T> = T extends { id: number } ? Omit<T, 'id'> : never;
/** A request, but for its number. */
export type Ask = Body<MemberRequest>;

/** One at the table: what it was told, and what it asks. */
export class Guest implements RoomConnection {
  readonly address: string;
  readonly heard: ServerMessage[] = [];
  closed: { readonly code: number; readonly goodbye: ServerMessages['goodbye'] } | undefined;
  #member: RoomMember | undefined;
  #requests = 0;

  constructor(address = '192.0.2.1') {
    this.address = address;
  }

  receive(outgoing: Outgoing): void {
    this.heard.push(JSON.parse(outgoing.json) as ServerMessage);
  }

  close(code: number, goodbye: ServerMessages['goodbye']): void {
    this.closed = { code, goodbye };
  }

  sit(member: RoomMember): this {
    this.#member = member;
    return this;
  }

  get member(): RoomMember {
    if (!this.#member) throw new Error('not in a room');
    return this.#member;
  }

  get joined(): ServerMessages['joined'] {
    return this.last('joined');
  }

  get id(): string {
    return this.member.participant;
  }

  get room(): RoomSnapshot {
    return this.joined.room;
  }

  all<T extends ServerMessage['type']>(type: T): readonly ServerMessages[T][] {
    return this.heard.filter((message): message is ServerMessages[T] => message.type === type);
  }

  last<T extends ServerMessage['type']>(type: T): ServerMessages[T] {
    const found = this.all(type).at(-1);
    if (!found) throw new Error(`was told no ${type}`);
    return found;
  }

  get timeline() {
    return this.all('timeline').at(-1)?.timeline ?? this.room.timeline;
  }

  answer(body: Ask): Promise<Answer> {
    this.#requests += 1;
    return this.member.request({ id: this.#requests, ...body } as MemberRequest);
  }

  /** @throws KinoportError what was refused */
  async ask(body: Ask): Promise<void> {
    const answer = await this.answer(body);
    if (answer.type === 'error') throw new KinoportError(answer.code, answer.message);
  }

  async status(status: Partial<Status>): Promise<void> {
    this.member.status({ buffering: false, ...status });
    await settled();
  }

  async lose(): Promise<void> {
    this.member.lost();
    await settled();
  }
}

/** Long enough for every promise that needs nothing but promises. */
export const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};

/** A relay's rooms without a network, on a virtual clock. */
export class Table {
  readonly clock: VirtualClock;
  readonly failures: unknown[] = [];
  readonly store: RoomStore;
  readonly rooms: Rooms;
  code = '';

  constructor(
    options: {
      policy?: Partial<RoomPolicy>;
      maxRooms?: number;
      relay?: string;
      clock?: VirtualClock;
      store?: (clock: VirtualClock) => RoomStore;
    } = {},
  ) {
    this.clock = options.clock ?? new VirtualClock();
    this.store = options.store?.(this.clock) ?? new MemoryStore(this.clock);
    this.rooms = new Rooms({
      store: this.store,
      clock: this.clock,
      policy: { ...DEFAULT_POLICY, ...options.policy },
      maxRooms: options.maxRooms ?? 100,
      relay: options.relay ?? 'a',
      failed: (error) => this.failures.push(error),
    });
  }

  async host(
    options: Partial<ClientMessages['create']> = {},
    guest = new Guest('192.0.2.9'),
  ): Promise<Guest> {
    const member = await this.rooms.create(guest, {
      type: 'create',
      id: 1,
      name: 'Ann',
      salt: SALT,
      ...options,
    });
    this.code = member.code;
    return guest.sit(member);
  }

  async join(
    name = 'Bob',
    options: Partial<ClientMessages['join']> = {},
    guest = new Guest(),
  ): Promise<Guest> {
    return guest.sit(
      await this.rooms.join(guest, { type: 'join', id: 1, code: this.code, name, ...options }),
    );
  }

  async resume(of: Guest, guest = new Guest(of.address), token = of.joined.token): Promise<Guest> {
    const { participant } = of.joined;
    return guest.sit(
      await this.rooms.resume(guest, { type: 'resume', id: 1, code: this.code, participant, token }),
    );
  }

  async pass(ms: number): Promise<void> {
    await this.clock.advance(ms);
    await settled();
  }
}
