import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { LIMITS } from '../protocol/index.ts';
import { parseTime } from './time.ts';

const Position = Type.Number({ minimum: 0, maximum: 604_800 });
const Who = Type.String({ minLength: 1, maxLength: 4 * LIMITS.name });
const plain = <T extends string>(command: T) => Type.Object({ command: Type.Literal(command) });

/** What can be said to a room, by a person as text, by a program as JSON. */
const Typed = Type.Union([
  Type.Object({ command: Type.Literal('ready'), ready: Type.Optional(Type.Boolean()) }),
  Type.Object({
    command: Type.Literal('start'),
    force: Type.Optional(Type.Boolean()),
    position: Type.Optional(Position),
  }),
  plain('toggle'),
  plain('play'),
  plain('pause'),
  Type.Object({ command: Type.Literal('seek'), position: Position }),
  /** Seconds from where the room is. */
  Type.Object({
    command: Type.Literal('skip'),
    seconds: Type.Number({ minimum: -604_800, maximum: 604_800 }),
  }),
  Type.Object({ command: Type.Literal('rate'), rate: Type.Number({ minimum: 0.25, maximum: 4 }) }),
  Type.Object({ command: Type.Literal('offset'), seconds: Type.Number({ minimum: -60, maximum: 60 }) }),
  /** For the host. By name, or by id where two have the same. */
  Type.Object({ command: Type.Literal('kick'), who: Who }),
  Type.Object({ command: Type.Literal('transfer'), who: Who }),
  Type.Object({
    command: Type.Literal('set'),
    control: Type.Optional(Type.Enum(['host', 'everyone'])),
    buffering: Type.Optional(Type.Enum(['off', 'grace', 'everyone'])),
    mismatch: Type.Optional(Type.Enum(['warn', 'refuse'])),
    title: Type.Optional(Type.String({ minLength: 1, maxLength: LIMITS.title })),
    /** null: none. */
    password: Type.Optional(
      Type.Union([Type.String({ minLength: 1, maxLength: LIMITS.password }), Type.Null()]),
    ),
  }),
  plain('undo'),
  plain('next'),
  plain('list'),
  plain('help'),
  plain('watch'),
  plain('leave'),
  Type.Object({ command: Type.Literal('chat'), text: Type.String({ minLength: 1, maxLength: 2000 }) }),
]);
export type Typed = Readonly<Static<typeof Typed>>;

const typed = Compile(Typed);

/** Letters that stand for themselves alone. */
const WORDS: Readonly<Record<string, Typed>> = {
  t: { command: 'ready' },
  start: { command: 'start' },
  'start now': { command: 'start', force: true },
  p: { command: 'toggle' },
  u: { command: 'undo' },
  n: { command: 'next' },
  l: { command: 'list' },
  h: { command: 'help' },
  w: { command: 'watch' },
};

/** What a person has typed; undefined: nothing, or a time that is none. A line that begins with a blank is talk. */
export function parseTyped(line: string): Typed | undefined {
  if (line.trim() === '') return undefined;
  const talk: Typed = { command: 'chat', text: line.trim() };
  if (/^\s/.test(line)) return talk;
  const text = line.trim().toLowerCase();
  if (Object.hasOwn(WORDS, text)) return WORDS[text];
  const forTheHost = parseForTheHost(line.trim());
  if (forTheHost !== null) return forTheHost;
  const [, letter, sign = '', rest = ''] = /^([so])\s+([+-]?)([\d:.]+)$/.exec(text) ?? [];
  if (letter === undefined) return talk;
  const seconds = parseTime(rest);
  if (seconds === undefined) return undefined;
  const signed = sign === '-' ? -seconds : seconds;
  if (letter === 'o') return { command: 'offset', seconds: signed };
  return sign === '' ? { command: 'seek', position: seconds } : { command: 'skip', seconds: signed };
}

/** `kick Bob`, `transfer Bob`, `set control host`; null: it is none of these, undefined: one that is not understood. */
function parseForTheHost(line: string): Typed | undefined | null {
  if (/^set\s+no\s+password$/i.test(line)) return { command: 'set', password: null };
  const [, verb = '', rest = ''] = /^(kick|transfer|set)\s+(\S.*)$/i.exec(line) ?? [];
  if (verb === '') return null;
  const command = verb.toLowerCase();
  if (command !== 'set') return checked({ command, who: rest });
  const [, name = '', value = ''] =
    /^(control|buffering|mismatch|title|password)\s+(\S.*)$/i.exec(rest) ?? [];
  // A password with one letter too many before it is not for everybody to read.
  if (name === '') return undefined;
  const isText = /^(title|password)$/i.test(name);
  return checked({ command, [name.toLowerCase()]: isText ? value : value.toLowerCase() });
}

const checked = (value: unknown): Typed | undefined => (typed.Check(value) ? value : undefined);

/** What a program has sent: a JSON object, else as a person would type it. */
export function parseSent(line: string): Typed | undefined {
  if (!line.trimStart().startsWith('{')) return parseTyped(line);
  try {
    return checked(JSON.parse(line));
  } catch {
    return undefined;
  }
}

export const HELP: readonly string[] = [
  't         ready, or not',
  'start     begin the film (host); "start now" does not wait for those who are not ready',
  'p         play or pause',
  's 12:30   seek; s +10 and s -10 from here',
  'u         undo the last seek',
  'n         the next in the queue',
  'o +0.2    have your player 0.2 s ahead of the others; o 0: not',
  'l         who is here',
  'w         watch again, after the player was closed',
  'The host:  kick NAME, transfer NAME (somebody else is the host), set control host|everyone,',
  '           set buffering off|grace|everyone, set mismatch warn|refuse, set title TEXT,',
  '           set password TEXT, set no password',
  'h         this help; Ctrl-C leaves the room',
  'Anything else is said to the others; a line that begins with a blank always is.',
];
