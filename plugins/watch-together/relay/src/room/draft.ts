import { KinoportError } from '@kinoport/core';
import {
  type Cause,
  matchMedia,
  type Participant,
  positionAt,
  type RoomSnapshot,
  type ServerMessage,
  type ServerMessages,
  type Timeline,
} from '../../../src/protocol/index.ts';
import type { RoomPolicy, RoomState, Seat } from './state.ts';

/** What is to happen outside of a room, in order. Plain data: it may be delivered by several processes. */
export type Effect =
  /** To one connection, or to all of the room but one. */
  | { readonly to: string; readonly message: ServerMessage }
  | { readonly to: null; readonly except?: string; readonly message: ServerMessage }
  | { readonly close: string; readonly code: number; readonly goodbye: ServerMessages['goodbye'] };

/** A copy of a room that a command changes, and what comes of it. Thrown away when the command is refused. */
export class RoomDraft {
  readonly state: RoomState;
  readonly seats: Seat[];
  readonly now: number;
  readonly policy: RoomPolicy;
  readonly effects: Effect[] = [];
  /** The room is over. */
  ended = false;

  constructor(state: RoomState, policy: RoomPolicy, now: number) {
    this.seats = state.seats.map((seat) => ({ ...seat }));
    this.state = { ...state, seats: this.seats };
    this.policy = policy;
    this.now = now;
  }

  broadcast(message: ServerMessage, except?: string | null): void {
    this.effects.push(except ? { to: null, except, message } : { to: null, message });
  }

  /** Ends a seat's connection, if it has one. */
  close(seat: Seat, code: number, goodbye: Omit<ServerMessages['goodbye'], 'type'>): void {
    if (seat.connection)
      this.effects.push({ close: seat.connection, code, goodbye: { type: 'goodbye', ...goodbye } });
  }

  seat(id: string): Seat {
    const seat = this.seats.find((candidate) => candidate.id === id);
    if (!seat) throw new KinoportError('ROOM_STATE', 'There is no such member in the room.');
    return seat;
  }

  get connected(): readonly Seat[] {
    return this.seats.filter(({ connection }) => connection !== null);
  }

  participant(seat: Seat): Participant {
    const duration = this.claimOf(seat)?.duration;
    return {
      id: seat.id,
      name: seat.name,
      ready: seat.ready,
      connected: seat.connection !== null,
      buffering: seat.buffering,
      waitForMe: seat.waitForMe,
      match: this.match(seat),
      ...(duration === undefined ? {} : { duration }),
    };
  }

  tellOf(seat: Seat, except?: string | null): void {
    this.broadcast({ type: 'participant', participant: this.participant(seat) }, except);
  }

  /** What a seat has of the timeline's item. */
  claimOf(seat: Seat): NonNullable<Seat['claim']>['media'] | undefined {
    return seat.claim && seat.claim.item === this.state.timeline.media ? seat.claim.media : undefined;
  }

  match(seat: Seat): Participant['match'] {
    const claim = this.claimOf(seat);
    const item = this.item;
    return claim && item ? matchMedia(item.media, claim, this.state.salt) : 'unknown';
  }

  /** The timeline's item. */
  get item(): RoomState['queue']['items'][number] | undefined {
    return this.state.queue.items.find(({ id }) => id === this.state.timeline.media);
  }

  /** Seconds, where the timeline is now; not beyond the end of the film. */
  get position(): number {
    return this.withinFilm(positionAt(this.state.timeline, this.now));
  }

  withinFilm(position: number): number {
    const duration = this.item?.media.duration;
    return duration === undefined || duration === 0 ? position : Math.min(position, duration);
  }

  /** Sets what is given of the timeline and tells everybody. */
  setTimeline(change: Partial<Omit<Timeline, 'seq'>>, cause: Cause): void {
    const { waitingFor: _, ...before } = this.state.timeline;
    this.state.timeline = { ...before, at: this.now, ...change, seq: before.seq + 1 };
    if (this.state.timeline.phase !== 'waiting') delete this.state.wait;
    this.broadcast({ type: 'timeline', timeline: this.state.timeline, cause });
  }

  /**
   * Milliseconds from now to a start that all can make: their commands have to arrive, and where `seeking` their
   * players have to get there first.
   */
  lead(seeking: boolean): number {
    const most = (of: (seat: Seat) => number): number =>
      this.connected.reduce((max, s) => Math.max(max, of(s)), 0);
    const way = Math.max(MIN_LEAD, 1.5 * most(({ roundTrip }) => roundTrip));
    return Math.min(MAX_LEAD, way + (seeking ? most(({ seekTime }) => seekTime) : 0));
  }

  snapshot(): RoomSnapshot {
    const { code, title, host, settings, salt, queue, timeline } = this.state;
    return {
      code,
      ...(title === undefined ? {} : { title }),
      host,
      settings,
      locked: this.state.password !== undefined,
      salt,
      queue,
      timeline,
      participants: this.seats.map((seat) => this.participant(seat)),
    };
  }
}

const MIN_LEAD = 150;
const MAX_LEAD = 2000;
