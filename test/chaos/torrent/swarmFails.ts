import { isAlive, killed } from '../../support/lab/processes.ts';
import type { LabSwarm } from '../../support/lab/swarm/labSwarm.ts';
import { instant } from '../../support/lab/waiting.ts';
import { type Film, longestPause, play } from './stage.ts';

export interface SwarmResult {
  /** Longest time without a frame while peers were missing, seconds. */
  readonly gap: number;
  readonly bytesRight: boolean;
  readonly finished: boolean;
}

export interface SeedersResult extends SwarmResult {
  /** From when the seeders are there again to a byte of theirs, seconds. */
  readonly back: number;
}

/** SIGKILL of the only process of seeders in mid-film; the same addresses answer again a while later. */
export function seedersKilled(film: Film, away: number): Promise<SeedersResult> {
  return play(film, [[{ rate: film.rate * 1.3 }, { rate: film.rate * 0.2 }]], async (scene) => {
    const { observer } = scene;
    while ((await observer.frame()).position < 3);
    const [swarm] = scene.swarms;
    const { pid } = present(swarm);
    const ports = present(swarm).peers.map((peer) => Number(peer.split(':')[1]));
    const since = instant();
    await killed(pid ?? 0);
    while (instant() - since < away * 1000) await scene.home.call('host.status', {}).catch(() => undefined);
    const again = await scene.add(ports.map((port) => ({ port, rate: film.rate * 2 })));
    const backSince = instant();
    while ((await again.stats()).sent === 0)
      if (instant() - backSince > 90_000) throw new Error('Nobody asks.');
    const back = (instant() - backSince) / 1000;
    await observer.frame(60_000);
    const gap = longestPause(observer, since);
    return { gap, back, finished: await scene.finished(), bytesRight: await scene.bytesRight() };
  });
}

/** SIGSTOP of one of two processes of seeders: its connections stay, and nothing comes on them. */
export function seederStopped(film: Film): Promise<SwarmResult> {
  const seeders = [[{ rate: film.rate * 2 }], [{ rate: film.rate * 1.5 }]];
  return play(film, seeders, async (scene) => {
    const { observer } = scene;
    while ((await observer.frame()).position < 3);
    const { pid } = present(scene.swarms[0]);
    if (pid === undefined || !isAlive(pid)) throw new Error('There is no process of seeders.');
    const since = instant();
    process.kill(pid, 'SIGSTOP');
    try {
      const finished = await scene.finished();
      return { gap: longestPause(observer, since), finished, bytesRight: await scene.bytesRight() };
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });
}

function present(swarm: LabSwarm | undefined): LabSwarm {
  if (!swarm) throw new Error('There is no swarm.');
  return swarm;
}
