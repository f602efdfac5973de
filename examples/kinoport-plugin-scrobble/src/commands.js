// @ts-check
/** @import { CommandHandler } from '@kinoport/core' */
/** @import { Journal } from './journal.js' */
/** @import { Play } from './lines.js' */
import { KinoportError } from '@kinoport/core';

/**
 * @param {() => Journal} journal
 * @returns {CommandHandler}
 */
export const listCommand = (journal) => async (input, io) => {
  const last = Number(input.options.last ?? 20);
  if (!Number.isInteger(last) || last < 0)
    throw new KinoportError('INVALID_ARGUMENT', `"${input.options.last}" is no number of things played.`, {
      hint: 'Give a whole number; 0 is all of them.',
    });
  const all = (await journal().plays()).all();
  for (const play of last === 0 ? all : all.slice(-last)) {
    if (io.wantsJson) io.json(row(play));
    else io.line(sentence(play));
  }
  if (all.length === 0 && !io.wantsJson) io.error('Nothing was played yet.');
  return 0;
};

/**
 * @param {() => Journal} journal
 * @returns {CommandHandler}
 */
export const exportCommand =
  (journal) =>
  async ({ options }, io) => {
    const format = options.format ?? 'csv';
    if (format === 'jsonl' || io.wantsJson) {
      for (const line of await journal().lines()) io.json({ ...line });
    } else if (format === 'csv') {
      const rows = (await journal().plays()).all().map(row);
      const names = /** @type {const} */ ([
        'began',
        'ended',
        'title',
        'position',
        'duration',
        'watched',
        'reason',
        'player',
        'uri',
        'key',
      ]);
      io.line(names.join(','));
      for (const each of rows) io.line(names.map((name) => csv(each[name])).join(','));
    } else {
      throw new KinoportError('INVALID_ARGUMENT', `There is no format "${format}".`, {
        hint: 'Formats are csv and jsonl.',
      });
    }
    return 0;
  };

/** @param {Play} play */
function row({ first, last }) {
  const isOver = last.event === 'ended';
  const { title, key, uri, player } = first;
  return {
    began: first.time,
    ended: isOver ? last.time : null,
    title,
    position: last.position,
    duration: last.duration ?? null,
    watched: last.watched ?? false,
    reason: isOver ? (last.reason ?? null) : null,
    player,
    uri,
    key,
  };
}

/** @param {Play} play */
function sentence({ first, last }) {
  const when = new Date(first.time);
  const day = when.toLocaleDateString('sv');
  const time = when.toLocaleTimeString('sv', { timeStyle: 'short' });
  const length = last.duration === undefined ? '' : ` of ${clockTime(last.duration)}`;
  const what = last.event === 'ended' ? (last.watched ? 'watched' : (last.reason ?? 'ended')) : last.event;
  const words = { began: 'playing', resumed: 'playing' };
  const said = what in words ? words[/** @type {keyof typeof words} */ (what)] : what;
  return `${day} ${time}  ${first.title}  ${clockTime(last.position)}${length}  ${said}`;
}

/** @param {number} seconds */
function clockTime(seconds) {
  const whole = Math.round(seconds);
  const two = (/** @type {number} */ value) => String(value).padStart(2, '0');
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

/**
 * RFC 4180; a text that a spreadsheet would take for a formula is made one that it does not.
 * @param {string | number | boolean | null} value
 */
function csv(value) {
  if (typeof value !== 'string') return String(value ?? '');
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
