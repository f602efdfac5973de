import { setTimeout as pause } from 'node:timers/promises';
import { LabHome } from '../../support/lab/home.ts';
import { MpvObserver } from '../../support/lab/mpvObserver.ts';
import { kill } from '../../support/lab/processes.ts';
import { anywhere } from './tracking.ts';

/** SIGKILL of host and mpv at once: seconds that `progress` is off the last frame afterwards, for each round. */
export async function bothKilled(film: string, rounds: number): Promise<readonly number[]> {
  const home = new LabHome();
  const losses: number[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      const started = await home.run('play', film, '--detach', '--start', anywhere(10, 500).toFixed(2));
      if ((await started.ended) !== 0) throw new Error(started.errors);
      const { pid, socket } = await home.session();
      const observer = await MpvObserver.connect(socket);
      await observer.frame();
      await pause(anywhere(200, 1500));
      const host = await home.hostPid();
      kill(host);
      kill(pid);
      await observer.closed;
      const progress = await home.run('progress', film, '--json');
      losses.push(Math.abs(observer.last.position - (progress.last?.position ?? 0)));
    }
  } finally {
    await home.dispose();
  }
  return losses;
}
