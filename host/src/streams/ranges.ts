import type { Validators } from '@kinoport/core';

/** Which bytes of a representation a request asks for; `end` is exclusive. */
export type ByteSelection =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly start: number; readonly end: number }
  | { readonly kind: 'unsatisfiable' };

const WHOLE: ByteSelection = { kind: 'whole' };
const UNSATISFIABLE: ByteSelection = { kind: 'unsatisfiable' };
const SINGLE = /^bytes=[ \t]*(\d*)[ \t]*-[ \t]*(\d*)[ \t]*$/i;

/**
 * What a `Range` header selects of `size` bytes (RFC 9110, section 14). A header that is no valid byte range is
 * ignored, and so are several ranges in one header: the answer is then the whole, which the RFC allows and
 * every client has to understand.
 *
 * The package range-parser answers 416 to a suffix longer than the file and to `bytes=9-3`, where the RFC asks
 * for the whole file; hence this function.
 */
export function selectBytes(header: string | undefined, size: number): ByteSelection {
  const match = header === undefined ? null : SINGLE.exec(header);
  if (!match) return WHOLE;
  const [, first = '', last = ''] = match;
  if (first === '') {
    if (last === '') return WHOLE;
    const length = Number(last);
    if (length === 0) return UNSATISFIABLE;
    // The empty representation has no bytes that a Content-Range could name.
    return size === 0 ? WHOLE : { kind: 'part', start: Math.max(0, size - length), end: size };
  }
  const start = Number(first);
  const end = last === '' ? size : Math.min(size, Number(last) + 1);
  if (last !== '' && Number(last) < start) return WHOLE;
  return start >= size ? UNSATISFIABLE : { kind: 'part', start, end };
}

/** Whether an `If-Range` header lets the range stand: a strong entity tag or the very date of the last change. */
export function ifRangeHolds(header: string | undefined, validators: Validators | undefined): boolean {
  if (header === undefined) return true;
  const value = header.trim();
  if (value.startsWith('"')) return value === validators?.etag;
  if (value.startsWith('W/')) return false;
  const date = Date.parse(value);
  return (
    !Number.isNaN(date) &&
    validators?.lastModified !== undefined &&
    date === Date.parse(validators.lastModified)
  );
}
