import {
  abortedError,
  type Clock,
  KinoportError,
  type Sync,
  type SyncCreateOptions,
  type SyncJoinOptions,
  type SyncMedia,
  type SyncRoom,
  sleep,
} from '@kinoport/core';
import { MemoryPlayback, type SyncSubject } from '@kinoport/core/conformance';
import { FAULTLESS, type SyncKnobs } from './knobs.ts';
import { MeetingRoom, WAY } from './meeting.ts';
import { ReferenceRoom } from './referenceRoom.ts';

/** Two people in memory, and the place where their rooms are. */
export class ReferenceSync {
  readonly clock: Clock;
  readonly knobs: SyncKnobs;
  readonly playbacks: readonly [MemoryPlayback, MemoryPlayback];
  readonly #rooms = new Map<string, MeetingRoom>();
  readonly #seats: ReferenceRoom[] = [];
  readonly #made = new Map<SyncRoom, ReferenceRoom>();
  readonly #isCut = [false, false];
  #count = 0;

  constructor(clock: Clock, knobs: Partial<SyncKnobs> = {}) {
    this.clock = clock;
    this.knobs = { ...FAULTLESS, ...knobs };
    this.playbacks = [new MemoryPlayback(clock), new MemoryPlayback(clock)];
  }

  /** What `wrap` makes of the sync of each is judged. */
  subject(wrap: (sync: Sync, person: 0 | 1) => Sync = (sync) => sync): SyncSubject {
    const person = (which: 0 | 1) => ({
      sync: wrap(this.#sync(which), which),
      playback: this.playbacks[which],
      slip: (id: string, seconds: number) => this.playbacks[which].slip(id, seconds),
      cut: () => this.#setCut(which, true),
      heal: () => this.#setCut(which, false),
    });
    return { people: [person(0), person(1)] };
  }

  /** As a process that has died: the others are not told. */
  async vanish(room: SyncRoom): Promise<void> {
    await this.#made.get(room)?.vanish();
  }

  #sync(person: 0 | 1): Sync {
    return {
      create: async (options) => {
        const { signal, playbackId } = options;
        await this.#way(person, signal);
        const queue = playbackId === undefined ? [] : await this.#queueOf(person, playbackId);
        this.#count += 1;
        const code = `ROOM${this.#count}`;
        const room = new MeetingRoom(this.clock, code, options, queue, this.knobs);
        this.#rooms.set(code, room);
        return this.#enter(room, person, options);
      },
      join: async (invitation, options) => {
        const code = invitation.trim().toUpperCase();
        if (!/^ROOM\d+$/.test(code)) throw new KinoportError('ROOM_CODE_INVALID', 'That is no code.');
        await this.#way(person, options.signal);
        const room = this.#rooms.get(code);
        if (!room || (room.members.length === 0 && !this.knobs.keepsEmptyRooms))
          throw new KinoportError('ROOM_NOT_FOUND', 'There is no such room.');
        return this.#enter(room, person, options);
      },
    };
  }

  async #enter(room: MeetingRoom, person: 0 | 1, options: SyncCreateOptions | SyncJoinOptions) {
    const { clock, knobs } = this;
    const name = knobs.rawNames ? options.name : clean(options.name, 40) || 'Somebody';
    const seat = new ReferenceRoom({
      ...{ clock, knobs, room, person, name, password: options.password },
      playback: this.playbacks[person],
      isCut: () => this.#isCut[person] === true,
    });
    this.#seats.push(seat);
    await sleep(clock, WAY);
    if (options.playbackId !== undefined) await seat.bind(options.playbackId);
    this.#made.set(seat.made, seat);
    return seat.made;
  }

  async #way(person: 0 | 1, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) throw abortedError();
    if (this.#isCut[person]) throw new KinoportError('RELAY_UNREACHABLE', 'There is no way.');
    await sleep(this.clock, WAY);
  }

  async #queueOf(person: 0 | 1, playbackId: string): Promise<readonly SyncMedia[]> {
    const { queue } = await this.playbacks[person].get(playbackId).snapshot();
    return queue.map(({ title }, index) => ({ id: `item${index}`, title }));
  }

  #setCut(person: 0 | 1, isCut: boolean): void {
    if (this.#isCut[person] === isCut) return;
    this.#isCut[person] = isCut;
    for (const seat of this.#seats) if (seat.person === person) seat.cut(isCut);
  }
}

/** One line without controls. */
export function clean(text: string, most: number): string {
  return text
    .replace(/[\p{Cc}\u2028-\u202e\u2066-\u2069]+/gu, ' ')
    .trim()
    .slice(0, most);
}
