import {
  type Clock,
  KinoportError,
  type SyncCreateOptions,
  type SyncMedia,
  type SyncSettings,
  type SyncTimeline,
  type SyncTimelineChange,
} from '@kinoport/core';
import { FAULTLESS, type SyncKnobs } from './knobs.ts';

/** Milliseconds to the place where rooms are, and back the same. */
export const WAY = 4;
/** What the clock of rooms is ahead of the machine's. */
export const AHEAD = 5_000_000;

/** What a member is told. */
export type News =
  | { readonly kind: 'people' }
  | { readonly kind: 'room' }
  | { readonly kind: 'timeline'; readonly cause: SyncTimelineChange['cause'] }
  | { readonly kind: 'chat'; readonly from: string; readonly name: string; readonly text: string }
  | { readonly kind: 'kicked' };

export interface Member {
  readonly id: string;
  readonly name: string;
  readonly person: 0 | 1;
  ready: boolean;
  waitForMe: boolean;
  connected: boolean;
  hasFilm: boolean;
  hear(news: News, room: View): void;
}

/** What everybody knows of a room. */
export interface View {
  readonly code: string;
  readonly title: string | undefined;
  readonly settings: SyncSettings;
  readonly host: string;
  readonly members: readonly Readonly<Omit<Member, 'hear'>>[];
  readonly timeline: SyncTimeline;
  readonly queue: readonly SyncMedia[];
}

type Kind = SyncTimelineChange['cause']['kind'];

/** A room of the place where all meet. What is sent to it or comes from it takes {@link WAY}. */
export class MeetingRoom {
  readonly #clock: Clock;
  readonly #knobs: SyncKnobs;
  readonly #password: string | undefined;
  readonly members: Member[] = [];
  #view: Omit<View, 'members'>;
  #next = 1;

  constructor(
    clock: Clock,
    code: string,
    options: SyncCreateOptions,
    queue: readonly SyncMedia[],
    knobs = FAULTLESS,
  ) {
    const { title, password, control = 'everyone', buffering = 'grace', mismatch = 'warn' } = options;
    this.#clock = clock;
    this.#knobs = knobs;
    this.#password = password;
    const media = queue[0]?.id ?? null;
    const timeline = { seq: 0, phase: 'idle', position: 0, at: this.now, rate: 1, media } as const;
    this.#view = { code, title, settings: { control, buffering, mismatch }, host: '', timeline, queue };
  }

  get view(): View {
    const members = this.members.map(({ hear: _, ...member }) => member);
    return { ...this.#view, members };
  }

  get now(): number {
    return this.#clock.now() + AHEAD;
  }

  enter(name: string, person: 0 | 1, password: string | undefined, hear: Member['hear']): Member {
    const isRight = this.#knobs.anyPassword ? password !== undefined : password === this.#password;
    if (this.#password !== undefined && !isRight)
      throw new KinoportError('ROOM_PASSWORD', 'It is another one.');
    const isTaken = this.members.some((member) => member.name === name);
    const { idByName, oneSeatAName } = this.#knobs;
    const id = oneSeatAName || (idByName && !isTaken) ? `m-${name}` : `m${this.#next}`;
    this.#next += 1;
    const called = isTaken ? `${name} 2` : name;
    const state = { ready: false, waitForMe: true, connected: true, hasFilm: false };
    const member: Member = { id, name: called, person, hear, ...state };
    this.members.push(member);
    if (this.members.length === 1) this.#view = { ...this.#view, host: id };
    this.tell({ kind: 'people' }, member);
    return member;
  }

  leave(member: Member): void {
    if (!this.members.includes(member)) return;
    this.members.splice(this.members.indexOf(member), 1);
    const [next] = this.members;
    if (this.#view.host === member.id && next && !this.#knobs.keepsHost)
      this.#view = { ...this.#view, host: next.id };
    this.tell({ kind: 'people' });
  }

  /** To all who are connected, in order. */
  tell(news: News, except?: Member): void {
    const { view } = this;
    for (const member of this.members)
      if (member.connected && member !== except) this.tellOne(member, news, view);
  }

  tellOne(member: Member, news: News, view = this.view): void {
    this.#clock.after(WAY, () => member.hear(news, view));
  }

  forHost(member: Member): void {
    if (member.id !== this.#view.host)
      throw new KinoportError('ROOM_FORBIDDEN', 'Only the host may do this.');
  }

  start(member: Member, { position = 0, force = false }): void {
    if (!this.#knobs.mayStart(member)) this.forHost(member);
    if (this.#view.timeline.phase !== 'idle') throw new KinoportError('ROOM_STATE', 'It has begun.');
    if (!force && this.members.some(({ ready }) => !ready))
      throw new KinoportError('ROOM_NOT_READY', 'Not all are ready.');
    this.#change(member, 'start', { phase: 'playing', position });
  }

  steer(
    member: Member,
    kind: 'play' | 'pause' | 'seek' | 'rate' | 'media',
    value: number | string = 0,
  ): void {
    const { timeline, settings, host, queue } = this.#view;
    if (settings.control === 'host' && member.id !== host && !this.#knobs.maySteer(kind))
      throw new KinoportError('ROOM_FORBIDDEN', 'Only the host may do this.');
    const { phase } = timeline;
    if (phase === 'idle' && kind !== 'rate' && kind !== 'media')
      throw new KinoportError('ROOM_STATE', 'The room is in the lobby.');
    const position = this.#position;
    const isSo = { play: phase === 'playing', pause: phase === 'paused', rate: timeline.rate === value };
    if (kind in isSo && isSo[kind as keyof typeof isSo] && !this.#knobs.repeats) return;
    if (kind === 'play') this.#change(member, kind, { phase: 'playing', position });
    else if (kind === 'pause')
      this.#change(member, kind, { phase: 'paused', position: position + this.#knobs.pauseAt });
    else if (kind === 'seek')
      this.#change(member, kind, { position: Math.min(604_800, Math.max(0, Number(value))) });
    else if (kind === 'rate')
      this.#change(member, kind, {
        rate: Number(value),
        position: this.#knobs.rateFrom(timeline.position, position),
      });
    else if (!queue.some(({ id }) => id === value))
      throw new KinoportError('ROOM_STATE', 'There is no such item.');
    else this.#change(member, kind, { media: String(value), position: 0 });
  }

  say({ id, name }: Member, text: string): void {
    this.tell({ kind: 'chat', from: id, name, text });
  }

  configure(change: Partial<Pick<View, 'settings' | 'host'>>): void {
    this.#view = { ...this.#view, ...change };
    this.tell(change.host === undefined ? { kind: 'room' } : { kind: 'people' });
  }

  get #position(): number {
    const { phase, position, rate, at } = this.#view.timeline;
    return phase === 'playing' ? position + (rate * Math.max(0, this.now - at)) / 1000 : position;
  }

  #change(member: Member, kind: Kind, change: Partial<SyncTimeline>): void {
    const before = this.#position;
    const { timeline } = this.#view;
    const phase = change.phase ?? timeline.phase;
    const lead = phase === 'playing' && kind !== 'rate' ? this.#knobs.lead(kind) : 0;
    this.#view = {
      ...this.#view,
      timeline: { ...timeline, ...change, seq: timeline.seq + 1, at: this.now + lead },
    };
    const from = kind === 'seek' ? { from: before } : {};
    this.tell({ kind: 'timeline', cause: { kind, by: member.id, ...from } });
  }
}
