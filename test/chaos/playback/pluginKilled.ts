import { join } from 'node:path';
import { LabHome } from '../../support/lab/home.ts';
import { MpvObserver } from '../../support/lab/mpvObserver.ts';
import type { FilmOrigin } from '../../support/lab/origin.ts';
import { kill } from '../../support/lab/processes.ts';
import { instant } from '../../support/lab/waiting.ts';
import { hashOf, readAll } from './byteReader.ts';
import { brokenData, followsAgain, playsAt } from './tracking.ts';

export interface PluginResult {
  /** Longest time without a frame after the kill in mid-film, seconds. */
  readonly gap: number;
  /** Until the database follows again, seconds. */
  readonly back: number;
  /** The same after the kill under a waiting seek. */
  readonly backAfterSeek: number;
  readonly bytesRight: boolean;
  readonly brokenData: number;
  readonly finished: boolean;
}

/** SIGKILL of a plugin's process while a stream plays, in mid-film and while a seek waits for the origin. */
export async function pluginKilled(
  plugin: 'mpv' | 'files',
  options: { readonly film: string; readonly origin: FilmOrigin; readonly seekTo: number },
): Promise<PluginResult> {
  const { film, origin, seekTo } = options;
  const home = new LabHome({ mpvArgs: ['--cache=no', '--log-file=~~/mpv.log'] });
  const reading = new AbortController();
  const named = `after the plugin ${plugin} was killed`;
  try {
    const run = await home.play(origin.url);
    const { socket } = await home.session();
    const bytes = readAll(await home.streamUrl(), reading.signal);
    bytes.catch(() => undefined);
    const observer = await MpvObserver.connect(socket);
    await observer.frame();

    const first = await home.pluginPid(plugin);
    const since = instant();
    kill(first);
    const back = await followsAgain(home, observer, named);
    await observer.frame();
    const gap = observer.longestGap(since);

    // A place that nothing has read yet, from an origin that takes its time.
    const pid = await home.pluginPid(plugin, first);
    const before = origin.requests;
    origin.latency = 1500;
    const sought = home.seek(seekTo).then(
      () => undefined,
      (error: unknown) => error,
    );
    await origin.asked(before + 1);
    kill(pid);
    await playsAt(observer, seekTo, `${named} under a seek`);
    origin.latency = 0;
    const failure = await sought;
    if (failure) throw new Error(`The seek failed although it landed: ${failure}`);
    const backAfterSeek = await followsAgain(home, observer, `${named} under a seek`);

    const code = await run.ended;
    const end = run.lines.find((line) => line.event === 'ended');
    return {
      gap,
      back,
      backAfterSeek,
      bytesRight: (await bytes).hash === (await hashOf(film)),
      brokenData: brokenData(home.read(join('mpv-conf', 'mpv.log'))).length,
      finished: code === 0 && end?.reason === 'finished' && end.watched === true,
    };
  } finally {
    reading.abort();
    await home.dispose();
  }
}
