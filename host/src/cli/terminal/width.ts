import stringWidth from 'string-width';

/** Columns that a text takes on a terminal; wide characters count two, colours and joiners none. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

const segmenter = new Intl.Segmenter();

/** The text in at most `columns`; what is left out at the end shows as an ellipsis. */
export function truncate(text: string, columns: number): string {
  if (columns <= 0) return '';
  if (widthOf(text) <= columns) return text;
  let out = '';
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    const width = widthOf(segment);
    if (used + width > columns - 1) break;
    out += segment;
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
  return text.replace(/\p{Cc}+/gu, ' ');
}
