import { kill, killed } from '../../support/lab/processes.ts';
import { instant } from '../../support/lab/waiting.ts';
import { anywhere, followsAgain } from '../playback/tracking.ts';
import { type Film, longestPause, play } from './stage.ts';

export interface KilledResult {
  /** Longest time without a frame, seconds. */
  readonly gap: number;
  readonly bytesRight: boolean;
  readonly finished: boolean;
}

/** SIGKILL of the plugin's process again and again while a film plays. */
export function pluginKilled(film: Film, rounds: number): Promise<KilledResult> {
  return play(film, [[{ rate: film.rate * 2 }, { rate: film.rate * 2 }]], async (scene) => {
    const { home, observer } = scene;
    const since = instant();
    let pid: number | undefined;
    for (let n = 0; n < rounds; n += 1) {
      pid = await home.pluginPid('torrent', pid);
      const { position } = await observer.frame();
      const next = position + anywhere(0.5, 2);
      while ((await observer.frame()).position < next);
      kill(pid);
    }
    await followsAgain(home, observer, 'after the plugin was killed');
    return {
      finished: await scene.finished(),
      bytesRight: await scene.bytesRight(),
      gap: longestPause(observer, since),
    };
  });
}

export interface HostResult extends KilledResult {
  /** From the next command to a new frame, seconds. */
  readonly back: number;
}

/** SIGKILL of the host and of the command; then any other command. */
export function hostKilled(film: Film): Promise<HostResult> {
  return play(film, [[{ rate: film.rate * 1.5 }]], async (scene) => {
    const { home, observer, run } = scene;
    while ((await observer.frame()).position < 3);
    kill(run.pid);
    await killed(await home.hostPid());
    const since = instant();
    const next = home.run('progress', '--json');
    await next;
    await observer.frame();
    const back = (instant() - since) / 1000;
    await followsAgain(home, observer, 'under the new host');
    return {
      back,
      finished: await scene.finished(),
      bytesRight: await scene.bytesRight(),
      gap: longestPause(observer, since),
    };
  });
}
