// @ts-check
/** @import { Item, PlaybackItemEnd, PlaybackSnapshot, PlayerState, PluginContext } from '@kinoport/core' */
/** @import { Journal } from './journal.js' */
/** @import { Line, Plays } from './lines.js' */
import { sleep } from '@kinoport/core';

/** Milliseconds until a line that could not be written is tried again. */
const AGAIN = 2_000;

/**
 * What is known of a session: its item, and under which name that is played. The name comes with the state, and while
 * the next item is being loaded that is still the one before.
 * @typedef {object} Session
 * @property {PlaybackSnapshot} snapshot
 * @property {string | undefined} play
 * @property {PlayerState} state
 */

/** Turns what happens into lines, each of them once, whatever else writes the same file. */
export class Scrobbler {
  #ctx;
  #home;
  #journal;
  /** @type {Map<string, Session>} */
  #sessions = new Map();
  #ending = new AbortController();
  /** @type {Promise<void>} */
  #work = Promise.resolve();

  /**
   * @param {Pick<PluginContext, 'clock' | 'log' | 'attention'>} ctx
   * @param {string} home
   * @param {Journal} journal
   */
  constructor(ctx, home, journal) {
    this.#ctx = ctx;
    this.#home = home;
    this.#journal = journal;
  }

  /** Lines from now on go there. @param {Journal} journal */
  use(journal) {
    this.#enqueue(async () => {
      this.#journal = journal;
    });
  }

  /**
   * What the file has as playing and nobody plays any more ended while this plugin was not there.
   * @param {readonly PlaybackSnapshot[]} playing
   */
  settle(playing) {
    const time = this.#time();
    const instant = this.#ctx.clock.now();
    const alive = new Map(
      playing.map(({ id, item, state }) => [id, { token: state.itemToken, key: item.key }]),
    );
    this.#enqueue(async () => {
      for (const { first, last } of (await this.#journal.plays()).all()) {
        if (first.home !== this.#home || last.event === 'ended') continue;
        const now = alive.get(first.session);
        if (now?.token === first.play && now.key === first.key) continue;
        await this.#add((plays) => {
          if (plays.get(first.play)?.last.event === 'ended') return undefined;
          return { ...last, time, instant, event: 'ended', reason: 'missed', watched: false };
        });
      }
    });
  }

  /** @param {PlaybackSnapshot} snapshot */
  started(snapshot) {
    const { state, id } = snapshot;
    this.#sessions.set(id, { snapshot, play: undefined, state });
    this.changed(id, state);
  }

  /**
   * @param {string} id
   * @param {PlayerState} state
   */
  changed(id, state) {
    const session = this.#sessions.get(id);
    if (!session) return;
    session.state = state;
    if (state.status !== 'playing' && state.status !== 'paused') return;
    const time = this.#time(state.at);
    this.#enqueue(async () => {
      session.play ??= await this.#nameOf(session, state);
      if (session.play === state.itemToken) await this.#follow(session, state, time);
    });
  }

  /** @param {PlaybackItemEnd} end */
  ended({ id, item, reason, position, duration, watched }) {
    const session = this.#sessions.get(id);
    if (!session) return;
    const time = this.#time();
    const instant = this.#ctx.clock.now();
    this.#enqueue(async () => {
      session.play ??= await this.#nameOf(session, session.state);
      // An item that never came to be loaded has none of its own.
      session.play ??= `${id}/${session.snapshot.index}/${session.snapshot.item.key}`.slice(0, 300);
      await this.#began(session, session.state, time);
      await this.#add((plays) => {
        const known = plays.get(session.play ?? '');
        if (!known || known.last.event === 'ended') return undefined;
        return {
          ...this.#line(session, item),
          time,
          instant,
          event: 'ended',
          position,
          duration,
          reason,
          watched,
        };
      });
    });
  }

  /** @param {string} id */
  closed(id) {
    this.#sessions.delete(id);
  }

  /** Writes what is under way. */
  async dispose() {
    const timer = this.#ctx.clock.after(AGAIN, () => this.#ending.abort());
    await this.#work;
    await timer.dispose();
  }

  /**
   * The name under which the item of a session is played; `undefined` while the state still has that of another.
   * @param {Session} session
   * @param {PlayerState} state
   */
  async #nameOf({ snapshot }, { itemToken }) {
    const known = (await this.#journal.plays()).get(itemToken);
    const isOther = known && (isOver(known.last) || known.first.key !== snapshot.item.key);
    return isOther ? undefined : itemToken;
  }

  /**
   * What plays for the first time has begun: before that, players may be paused while they look for the place.
   * @param {Session} session
   * @param {PlayerState} state
   * @param {string} time
   */
  async #began(session, state, time) {
    await this.#add((plays) => {
      const known = plays.get(session.play ?? '');
      if (known && !wasMissed(known.last)) return undefined;
      const { at: instant, duration } = state;
      const event = known ? 'resumed' : 'began';
      return { ...this.#line(session), time, event, instant, position: state.position, duration };
    });
  }

  /**
   * @param {Session} session
   * @param {PlayerState} state
   * @param {string} time
   */
  async #follow(session, state, time) {
    if (state.status === 'playing') await this.#began(session, state, time);
    await this.#add((plays) => {
      const last = plays.get(session.play ?? '')?.last;
      // What is older than the last line somebody else has dealt with, in another process.
      if (!last || last.event === 'ended' || Math.round(state.at) < last.instant) return undefined;
      const isPaused = last.event === 'paused';
      if (isPaused === (state.status === 'paused')) return undefined;
      const event = isPaused ? 'resumed' : 'paused';
      const { at: instant, duration, position } = state;
      return { ...this.#line(session), time, event, instant, position, duration };
    });
  }

  /**
   * @param {Session} session
   * @param {Item} [item]
   */
  #line({ snapshot, play = '' }, item = snapshot.item) {
    const { title, key, uri } = item;
    return { title, key, uri, player: snapshot.player, play, session: snapshot.id, home: this.#home };
  }

  /** @param {(plays: Plays) => Line | undefined} decide */
  async #add(decide) {
    await this.#journal.append((plays) => {
      const line = decide(plays);
      return line && ordered(line);
    });
  }

  /**
   * One after the other. What cannot be written is tried until it can: a full disk costs no line.
   * @param {() => Promise<void>} work
   */
  #enqueue(work) {
    this.#work = this.#work.then(async () => {
      for (let failed = false; ; failed = true) {
        try {
          await work();
          if (failed) this.#ctx.attention.clear();
          return;
        } catch (error) {
          const message = error instanceof Error ? error.message : String(error);
          if (!failed) this.#complain(message);
          await sleep(this.#ctx.clock, AGAIN, this.#ending.signal).catch(() => undefined);
          if (this.#ending.signal.aborted) return this.#ctx.log.error('a line is lost', { message });
        }
      }
    });
  }

  /** @param {string} message */
  #complain(message) {
    this.#ctx.log.error('the file cannot be written', { message });
    this.#ctx.attention.request({
      code: 'SCROBBLES_NOT_WRITTEN',
      message: `Scrobbles cannot be written: ${message}`.slice(0, 500),
      action: 'Check the setting "folder" of the plugin, and the space left on the disk.',
    });
  }

  /** The time of day at an instant of the monotonic clock. @param {number} [instant] */
  #time(instant) {
    const { clock } = this.#ctx;
    const ago = instant === undefined ? 0 : clock.now() - instant;
    return new Date(clock.wall() - ago).toISOString();
  }
}

/** @param {Line} line */
const wasMissed = (line) => line.event === 'ended' && line.reason === 'missed';

/** @param {Line} line */
const isOver = (line) => line.event === 'ended' && !wasMissed(line);

/**
 * What people read stands first.
 * @param {Line} line
 * @returns {Line}
 */
function ordered({ time, event, title, position, duration, reason, watched, ...rest }) {
  const told = event === 'ended' ? { reason, watched } : {};
  const length = duration === undefined ? {} : { duration: rounded(duration) };
  const { instant } = rest;
  return {
    time,
    event,
    title,
    position: rounded(position),
    ...length,
    ...told,
    ...rest,
    instant: Math.round(instant),
  };
}

/** @param {number} seconds */
const rounded = (seconds) => Math.round(seconds * 1000) / 1000;
