import type { PlaybackCommandParams } from '../../api/protocol.ts';

/** A command of the host, as a key stands for it. */
export type PlaybackCommand = PlaybackCommandParams['command'];

/** What a key does: something for the host, or for this client. */
export type KeyAction = PlaybackCommand | { readonly name: 'interrupt' } | { readonly name: 'suspend' };

/** mpv's own keys, as far as they make sense in a terminal. */
const KEYS: Readonly<Record<string, KeyAction>> = {
  ' ': { name: 'togglePause' },
  p: { name: 'togglePause' },
  '\u001b[C': { name: 'seekBy', seconds: 5 },
  '\u001b[D': { name: 'seekBy', seconds: -5 },
  '\u001b[A': { name: 'seekBy', seconds: 60 },
  '\u001b[B': { name: 'seekBy', seconds: -60 },
  '[': { name: 'multiplyRate', factor: 0.9091 },
  ']': { name: 'multiplyRate', factor: 1.1 },
  '{': { name: 'multiplyRate', factor: 0.5 },
  '}': { name: 'multiplyRate', factor: 2 },
  '\u007f': { name: 'resetRate' },
  '\b': { name: 'resetRate' },
  '9': { name: 'volumeBy', percent: -2 },
  '0': { name: 'volumeBy', percent: 2 },
  '/': { name: 'volumeBy', percent: -2 },
  '*': { name: 'volumeBy', percent: 2 },
  m: { name: 'toggleMute' },
  j: { name: 'cycleSubtitle' },
  J: { name: 'cycleSubtitle' },
  '#': { name: 'cycleAudio' },
  '>': { name: 'next' },
  '<': { name: 'previous' },
  q: { name: 'stop' },
  Q: { name: 'stop' },
  '\u0003': { name: 'interrupt' },
  '\u001a': { name: 'suspend' },
};

/** What `play --help` says of the keys. */
export const KEYS_HELP = `Keys in the terminal are mpv's:
  space, p          pause                left, right       5 s back, on
  [ ]  { }          slower, faster       down, up          1 min back, on
  backspace         normal speed         9 0, m            volume, mute
  j, #              subtitles, sound     < >               previous, next
  q                 stop                 Ctrl-C            stop; exit code 130`;

const ESC = '\u001b';
// One escape sequence, or one character. SS3 (`ESC O A`) is what arrows send in application mode.
const SEQUENCE = new RegExp(`${ESC}\\[[0-9;]*[A-Za-z~]|${ESC}O[A-Z]|[\\s\\S]`, 'gu');

/** What was typed, as actions; keys without a meaning are left out. */
export function parseKeys(typed: string): readonly KeyAction[] {
  return (typed.match(SEQUENCE) ?? []).flatMap((key) => {
    const action = KEYS[key.startsWith(`${ESC}O`) ? `${ESC}[${key.slice(2)}` : key];
    return action ? [action] : [];
  });
}
