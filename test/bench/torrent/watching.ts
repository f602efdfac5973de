import { setTimeout as pause } from 'node:timers/promises';
import type { ContenderName, Cost } from './contender.ts';
import { type Film, stage } from './lab.ts';
import type { SwarmName } from './swarms.ts';
import { Viewer, type Watched } from './viewer.ts';

/** When those that go silent do so. */
const SILENT_AT = 8_000;

export interface Evening extends Watched {
  /** Bytes of pieces that the swarm has sent, and of these the ones it had sent before. */
  readonly fetched: number;
  readonly repeated: number;
  readonly cost: Cost;
  readonly hostCost: Cost | undefined;
}

/** Watches the film in real time from its beginning. */
export function watch(
  name: ContenderName,
  swarmName: SwarmName,
  film: Film,
  length: number,
): Promise<Evening> {
  return stage(name, swarmName, film, async ({ open, contender, swarm }) => {
    const { url } = await open();
    const over = new AbortController();
    const silence = swarmName === 'stall8' ? fallSilent(over.signal) : undefined;
    async function fallSilent(signal: AbortSignal): Promise<void> {
      await pause(SILENT_AT, undefined, { signal });
      for (const index of [2, 5]) await swarm.change(index, { silentAfter: 0 });
    }
    const watched = await new Viewer(url, film.bitrate / 8).watch(0, length);
    const { cost, hostCost } = contender;
    over.abort();
    await silence?.catch(() => undefined);
    const { sent, repeated } = await swarm.stats();
    return { ...watched, fetched: sent, repeated, cost, hostCost };
  });
}

/** All at once, each with a swarm of its own: the machine has time for them. What fails is told and left out. */
export async function watchTogether(
  names: readonly ContenderName[],
  swarmName: SwarmName,
  film: Film,
  length: number,
): Promise<Readonly<Partial<Record<ContenderName, Evening>>>> {
  const evenings = await Promise.all(
    names.map(async (name) => {
      try {
        return [[name, await watch(name, swarmName, film, length)] as const];
      } catch (error) {
        console.error(`${name}, ${swarmName}:`, error);
        return [];
      }
    }),
  );
  return Object.fromEntries(evenings.flat());
}
