import type { Clock } from '@kinoport/core';

export type Log = (event: string, facts?: Readonly<Record<string, unknown>>) => void;

/** One JSON object a line. Nobody passes names, chat, codes or whole addresses to it. */
export function jsonLog(clock: Clock, write: (line: string) => void): Log {
  return (event, facts = {}) =>
    write(JSON.stringify({ time: new Date(clock.wall()).toISOString(), event, ...facts }));
}
