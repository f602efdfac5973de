import {
  type Clock,
  DisposableStore,
  type Playback,
  type PlaybackHandle,
  type PlaybackSnapshot,
  type PlayerState,
  type SyncMedia,
  type SyncTimeline,
} from '@kinoport/core';
import type { SyncKnobs } from './knobs.ts';
import { AHEAD } from './meeting.ts';

/** What the viewer did in the player. */
export interface ViewerAct {
  readonly kind: 'play' | 'pause' | 'seek' | 'rate';
  readonly value?: number;
}

let count = 0;

/** Keeps an ideal player on the timeline. */
export class ReferenceFollower {
  readonly #clock: Clock;
  readonly #knobs: SyncKnobs;
  readonly #handle: PlaybackHandle;
  readonly #own = new DisposableStore();
  readonly #prefix: string;
  readonly #act: (act: ViewerAct) => void;
  readonly #queue: PlaybackSnapshot['queue'];
  #state: PlayerState;
  #item: PlaybackSnapshot['item'];
  #timeline: SyncTimeline | undefined;
  #media: readonly SyncMedia[] = [];
  #target = 0;
  #offset = 0;
  #isFirst = true;
  #isOver = false;
  drift: number | undefined;

  constructor(
    clock: Clock,
    playback: Playback,
    snapshot: PlaybackSnapshot,
    act: (act: ViewerAct) => void,
    knobs: SyncKnobs,
  ) {
    count += 1;
    this.#prefix = `reference${count}-`;
    this.#clock = clock;
    this.#knobs = knobs;
    this.#act = act;
    this.#handle = playback.get(snapshot.id);
    this.#state = snapshot.state;
    this.#item = snapshot.item;
    this.#queue = snapshot.queue;
    this.#own.add(playback.onDidChangeState(({ id, state }) => id === snapshot.id && this.#read(state)));
    this.#own.add(
      playback.onDidStart(({ id, item }) => {
        if (id === snapshot.id) this.#item = item;
      }),
    );
    this.#own.add(clock.every(100, () => void this.#look()));
  }

  set offset(seconds: number) {
    if (this.#knobs.ignoresOffset) return;
    this.#offset = seconds;
    void this.#drive();
  }

  follow(timeline: SyncTimeline, media: readonly SyncMedia[], starts = false): void {
    this.#timeline = timeline;
    this.#media = media;
    this.#target = starts ? this.#knobs.startsAhead : 0;
    void this.#drive();
  }

  again(): void {
    void this.#drive();
  }

  async pause(): Promise<void> {
    await this.#handle.pause({ id: `${this.#prefix}pause` });
  }

  async dispose(): Promise<void> {
    this.#isOver = true;
    await this.#own.dispose();
  }

  async #drive(): Promise<void> {
    const timeline = this.#timeline;
    if (!timeline || this.#isOver) return;
    const by = { id: `${this.#prefix}drive` };
    const wanted = this.#media.findIndex(({ id }) => id === timeline.media);
    const item = this.#queue[wanted];
    if (item && item.key !== this.#item.key && this.#knobs.loads)
      await this.#handle.load(item.uri, { paused: true, start: 0 });
    if (timeline.phase === 'idle')
      return this.#knobs.playsInLobby ? this.#handle.play(by) : this.#handle.pause(by);
    if (this.#state.rate !== timeline.rate && !this.#knobs.ignoresRate)
      await this.#handle.setRate(timeline.rate, by);
    const isLate = this.#isFirst && this.#knobs.joinsAtAnchor;
    this.#isFirst = false;
    const at = timeline.at - AHEAD;
    if (timeline.phase === 'paused' || at > this.#clock.now()) {
      await this.#handle.pause(by);
      await this.#handle.seek(timeline.position + this.#offset + this.#target, by);
      if (timeline.phase === 'playing') await this.#handle.play({ ...by, at }).catch(() => undefined);
      return;
    }
    await this.#handle.seek(isLate ? timeline.position : this.#goal(timeline) + this.#target, by);
    await this.#handle.play(by);
  }

  /** Seconds at which the player is to be now. */
  #goal({ position, rate, at, phase }: SyncTimeline): number {
    const gone = phase === 'playing' ? Math.max(0, this.#clock.now() + AHEAD - at) : 0;
    return position + (rate * gone) / 1000 + this.#offset;
  }

  async #look(): Promise<void> {
    const timeline = this.#timeline;
    if (timeline?.phase !== 'playing' || this.#state.status !== 'playing') {
      this.drift = undefined;
      return;
    }
    const { position } = await this.#handle.samplePosition();
    const off = position - this.#goal(timeline);
    this.drift = off * 1000;
    if (Math.abs(off) > 0.3 && this.#knobs.corrects) await this.#drive();
  }

  #read(state: PlayerState): void {
    const before = this.#state;
    this.#state = state;
    if (this.#isOver || state.itemToken !== before.itemToken || this.#timeline?.phase === 'idle') return;
    const isOwn = state.cause.startsWith(this.#prefix);
    if (isOwn) {
      if (this.#knobs.echoesRate && state.rate !== before.rate)
        this.#act({ kind: 'seek', value: state.position });
      return;
    }
    if (state.epoch > before.epoch) this.#tell({ kind: 'seek', value: state.position });
    else if (state.rate !== before.rate) this.#tell({ kind: 'rate', value: state.rate });
    else if (state.status !== before.status && (state.status === 'playing' || state.status === 'paused'))
      this.#tell({ kind: state.status === 'playing' ? 'play' : 'pause' });
  }

  #tell(act: ViewerAct): void {
    if (this.#knobs.hears(act.kind)) this.#act(act);
  }
}
