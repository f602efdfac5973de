import {
  type Clock,
  DisposableStore,
  Emitter,
  type Event,
  KinoportError,
  type Playback,
  SuspendWatch,
  type SyncEndReason,
  type SyncMedia,
  type SyncParticipant,
  type SyncRoom,
  type SyncSettings,
  type SyncStatus,
  type SyncTimeline,
  type SyncTimelineChange,
} from '@kinoport/core';
import { RoomClock } from '../clock/roomClock.ts';
import { hasHighLatency, syncStatus } from '../control/syncStatus.ts';
import type { Copy } from '../media/claim.ts';
import type { Recognition, Shelf } from '../media/shelf.ts';
import {
  cleanLine,
  cleanName,
  invitationLink,
  LIMITS,
  type QueueItem,
  type RoomSnapshot,
  type ServerMessage,
  type ServerMessages,
  type Status,
} from '../protocol/index.ts';
import { askedLine, askedPosition, askedRate } from './asked.ts';
import { ClockWarnings } from './clockWarnings.ts';
import type { MemberRequest, RoomMember } from './member.ts';
import { participantsOf, type RoomChanges, settingsOf, settingsRequest } from './participants.ts';
import type { PlayersInUse } from './playersInUse.ts';
import { RoomPlayer } from './roomPlayer.ts';
import { applied, type RoomView, viewOf } from './roomView.ts';
import { StatusReporter } from './statusReporter.ts';

export interface RoomOptions {
  readonly clock: Clock;
  readonly playback: Playback;
  readonly member: RoomMember;
  /** What links begin with. */
  readonly relay: string;
  readonly shelf: Shelf;
  readonly players: PlayersInUse;
  readonly policy: 'precise' | 'classic';
  readonly find: (item: QueueItem, by: Recognition) => Promise<Copy | undefined>;
}

/** A room that this machine is a member of, and the player that it drives. */
export class Room implements SyncRoom {
  readonly #options: RoomOptions;
  readonly #clock: Clock;
  readonly #member: RoomMember;
  readonly #owned = new DisposableStore();
  readonly #time: RoomClock;
  readonly #player: RoomPlayer;
  readonly #reporter: StatusReporter;
  readonly #changed = new Emitter<void>();
  readonly #people = new Emitter<readonly SyncParticipant[]>();
  readonly #timelines = new Emitter<SyncTimelineChange>();
  readonly #statuses = new Emitter<SyncStatus>();
  readonly #messages = new Emitter<{ readonly from: string; readonly name: string; readonly text: string }>();
  readonly #warnings = new Emitter<{ readonly code: string; readonly message: string }>();
  readonly #closed = new Emitter<{ readonly reason: SyncEndReason }>();
  #view: RoomView;
  #soughtFrom: number | undefined;
  #slow = false;
  #ended = false;
  #ending: Promise<void> | undefined;

  readonly onDidChangeRoom = this.#changed.event;
  readonly onDidChangeParticipants = this.#people.event;
  readonly onDidChangeTimeline = this.#timelines.event;
  readonly onDidChangeStatus = this.#statuses.event;
  readonly onDidReceiveMessage = this.#messages.event;
  readonly onDidWarn = this.#warnings.event;
  readonly onDidClose = this.#closed.event;

  constructor(options: RoomOptions) {
    const { clock, member } = options;
    this.#options = options;
    this.#clock = clock;
    this.#member = member;
    this.#view = viewOf(member.room);
    this.#time = this.#owned.add(
      new RoomClock({
        clock,
        send: (t1) => member.tell({ type: 'time', t1 }),
        isPlaying: () => this.#view.timeline.phase === 'playing',
      }),
    );
    const { playback, policy, shelf, players, find } = options;
    this.#player = new RoomPlayer({
      ...{ clock, playback, policy, shelf, players, find },
      time: this.#time,
      self: member.id,
      view: () => this.#view,
      ask: (request) => member.request(request),
      connected: () => member.connected,
      warn: (error) => this.#warn(error),
      changed: () => this.#reporter.update(),
    });
    this.#player.onDidLose(() =>
      this.#warn(new KinoportError('PLAYER_GONE', 'The player was closed. The seat in the room is kept.')),
    );
    this.#reporter = this.#owned.add(
      new StatusReporter(
        clock,
        () => this.#report(),
        (status) => member.tell({ type: 'status', status }),
      ),
    );
    this.#owned.add(new ClockWarnings(clock, this.#time, (error) => this.#warn(error)));
    this.#owned.add(clock.every(1000, () => this.#look()));
    const watch = this.#owned.add(new SuspendWatch(clock));
    this.#owned.add(watch.onDidJump(() => member.check()));
    member.listen({
      resumed: (room) => this.#resumed(room),
      received: (message) => this.#received(message),
      lost: () => {
        this.#time.disconnected();
        this.#tellStatus();
      },
      ended: (reason) => void this.#end(reason),
    });
    if (member.connected) this.#time.connected();
  }

  get relay(): string {
    return this.#options.relay;
  }

  get code(): string {
    return this.#view.code;
  }

  get invitation(): string {
    return invitationLink(this.#options.relay, this.code);
  }

  get title(): string | undefined {
    const { title } = this.#view;
    return title === undefined ? undefined : cleanLine(title, LIMITS.title);
  }

  get settings(): SyncSettings {
    return settingsOf(this.#view.settings);
  }

  /** Whether it has a password. */
  get locked(): boolean {
    return this.#view.locked;
  }

  get participants(): readonly SyncParticipant[] {
    return participantsOf(this.#view, this.#member.id);
  }

  get timeline(): SyncTimeline {
    return this.#view.timeline;
  }

  get queue(): readonly SyncMedia[] {
    return this.#view.queue.map(({ id, title, media: { duration }, share }) => ({
      id,
      ...(title === undefined ? {} : { title: cleanLine(title, LIMITS.title) }),
      ...(duration === undefined ? {} : { duration }),
      ...(share === undefined ? {} : { share }),
    }));
  }

  /** How the queue's items are recognised. */
  get recognition(): Recognition {
    return { privacy: this.#view.settings.matchPrivacy, salt: this.#view.salt };
  }

  /** The queue with what its items are recognised by. */
  get items(): readonly QueueItem[] {
    return this.#view.queue;
  }

  /** Session that is driven; undefined: there is none, or its player is gone. */
  get playbackId(): string | undefined {
    return this.#player.playbackId;
  }

  /** Where this machine's player is, seconds. */
  get playerPosition(): number | undefined {
    return this.#player.position;
  }

  /** Where the room was before the last seek, seconds. */
  get soughtFrom(): number | undefined {
    return this.#soughtFrom;
  }

  /** The player was closed, or has died. */
  get onDidLosePlayer(): Event<void> {
    return this.#player.onDidLose;
  }

  /** Whether this machine may steer. */
  get maySteer(): boolean {
    return this.#isHost || this.#view.settings.control === 'everyone';
  }

  get status(): SyncStatus {
    const { connected, heardAt } = this.#member;
    const estimate = this.#time.estimate;
    const { drift, speed, lastCorrection: last } = this.#player.figures ?? {};
    return {
      connection: this.#ended ? 'closed' : connected ? 'connected' : 'reconnecting',
      sync: this.#ended ? 'lost' : syncStatus(connected, this.#clock.now() - heardAt),
      ...(drift === undefined ? {} : { drift: drift * 1000 }),
      ...(estimate === undefined
        ? {}
        : { offset: estimate.offset, offsetBound: estimate.bound, roundTrip: estimate.latestRoundTrip }),
      ...(speed === undefined ? {} : { rate: speed }),
      ...(last === undefined ? {} : { correction: { kind: last.kind, amount: last.amount, at: last.at } }),
    };
  }

  /** Room time of an instant of this machine, milliseconds; undefined until the clock is known. */
  roomTime(local: number): number | undefined {
    return this.#time.isSet ? this.#time.toRoom(local) : undefined;
  }

  /** What the session has in its queue is what the viewer has brought. */
  async bind(playbackId: string | undefined): Promise<void> {
    this.#checkOpen();
    if (playbackId !== undefined) {
      const { queue, item } = await this.#options.playback.get(playbackId).snapshot();
      this.#options.shelf.put(queue.length > 0 ? queue : [item]);
    }
    await this.#player.bind(playbackId);
  }

  setReady(ready: boolean): Promise<void> {
    return this.#ask({ type: 'ready', ready });
  }

  async setWaitForMe(wait: boolean): Promise<void> {
    this.#checkOpen();
    await this.#player.setWaitForMe(wait);
  }

  async setOffset(seconds: number): Promise<void> {
    this.#checkOpen();
    this.#player.setOffset(seconds);
  }

  get offset(): number {
    return this.#player.offset;
  }

  async start({ position, force = false }: Parameters<SyncRoom['start']>[0] = {}): Promise<void> {
    const from = position === undefined ? {} : { position: askedPosition(position) };
    await this.#ask({ type: 'start', force, ...from });
  }

  play(): Promise<void> {
    return this.#ask({ type: 'play' });
  }

  pause(): Promise<void> {
    return this.#ask({ type: 'pause' });
  }

  async seek(position: number): Promise<void> {
    await this.#ask({ type: 'seek', position: askedPosition(position) });
  }

  async setRate(rate: number): Promise<void> {
    await this.#ask({ type: 'rate', rate: askedRate(rate) });
  }

  select(mediaId: string): Promise<void> {
    return this.#ask({ type: 'select', item: mediaId });
  }

  async say(text: string): Promise<void> {
    await this.#ask({ type: 'chat', text: askedLine(text) });
  }

  configure(changes: RoomChanges): Promise<void> {
    return this.#ask(settingsRequest(changes));
  }

  kick(participantId: string): Promise<void> {
    return this.#ask({ type: 'kick', participant: participantId });
  }

  transferHost(participantId: string): Promise<void> {
    return this.#ask({ type: 'transfer', participant: participantId });
  }

  async leave(): Promise<void> {
    await this.#member.leave();
    await this.#end('left');
  }

  /** As `leave`; nobody is told any more. */
  async dispose(): Promise<void> {
    await this.leave();
    await this.#member.dispose();
  }

  /** Lets go of the room and of the player; the seat is kept for whoever has its token. */
  async forsake(): Promise<void> {
    await this.#member.dispose();
    await this.#end('lost');
  }

  /** A line in this machine's player. */
  async show(text: string): Promise<void> {
    await this.#player.show(text);
  }

  get #isHost(): boolean {
    return this.#view.host === this.#member.id;
  }

  async #ask(request: MemberRequest): Promise<void> {
    this.#checkOpen();
    await this.#member.request(request);
  }

  #checkOpen(): void {
    if (this.#ended) throw new KinoportError('ROOM_CLOSED', 'The room is over.');
  }

  #resumed(room: RoomSnapshot): void {
    const before = this.#view;
    this.#view = viewOf(room);
    this.#time.connected();
    this.#player.resumed();
    this.#reporter.report();
    this.#changed.fire();
    this.#people.fire(this.participants);
    if (room.timeline.seq !== before.timeline.seq) {
      this.#timelines.fire({ timeline: room.timeline, cause: { kind: 'play', by: null } });
    }
    this.#tellStatus();
  }

  #received(message: ServerMessage): void {
    if (this.#ended) return;
    if (message.type === 'time') {
      this.#time.receive({ c1: message.t1, r2: message.t2, r3: message.t3 });
      return;
    }
    const before = this.#view;
    this.#view = applied(before, message);
    switch (message.type) {
      case 'timeline':
        if (this.#view === before) return;
        this.#player.follow();
        if (message.cause.kind === 'seek') this.#soughtFrom = message.cause.from;
        this.#timelines.fire({ timeline: message.timeline, cause: message.cause });
        return;
      case 'queue':
        this.#player.update();
        this.#changed.fire();
        return;
      case 'settings':
        this.#changed.fire();
        return;
      case 'chat':
        this.#messages.fire(chatOf(message));
        return;
      case 'participant':
      case 'left':
      case 'host':
      case 'status':
        this.#people.fire(this.participants);
        return;
      default:
    }
  }

  /** Once a second: how fresh everything is. */
  #look(): void {
    const slow = hasHighLatency(this.#time.estimate?.roundTrip ?? 0);
    if (slow && !this.#slow)
      this.#warn(
        new KinoportError(
          'ROOM_HIGH_LATENCY',
          'The way to the relay takes more than half a second and back.',
          {
            hint: 'Starts and pauses come late here; a relay that is nearer helps.',
          },
        ),
      );
    this.#slow = slow;
    this.#tellStatus();
  }

  #tellStatus(): void {
    if (this.#statuses.hasListeners) this.#statuses.fire(this.status);
  }

  #warn({ code, message, hint }: KinoportError): void {
    if (this.#ended) return;
    this.#warnings.fire({ code, message: hint === undefined ? message : `${message} ${hint}` });
  }

  #report(): Status {
    const { buffering, loaded, position, figures, seekTime } = this.#player;
    const estimate = this.#time.estimate;
    const playing = this.#view.timeline.phase === 'playing';
    return {
      buffering,
      ...(loaded === undefined ? {} : { media: loaded }),
      ...(position === undefined ? {} : { position }),
      ...(figures?.drift === undefined || !playing ? {} : { drift: figures.drift * 1000 }),
      ...(figures === undefined ? {} : { rate: figures.speed }),
      ...(estimate === undefined ? {} : { roundTrip: estimate.latestRoundTrip, clockBound: estimate.bound }),
      ...(seekTime === undefined ? {} : { seekTime }),
    };
  }

  #end(reason: SyncEndReason): Promise<void> {
    this.#ended = true;
    this.#ending ??= this.#close(reason);
    return this.#ending;
  }

  async #close(reason: SyncEndReason): Promise<void> {
    this.#tellStatus();
    await this.#player.dispose();
    await this.#owned.dispose();
    this.#closed.fire({ reason });
    for (const emitter of [this.#changed, this.#people, this.#timelines, this.#statuses]) emitter.dispose();
    for (const emitter of [this.#messages, this.#warnings, this.#closed]) emitter.dispose();
  }
}

function chatOf({ from, name, text }: ServerMessages['chat']) {
  return { from, name: cleanName(name) || from, text: cleanLine(text, LIMITS.chat) };
}
