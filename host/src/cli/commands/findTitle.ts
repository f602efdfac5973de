import type { ProgressView } from '../../api/protocol.ts';

/**
 * What some words mean: every one of them occurs in title or file name, whatever the case and the accents.
 * Where nothing does, a word may be one letter off. Best first; among equals the order is kept.
 */
export function findTitles(views: readonly ProgressView[], words: string): readonly ProgressView[] {
  const wanted = tokens(words);
  if (wanted.length === 0) return [];
  const exact = ranked(views, (text) =>
    wanted.every((word) => text.includes(word)) ? nearStart(text, wanted) : 0,
  );
  if (exact.length > 0) return exact;
  return ranked(views, (text) => {
    const found = text.split(' ');
    return wanted.every((word) => found.some((token) => isNear(word, token))) ? 1 : 0;
  });
}

function ranked(views: readonly ProgressView[], score: (text: string) => number): readonly ProgressView[] {
  return views
    .map((view, order) => ({ view, order, score: score(textOf(view)) }))
    .filter((entry) => entry.score > 0)
    .sort((a, b) => b.score - a.score || a.order - b.order)
    .map((entry) => entry.view);
}

/** The title beginning with the words is more than words in the middle of it. */
function nearStart(text: string, wanted: readonly string[]): number {
  if (text.startsWith(wanted.join(' '))) return 3;
  return wanted.every((word) => ` ${text}`.includes(` ${word}`)) ? 2 : 1;
}

function textOf(view: ProgressView): string {
  const name = view.uri.split(/[/\\]/).at(-1) ?? '';
  return [...tokens(view.title), ...tokens(name)].join(' ');
}

function tokens(text: string): readonly string[] {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((token) => token !== '');
}

/** Equal but for one letter too many, too few, wrong, or two swapped. Short words must be right. */
function isNear(a: string, b: string): boolean {
  if (a === b || b.startsWith(a)) return true;
  if (a.length < 4 || Math.abs(a.length - b.length) > 1) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start += 1;
  const rest = (text: string, skip: number): string => text.slice(start + skip);
  return (
    rest(a, 1) === rest(b, 1) ||
    rest(a, 0) === rest(b, 1) ||
    rest(a, 1) === rest(b, 0) ||
    (a[start] === b[start + 1] && a[start + 1] === b[start] && rest(a, 2) === rest(b, 2))
  );
}
