import type { LabHome } from '../../support/lab/home.ts';
import type { MpvObserver } from '../../support/lab/mpvObserver.ts';
import { instant, until } from '../../support/lab/waiting.ts';

/** The database is written every half second, and so much may lie between it and the picture. */
export const FOLLOWS = 0.6;

/** Waits until the database follows the picture again; seconds that it took. */
export async function followsAgain(home: LabHome, observer: MpvObserver, what: string): Promise<number> {
  const since = instant();
  const before = home.stored()?.updated_at ?? 0;
  await until(`${what}: the database follows the film`, () => {
    const stored = home.stored();
    const fresh = stored !== undefined && stored.updated_at > before;
    return fresh && Math.abs(observer.last.position - stored.position) <= FOLLOWS;
  });
  return (instant() - since) / 1000;
}

/** Waits until mpv shows frames again at or behind a place. */
export async function playsAt(observer: MpvObserver, position: number, what: string): Promise<void> {
  const from = observer.frames.length;
  await until(
    `${what}: the film plays at ${position} s`,
    () => observer.frames.slice(from).some((frame) => Math.abs(frame.position - position) < 1),
    { timeout: 30_000 },
  );
}

/** Lines of mpv's own log that speak of broken data. */
export function brokenData(log: string): readonly string[] {
  return log.split('\n').filter((line) => /damaged|corrupt|invalid (?:ebml|data)|concealing/i.test(line));
}

/** A number between two, for moments that nobody chose. */
export function anywhere(from: number, to: number): number {
  return from + Math.random() * (to - from);
}
