import type { Validators } from '@kinoport/core';
import type { HttpAnswer } from './client.ts';

export interface ContentRange {
  readonly start: number;
  /** The last byte, included. */
  readonly last: number;
  readonly total?: number;
}

export function parseContentRange(header: string | undefined): ContentRange | undefined {
  const match = /^\s*bytes\s+(\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)\s*$/i.exec(header ?? '');
  if (!match) return undefined;
  const start = Number(match[1]);
  const last = Number(match[2]);
  const total = match[3] === '*' ? undefined : Number(match[3]);
  if (last < start || (total !== undefined && last >= total)) return undefined;
  return { start, last, ...(total === undefined ? {} : { total }) };
}

export function contentLength(answer: HttpAnswer): number | undefined {
  const header = answer.header('content-length');
  return header !== undefined && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}

/** Only strong entity tags: weak ones may stay while bytes change. */
export function validatorsOf(answer: HttpAnswer): Validators {
  const etag = answer.header('etag');
  const lastModified = answer.header('last-modified');
  return {
    ...(etag !== undefined && /^"[^"]{1,500}"$/.test(etag) ? { etag } : {}),
    ...(lastModified !== undefined && !Number.isNaN(Date.parse(lastModified)) ? { lastModified } : {}),
  };
}

/** Whether an answer contradicts what was known; what one side does not say contradicts nothing. */
export function contradicts(known: Validators, now: Validators): boolean {
  if (known.etag !== undefined && now.etag !== undefined) return known.etag !== now.etag;
  return (
    known.lastModified !== undefined &&
    now.lastModified !== undefined &&
    Date.parse(known.lastModified) !== Date.parse(now.lastModified)
  );
}

/** Media type without parameters, lower case. */
export function mediaType(answer: HttpAnswer): string | undefined {
  const type = answer.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  return type !== undefined && /^[\w.+-]+\/[\w.+-]+$/.test(type) ? type : undefined;
}

/** Milliseconds that a Retry-After header asks for. */
export function retryAfter(answer: HttpAnswer, wall: number): number | undefined {
  const header = answer.header('retry-after')?.trim();
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - wall);
}
