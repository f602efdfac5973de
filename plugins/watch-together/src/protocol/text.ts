import { LIMITS } from './limits.ts';

// C0 and C1 controls, marks that turn the direction of what follows, and what is invisible at the edges of words.
const UNSEEN = /[\p{Cc}\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;
const LONE_SURROGATE = /\p{Surrogate}/gu;

/** One line that is safe on a terminal: no controls, no marks of direction, blanks in one; cut to `most` characters. */
export function cleanLine(text: string, most: number): string {
  const line = text.replace(/\s+/gu, ' ').replace(UNSEEN, '').replace(LONE_SURROGATE, '').trim();
  return line.length <= most ? line : cut(line, most);
}

/** Cuts between characters, never in the middle of one. */
function cut(line: string, most: number): string {
  const end = /[\ud800-\udbff]$/.test(line.slice(0, most)) ? most - 1 : most;
  return line.slice(0, end).trim();
}

/** A person's name as others may see it; empty when nothing is left of it. */
export const cleanName = (name: string): string => cleanLine(name, LIMITS.name);
