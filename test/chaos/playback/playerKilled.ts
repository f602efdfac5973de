import { setTimeout as pause } from 'node:timers/promises';
import { LabHome } from '../../support/lab/home.ts';
import { MpvObserver } from '../../support/lab/mpvObserver.ts';
import { kill } from '../../support/lab/processes.ts';
import { anywhere } from './tracking.ts';

/** SIGKILL of mpv at a random moment: milliseconds by which the database is off the last frame, for each round. */
export async function playerKilled(film: string, rounds: number): Promise<readonly number[]> {
  const home = new LabHome();
  const losses: number[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      const run = await home.play(film, '--start', anywhere(10, 500).toFixed(2));
      const { pid, socket } = await home.session();
      const observer = await MpvObserver.connect(socket);
      await observer.frame();
      await pause(anywhere(200, 1500));
      kill(pid);
      await observer.closed;
      await run.ended;
      const end = run.lines.find((line) => line.event === 'ended');
      if (end?.reason !== 'killed') throw new Error(`The end was told as ${end?.reason}, not as killed.`);
      losses.push(Math.abs(observer.last.position - (home.stored()?.position ?? 0)) * 1000);
    }
  } finally {
    await home.dispose();
  }
  return losses;
}
