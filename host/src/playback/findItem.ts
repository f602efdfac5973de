import { type Item, KinoportError, PRODUCT } from '@kinoport/core';

/**
 * The place of the item that `--file` means: a number from 0, else the first whose title or file name holds the words.
 * @throws KinoportError `INVALID_ARGUMENT`
 */
export function findItem(items: readonly Pick<Item, 'title' | 'uri'>[], wanted: string): number {
  if (/^\d+$/.test(wanted) && Number(wanted) < items.length) return Number(wanted);
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  const names = items.map(({ title, uri }) => `${title} ${fileName(uri)}`.toLowerCase());
  const found =
    words.length === 0 ? -1 : names.findIndex((name) => words.every((word) => name.includes(word)));
  if (found >= 0) return found;
  throw new KinoportError('INVALID_ARGUMENT', `There is no file "${wanted}" among the ${items.length}.`, {
    hint: `"${PRODUCT.command} files" lists them with their numbers.`,
  });
}

/** Of a path or an address with one; `magnet:?xt=...` has none, and its digits are nobody's number. */
function fileName(uri: string): string {
  if (/^[a-z][a-z0-9+.-]+:(?!\/\/)/i.test(uri)) return '';
  const name = uri.slice(Math.max(uri.lastIndexOf('/'), uri.lastIndexOf('\\')) + 1);
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
