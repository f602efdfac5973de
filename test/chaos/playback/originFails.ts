import { setTimeout as pause } from 'node:timers/promises';
import { LabHome } from '../../support/lab/home.ts';
import { MpvObserver } from '../../support/lab/mpvObserver.ts';
import { FilmOrigin, type OriginMode } from '../../support/lab/origin.ts';
import { instant, within } from '../../support/lab/waiting.ts';

export interface OriginResult {
  readonly mode: OriginMode;
  readonly reason: string;
  readonly watched: boolean;
  /** What was kept is off the last frame by, seconds. */
  readonly off: number;
  /** From the failure to the end, seconds. */
  readonly told: number;
  /** The second `play` began where the first had ended, within half a second, and played. */
  readonly resumed: boolean;
}

/** An origin that fails in mid-film and comes back after the end was told. */
export async function originFails(
  film: string,
  rate: number,
  mode: Exclude<OriginMode, 'ok'>,
): Promise<OriginResult> {
  const origin = await FilmOrigin.start(film, rate);
  const home = new LabHome({ mpvArgs: ['--cache=no'] });
  try {
    const run = await home.play(origin.url, '--start', '10');
    const observer = await MpvObserver.connect((await home.session()).socket);
    await observer.frame();
    await pause(1500);
    origin.mode = mode;
    const since = instant();
    const end = await run.line(`the end after ${mode}`, (line) => line.event === 'ended', 150_000);
    const told = (end.readAt - since) / 1000;
    await within('the end of the command', 20_000, run.ended);
    const kept = home.stored();
    observer.dispose();

    origin.mode = 'ok';
    const again = await home.play(origin.url);
    const start = again.lines.find((line) => line.event === 'started')?.start ?? 0;
    again.interrupt();
    await again.ended;
    return {
      mode,
      reason: end.reason ?? '',
      watched: end.watched === true || kept?.watched === 1,
      off: Math.abs(observer.last.position - (kept?.position ?? 0)),
      told,
      resumed: Math.abs(start - observer.last.position) <= 0.5,
    };
  } finally {
    await home.dispose();
    await origin.dispose();
  }
}
