import { eastAsianWidth } from 'get-east-asian-width';

// Made on demand: ICU's break iterators and tables of emoji take 100 ms of a slow machine, and most titles are ASCII.
let segmenter: Intl.Segmenter | undefined;

/** Columns that a text takes on a terminal; wide characters and emoji count two, marks and joiners none. */
export function widthOf(text: string): number {
  if (isAscii(text)) return text.length;
  let width = 0;
  for (const cluster of clusters(text)) width += widthOfCluster(cluster);
  return width;
}

/** The text in at most `columns`; what is left out at the end shows as an ellipsis. */
export function truncate(text: string, columns: number): string {
  if (columns <= 0) return '';
  if (widthOf(text) <= columns) return text;
  let out = '';
  let used = 0;
  for (const cluster of isAscii(text) ? text : clusters(text)) {
    const width = widthOfCluster(cluster);
    if (used + width > columns - 1) break;
    out += cluster;
    used += width;
  }
  return `${out}…`;
}

/** Fills up with spaces to `columns`. */
export function pad(text: string, columns: number, align: 'left' | 'right' = 'left'): string {
  const space = ' '.repeat(Math.max(0, columns - widthOf(text)));
  return align === 'left' ? text + space : space + text;
}

/** Control characters of a title or an address would run on the terminal; they show as a space. */
export function printable(text: string): string {
  return isAscii(text) ? text : text.replace(/\p{Cc}+/gu, ' ');
}

function isAscii(text: string): boolean {
  return /^[ -~]*$/.test(text);
}

function clusters(text: string): readonly string[] {
  segmenter ??= new Intl.Segmenter();
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** A cluster is as wide as the character it begins with, unless it asks to be shown as an emoji. */
function widthOfCluster(cluster: string): number {
  const first = cluster.codePointAt(0) ?? 0;
  if (/^[\p{Cc}\p{Cf}\p{M}]/u.test(cluster)) return 0;
  const isFlag = first >= 0x1f1e6 && first <= 0x1f1ff;
  return isFlag || cluster.includes('\ufe0f') ? 2 : eastAsianWidth(first);
}
