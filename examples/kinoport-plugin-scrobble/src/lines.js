// @ts-check
/** @import { EndReason } from '@kinoport/core' */

/**
 * One line of the file. `play` is one playing of one item, `home` the Kinoport that it was seen by; `instant` is the
 * machine's monotonic clock, by which news that come late are known. A `reason` of `missed` means that it ended while
 * nobody looked.
 *
 * @typedef {object} Line
 * @property {string} time ISO 8601
 * @property {'began' | 'paused' | 'resumed' | 'ended'} event
 * @property {string} title
 * @property {string} key
 * @property {string} uri
 * @property {string} player
 * @property {number} position seconds
 * @property {number} [duration] seconds
 * @property {EndReason | 'missed'} [reason]
 * @property {boolean} [watched]
 * @property {string} play
 * @property {string} session
 * @property {string} home
 * @property {number} instant milliseconds
 */

/**
 * What the lines say of one playing, the last line of it among that.
 * @typedef {object} Play
 * @property {Line} first
 * @property {Line} last
 */

/** What a file says, line by line. */
export class Plays {
  /** @type {Map<string, Play>} */
  #plays = new Map();

  /** @param {Line} line */
  add(line) {
    const play = this.#plays.get(line.play);
    if (play) play.last = line;
    else this.#plays.set(line.play, { first: line, last: line });
  }

  /** @param {string} play */
  get(play) {
    return this.#plays.get(play);
  }

  /** In the order in which they began. */
  all() {
    return [...this.#plays.values()];
  }
}

/**
 * A line of the file; `undefined` for what is none, such as the rest of one that a power cut broke off.
 * @param {string} text
 * @returns {Line | undefined}
 */
export function parseLine(text) {
  try {
    const line = JSON.parse(text);
    const isLine = ['play', 'event', 'time', 'title', 'session', 'home'].every(
      (name) => typeof line?.[name] === 'string',
    );
    return isLine ? line : undefined;
  } catch {
    return undefined;
  }
}
