import type { PlaybackHandle } from '../../playback.ts';
import type {
  SyncCreateOptions,
  SyncEndReason,
  SyncJoinOptions,
  SyncParticipant,
  SyncRoom,
  SyncTimeline,
  SyncTimelineChange,
} from '../../sync.ts';
import { shown, type Trial } from '../trial.ts';
import type { SyncPerson, SyncSubject } from './subject.ts';

/** Milliseconds for anything that a room does. */
export const PATIENCE = 10_000;
/** Milliseconds in which something would have come that is not to come. */
export const QUIET = 400;
export const FILMS = ['memory:one', 'memory:two'] as const;

/** One person in the room of a clause: what it hears is kept, and its seat is given up when the clause is over. */
export class Seat {
  readonly room: SyncRoom;
  readonly person: SyncPerson;
  readonly changes: SyncTimelineChange[] = [];
  readonly rosters: (readonly SyncParticipant[])[] = [];
  readonly messages: { readonly from: string; readonly name: string; readonly text: string }[] = [];
  readonly ends: SyncEndReason[] = [];
  /** How often anything at all was told. */
  heard = 0;
  readonly #t: Trial;

  constructor(room: SyncRoom, person: SyncPerson, t: Trial) {
    this.room = room;
    this.person = person;
    this.#t = t;
    const noting =
      <T>(list?: T[]) =>
      (value: T): void => {
        this.heard += 1;
        list?.push(value);
      };
    const subscriptions = [
      room.onDidChangeTimeline(noting(this.changes)),
      room.onDidChangeParticipants(noting(this.rosters)),
      room.onDidReceiveMessage(noting(this.messages)),
      room.onDidClose(({ reason }) => noting(this.ends)(reason)),
      room.onDidChangeRoom(noting()),
      room.onDidChangeStatus(noting()),
      room.onDidWarn(noting()),
    ];
    t.defer(async () => {
      for (const subscription of subscriptions) await subscription.dispose();
    });
  }

  get id(): string {
    return this.self.id;
  }

  get self(): SyncParticipant {
    const own = this.room.participants.filter(({ isSelf }) => isSelf);
    this.#t.equal('the count of participants that are oneself', own.length, 1);
    return own[0] ?? this.#t.fail('nobody is oneself');
  }

  /** Another one as this one sees it. */
  sees(id: string): SyncParticipant {
    const found = this.room.participants.find((one) => one.id === id);
    return found ?? this.#t.fail(`${id} is not among the participants`);
  }

  get timeline(): SyncTimeline {
    return this.room.timeline;
  }

  /** Waits until something holds of the room. */
  async reach(what: string, accept: (room: SyncRoom) => boolean, ms = PATIENCE): Promise<void> {
    await this.#t.until(what, ms, () => accept(this.room));
  }

  /** The room's clock now, milliseconds; waits until it is known. */
  async roomNow(): Promise<number> {
    await this.reach('an offset to the clock of the room', ({ status }) => status.offset !== undefined);
    return this.#t.clock.now() + (this.room.status.offset ?? 0);
  }
}

type CreateOptions = Partial<SyncCreateOptions>;
type JoinOptions = Partial<SyncJoinOptions>;

/** The first person opens a room. */
export async function create(subject: SyncSubject, t: Trial, options: CreateOptions = {}): Promise<Seat> {
  const [person] = subject.people;
  return entered(t, person, person.sync.create({ name: 'Ann', ...options }));
}

/** The second person joins a room. */
export async function join(subject: SyncSubject, t: Trial, room: SyncRoom, options: JoinOptions = {}) {
  const [, person] = subject.people;
  const invitation = await invitationFor(person, room);
  return entered(t, person, person.sync.join(invitation, { name: 'Bob', ...options }));
}

export async function invitationFor(person: SyncPerson, { invitation }: SyncRoom): Promise<string> {
  return person.invitation ? person.invitation(invitation) : invitation;
}

/** Both in one room, and each knowing of the other. */
export async function both(subject: SyncSubject, t: Trial, options: CreateOptions = {}) {
  const host = await create(subject, t, options);
  const { password } = options;
  const guest = await join(subject, t, host.room, password === undefined ? {} : { password });
  await host.reach('two participants', ({ participants }) => participants.length === 2);
  return { host, guest };
}

/** Both in the film, which runs. */
export async function started(subject: SyncSubject, t: Trial, options: CreateOptions = {}) {
  const { host, guest } = await both(subject, t, options);
  await host.room.start({ force: true });
  await same(t, host, guest, ({ phase }) => phase === 'playing');
  return { host, guest };
}

/** Waits until both have the timeline that the first has now, and it is as it is to be. */
export async function same(
  t: Trial,
  one: Seat,
  other: Seat,
  accept: (timeline: SyncTimeline) => boolean = () => true,
): Promise<SyncTimeline> {
  await one.reach('the timeline as it is to be', ({ timeline }) => accept(timeline));
  await t.until('the same timeline at both', PATIENCE, () => other.timeline.seq >= one.timeline.seq);
  const [mine, theirs] = [one.timeline, other.timeline];
  for (const key of ['seq', 'phase', 'position', 'at', 'rate', 'media'] as const)
    t.ok(
      mine[key] === theirs[key],
      `${key} of the timeline is ${shown(mine[key])} at one and ${shown(theirs[key])} at the other`,
    );
  return mine;
}

/** Seconds at an instant of the room's clock. */
export function timelineAt({ phase, position, rate, at }: SyncTimeline, roomNow: number): number {
  return phase === 'playing' ? position + (rate * Math.max(0, roomNow - at)) / 1000 : position;
}

/** A seat whose player follows. */
export interface Watching extends Seat {
  readonly player: PlaybackHandle;
}

/** A film in the player of a person, standing at its beginning. */
export async function openFilm(subject: SyncSubject, t: Trial, which: 0 | 1): Promise<PlaybackHandle> {
  const person = subject.people[which];
  if (!person.playback) t.skip('there are no players (playback)');
  const opening = person.playback.open([...(subject.films ?? FILMS)], { paused: true, start: 0 });
  t.defer(async () => {
    await (await opening.catch(() => undefined))?.stop().catch(() => undefined);
  });
  const handle = await t.within('the player', PATIENCE, opening);
  await t.until('the film in the player', PATIENCE, async () => {
    const { status, duration } = (await handle.snapshot()).state;
    return status === 'paused' && duration !== undefined;
  });
  return handle;
}

/** Both in a room with a player each, in the lobby. */
export async function watching(subject: SyncSubject, t: Trial, options: CreateOptions = {}) {
  const [first, second] = [await openFilm(subject, t, 0), await openFilm(subject, t, 1)];
  const host = await create(subject, t, { ...options, playbackId: first.id });
  const guest = await join(subject, t, host.room, { playbackId: second.id });
  await host.reach('two participants', ({ participants }) => participants.length === 2);
  return {
    host: Object.assign(host, { player: first }) as Watching,
    guest: Object.assign(guest, { player: second }) as Watching,
  };
}

/** Both in the film, and both players play. */
export async function playing(subject: SyncSubject, t: Trial, options: CreateOptions = {}) {
  const seats = await watching(subject, t, options);
  await seats.host.room.setReady(true);
  await seats.guest.room.setReady(true);
  await seats.host.room.start();
  for (const { player } of [seats.host, seats.guest])
    await t.until('the player to play', PATIENCE, async () => {
      const { state } = await player.snapshot();
      return state.status === 'playing';
    });
  return seats;
}

type Both = { readonly host: Watching; readonly guest: Watching };

/** Waits until both players have a status and are within `tolerance` seconds of the timeline. */
export async function together(
  t: Trial,
  { host, guest }: Both,
  status: 'playing' | 'paused',
  tolerance = 0.1,
): Promise<void> {
  let seen = '';
  const are = async (): Promise<boolean> => {
    const found = await Promise.all([host, guest].map((seat) => ahead(seat, t)));
    seen = found.map(({ status: is, off }) => `${is}, ${(off * 1000).toFixed(0)} ms`).join(' and ');
    return found.every(({ status: is, off }) => is === status && Math.abs(off) <= tolerance);
  };
  try {
    await t.until(`both players ${status}`, PATIENCE, are);
  } catch (error) {
    if (t.signal.aborted) throw error;
    t.fail(`the players are not ${status} and on the timeline, but ${seen} ahead of it`);
  }
}

/** Seconds that a player is ahead of the timeline. */
export async function ahead(
  seat: Watching,
  t: Trial,
): Promise<{ readonly status: string; readonly off: number }> {
  await seat.roomNow();
  const { state } = await seat.player.snapshot();
  const { position, at } = await t.within('a position', PATIENCE, seat.player.samplePosition());
  const { offset = 0 } = seat.room.status;
  return { status: state.status, off: position - timelineAt(seat.timeline, at + offset) };
}

async function entered(t: Trial, person: SyncPerson, entering: Promise<SyncRoom>): Promise<Seat> {
  t.defer(async () => {
    await (await entering.catch(() => undefined))?.dispose();
  });
  const room = await t.within('the room', PATIENCE, entering);
  return new Seat(room, person, t);
}
