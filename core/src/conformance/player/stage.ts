import {
  type Player,
  type PlayerEnd,
  type PlayerMedia,
  type PlayerOpenOptions,
  type PlayerSession,
  type PlayerState,
  positionAt,
} from '../../player.ts';
import { shown, type Trial } from '../trial.ts';
import type { PlayerSubject, RunningPlayer } from './subject.ts';

/** Milliseconds for anything that a player does. */
export const PATIENCE = 10_000;
/** Seconds that a position may be off because the machine was busy between two looks at it. */
export const SLACK = 0.15;

/** A state, and when it was told. */
export interface Heard {
  readonly state: PlayerState;
  readonly at: number;
}

/** One session of a clause: what it says is kept, and its player is gone when the clause is over. */
export class Stage implements RunningPlayer {
  readonly sessionId: string;
  readonly token: string;
  readonly session: PlayerSession;
  readonly heard: Heard[] = [];
  readonly ends: PlayerEnd[] = [];
  readonly #t: Trial;

  constructor(session: PlayerSession, ids: { readonly sessionId: string; readonly token: string }, t: Trial) {
    this.session = session;
    this.sessionId = ids.sessionId;
    this.token = ids.token;
    this.#t = t;
    const state = session.onDidChangeState((value) => this.heard.push({ state: value, at: t.clock.now() }));
    const end = session.onDidEnd((value) => this.ends.push(value));
    t.defer(async () => {
      await state.dispose();
      await end.dispose();
    });
  }

  get endpoint(): PlayerSession['endpoint'] {
    return this.session.endpoint;
  }

  get state(): PlayerState {
    return this.session.state;
  }

  /** Seconds, now, as the state has it. */
  get position(): number {
    return positionAt(this.state, this.#t.clock.now());
  }

  /** The state now or the next one for which `accept` holds. */
  async reach(what: string, accept: (state: PlayerState) => boolean, ms = PATIENCE): Promise<PlayerState> {
    if (accept(this.state)) return this.state;
    try {
      return await this.#t.next(what, this.session.onDidChangeState, accept, ms);
    } catch (error) {
      if (accept(this.state)) return this.state;
      const { tracks: _, ...state } = this.state;
      if (this.#t.signal.aborted) throw error;
      return this.#t.fail(`${what}: not within ${ms / 1000} s, the state is ${shown(state)}`);
    }
  }

  async end(ms = PATIENCE): Promise<PlayerEnd> {
    await this.#t.until('the end of the item', ms, () => this.ends.length > 0);
    return this.ends[0] ?? this.#t.fail('the item has no end');
  }

  /** Playing, whatever it takes; clauses about how it comes to play do not use this. */
  async playing(): Promise<PlayerState> {
    await this.reach('the first frame', ({ status }) => isShown(status));
    if (this.state.status === 'paused') await this.session.play();
    return this.reach('to play', ({ status }) => status === 'playing');
  }

  /** Paused, whatever it takes, and standing still. */
  async paused(): Promise<PlayerState> {
    await this.reach('the first frame', ({ status }) => isShown(status));
    for (let attempt = 0; attempt < 2 && this.state.status !== 'paused'; attempt += 1) {
      await this.session.pause();
      await this.#t.until('a pause', 3_000, () => this.state.status === 'paused').catch(() => undefined);
    }
    return this.reach('to stand still', ({ status }) => status === 'paused');
  }
}

export const isShown = (status: PlayerState['status']): boolean =>
  status === 'playing' || status === 'paused' || status === 'buffering';

export interface StageOptions extends Partial<PlayerOpenOptions> {
  readonly media?: PlayerMedia;
}

/** Opens a session that is stopped, or killed when it does not stop, after the clause. */
export async function open(subject: PlayerSubject, t: Trial, given: StageOptions = {}): Promise<Stage> {
  const { media = subject.media.film, ...options } = given;
  const ids = { sessionId: newId('session'), token: options.itemToken ?? newId('item') };
  await subject.prepare?.(ids.sessionId);
  const opening = subject.player.open(media, {
    start: 0,
    paused: false,
    sessionId: ids.sessionId,
    itemToken: ids.token,
    ...subject.options,
    ...options,
  });
  // A clause that is out of time does not wait for it, and yet it has to go.
  t.defer(async () => {
    const session = await opening.catch(() => undefined);
    if (session) await end(subject, session, ids.sessionId);
  });
  return new Stage(await opening, ids, t);
}

/** Attaches to what `stage` ran, as the next generation of a plugin does. */
export async function attach(subject: PlayerSubject, t: Trial, stage: Stage, epoch: number): Promise<Stage> {
  const player = await nextGeneration(subject);
  if (!player.attach) t.skip('the player cannot attach');
  const endpoint = JSON.parse(JSON.stringify(stage.endpoint)) as PlayerSession['endpoint'];
  const session = await player.attach(endpoint, { sessionId: stage.sessionId, epoch });
  t.defer(() => end(subject, session, stage.sessionId));
  return new Stage(session, { sessionId: stage.sessionId, token: stage.token }, t);
}

export async function nextGeneration(subject: PlayerSubject): Promise<Player> {
  return subject.again ? subject.again() : subject.player;
}

async function end(subject: PlayerSubject, session: PlayerSession, sessionId: string): Promise<void> {
  const running = { sessionId, endpoint: session.endpoint };
  await session.stop().catch(() => undefined);
  if (subject.kill && (await subject.isAlive?.(running))) await subject.kill(running);
}

export function newId(prefix: string): string {
  return `${prefix}-${crypto.randomUUID()}`;
}

/** Skips the clause unless the film lasts. */
export function needs(t: Trial, holds: unknown, what: string): asserts holds {
  if (!holds) t.skip(what);
}
