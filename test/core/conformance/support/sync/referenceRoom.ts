import {
  type Clock,
  DisposableStore,
  Emitter,
  KinoportError,
  type Playback,
  type SyncEndReason,
  type SyncParticipant,
  type SyncRoom,
  type SyncStatus,
  type SyncTimelineChange,
  sleep,
} from '@kinoport/core';
import { ReferenceFollower, type ViewerAct } from './follower.ts';
import type { SyncKnobs } from './knobs.ts';
import { AHEAD, type MeetingRoom, type Member, type News, type View, WAY } from './meeting.ts';
import { clean } from './referenceSync.ts';

export interface ReferenceRoomOptions {
  readonly clock: Clock;
  readonly knobs: SyncKnobs;
  readonly room: MeetingRoom;
  readonly person: 0 | 1;
  readonly name: string;
  readonly password: string | undefined;
  readonly playback: Playback;
  readonly isCut: () => boolean;
}

const invalid = (): KinoportError => new KinoportError('INVALID_ARGUMENT', 'That cannot be.');

/** A seat in memory that keeps the contract. */
export class ReferenceRoom {
  readonly #options: ReferenceRoomOptions;
  readonly #member: Member;
  readonly #owned = new DisposableStore();
  readonly #changed = new Emitter<void>();
  readonly #people = new Emitter<readonly SyncParticipant[]>();
  readonly #timelines = new Emitter<SyncTimelineChange>();
  readonly #statuses = new Emitter<SyncStatus>();
  readonly #messages = new Emitter<{ readonly from: string; readonly name: string; readonly text: string }>();
  readonly #warnings = new Emitter<{ readonly code: string; readonly message: string }>();
  readonly #closed = new Emitter<{ readonly reason: SyncEndReason }>();
  readonly made: SyncRoom;
  #view: View;
  #follower: ReferenceFollower | undefined;
  #offset = 0;
  #isOver = false;
  #isLost = false;

  constructor(options: ReferenceRoomOptions) {
    const { clock, room, name, person, password } = options;
    this.#options = options;
    this.#member = room.enter(name, person, password, (news, view) => this.#hear(news, view));
    this.#view = room.view;
    this.#owned.add(clock.every(1000, () => this.#statuses.fire(this.#status)));
    this.made = this.#make();
  }

  get person(): 0 | 1 {
    return this.#options.person;
  }

  async bind(playbackId: string | undefined): Promise<void> {
    this.#checkOpen();
    const { clock, playback, knobs, room } = this.#options;
    const snapshot = playbackId === undefined ? undefined : await playback.get(playbackId).snapshot();
    await this.#follower?.dispose();
    this.#follower =
      snapshot && new ReferenceFollower(clock, playback, snapshot, (act) => void this.#acted(act), knobs);
    if (this.#follower) this.#follower.offset = this.#offset;
    this.#follower?.follow(this.#view.timeline, this.#view.queue);
    this.#member.hasFilm = snapshot !== undefined;
    room.tell({ kind: 'people' });
  }

  /** The connection is lost, or there again. */
  cut(isCut: boolean): void {
    if (this.#isOver) return;
    const { clock, room } = this.#options;
    this.#isLost = isCut;
    this.#member.connected = !isCut;
    clock.after(isCut ? WAY : 0, () => room.tell({ kind: 'people' }));
    this.#statuses.fire(this.#status);
    if (isCut) return;
    const { view } = room;
    if (view.timeline.seq > this.#view.timeline.seq)
      room.tellOne(this.#member, { kind: 'timeline', cause: { kind: 'play', by: null } });
  }

  /** As a process that has died: nobody is told. */
  async vanish(): Promise<void> {
    await this.#end('left');
  }

  get #status(): SyncStatus {
    const drift = this.#follower?.drift;
    return {
      connection: this.#isOver ? 'closed' : this.#isLost ? 'reconnecting' : 'connected',
      sync: this.#isOver || this.#isLost ? 'lost' : 'synced',
      ...{ offset: AHEAD, offsetBound: WAY, roundTrip: 2 * WAY },
      ...(drift === undefined ? {} : { drift }),
    };
  }

  get #participants(): readonly SyncParticipant[] {
    const { members, host } = this.#view;
    return members.map(({ id, name, ready, waitForMe, connected, hasFilm }) => ({
      ...{ id, name, connected, waitForMe },
      isHost: id === host,
      isSelf: id === this.#member.id,
      isReady: ready,
      buffering: false,
      match: hasFilm ? 'same' : 'unknown',
    }));
  }

  #make(): SyncRoom {
    const { room, knobs } = this.#options;
    const me = this.#member;
    const ask = (run: () => void) => this.#ask(run);
    const number = (value: number, least: number, most: number): number => {
      if (!(Number.isFinite(value) && value >= least && value <= most)) throw invalid();
      return value;
    };
    const view = () => this.#view;
    const participants = () => this.#participants;
    const status = () => this.#status;
    const huge = Number.MAX_VALUE;
    const leave = async (): Promise<void> => {
      if (this.#isOver) return;
      if (knobs.stopsAtLeave) await this.#follower?.pause();
      if (!this.#options.isCut()) {
        room.leave(me);
        await sleep(this.#options.clock, WAY);
      }
      await this.#end('left');
    };
    return {
      code: this.#view.code,
      invitation: this.#view.code,
      get title() {
        return view().title;
      },
      get settings() {
        return view().settings;
      },
      get participants() {
        return participants();
      },
      get timeline() {
        return view().timeline;
      },
      get queue() {
        return view().queue;
      },
      get status() {
        return status();
      },
      onDidChangeRoom: this.#changed.event,
      onDidChangeParticipants: this.#people.event,
      onDidChangeTimeline: this.#timelines.event,
      onDidChangeStatus: this.#statuses.event,
      onDidReceiveMessage: this.#messages.event,
      onDidWarn: this.#warnings.event,
      onDidClose: this.#closed.event,
      bind: (playbackId) => this.bind(playbackId),
      setReady: (ready) => ask(() => this.#set({ ready })),
      setWaitForMe: (waitForMe) => ask(() => this.#set({ waitForMe })),
      setOffset: async (seconds) => {
        this.#checkOpen();
        this.#offset = number(seconds, -60, 60);
        if (this.#follower) this.#follower.offset = seconds;
      },
      start: ({ position = 0, force = false } = {}) =>
        ask(() => room.start(me, { position: number(position, -huge, huge), force })),
      play: () => ask(() => room.steer(me, 'play')),
      pause: () => ask(() => room.steer(me, 'pause')),
      seek: (position) => ask(() => room.steer(me, 'seek', number(position, -huge, huge))),
      setRate: (rate) => ask(() => room.steer(me, 'rate', number(rate, knobs.leastRate, 4))),
      select: (id) => ask(() => room.steer(me, 'media', id)),
      say: (text) =>
        ask(() => {
          const line = clean(text, knobs.textLength);
          if (line === '') throw invalid();
          room.say(me, knobs.rawText ? text.slice(0, knobs.textLength) : line);
        }),
      configure: (settings) =>
        ask(() => {
          room.forHost(me);
          room.configure({ settings: { ...room.view.settings, ...settings } });
        }),
      kick: (id) =>
        ask(() => {
          room.forHost(me);
          const member = this.#memberOf(id);
          room.tellOne(member, { kind: 'kicked' });
          room.leave(member);
        }),
      transferHost: (id) =>
        ask(() => {
          room.forHost(me);
          room.configure({ host: this.#memberOf(id).id });
        }),
      leave,
      dispose: leave,
    };
  }

  #memberOf(id: string): Member {
    const member = this.#options.room.members.find((one) => one.id === id);
    if (!member) throw new KinoportError('ROOM_STATE', 'There is no such member.');
    return member;
  }

  #set(change: Partial<Pick<Member, 'ready' | 'waitForMe'>>): void {
    Object.assign(this.#member, change);
    this.#options.room.tell({ kind: 'people' });
  }

  async #ask(run: () => void): Promise<void> {
    const { clock, isCut } = this.#options;
    this.#checkOpen();
    if (isCut()) throw new KinoportError('RELAY_UNREACHABLE', 'There is no way.');
    await sleep(clock, WAY);
    run();
    // What it changes is told before the answer.
    await sleep(clock, WAY);
  }

  #checkOpen(): void {
    if (this.#isOver) throw new KinoportError('ROOM_CLOSED', 'The room is over.');
  }

  async #acted({ kind, value }: ViewerAct): Promise<void> {
    try {
      await this.#ask(() => this.#options.room.steer(this.#member, kind, value));
    } catch {
      if (this.#options.knobs.takesBack) this.#follower?.again();
    }
  }

  #hear(news: News, view: View): void {
    if (this.#isOver || this.#isLost) return;
    this.#view = view;
    if (news.kind === 'people') this.#people.fire(this.#participants);
    else if (news.kind === 'room') this.#changed.fire();
    else if (news.kind === 'chat') this.#messages.fire({ from: news.from, name: news.name, text: news.text });
    else if (news.kind === 'kicked') void this.#end('kicked');
    else {
      this.#follower?.follow(view.timeline, view.queue, news.cause.kind === 'start');
      this.#timelines.fire({ timeline: view.timeline, cause: news.cause });
    }
  }

  async #end(reason: SyncEndReason): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    await this.#follower?.dispose();
    await this.#owned.dispose();
    this.#statuses.fire(this.#status);
    this.#closed.fire({ reason });
    for (const emitter of [this.#changed, this.#people, this.#timelines, this.#statuses]) emitter.dispose();
    for (const emitter of [this.#messages, this.#warnings, this.#closed]) emitter.dispose();
  }
}
