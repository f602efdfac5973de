/** How near films that are watched together stay, and what the relay costs, against Debian's Syncplay in the same run. */
import { runFlags, Table } from '../support/table.ts';
import { generate } from './sync/load/generator.ts';
import { capacity, compareLoad, ownTraffic } from './sync/load/loads.ts';
import { compareDrift, isDriven } from './sync/together/drifts.ts';

const option = (name: string): string | undefined =>
  process.argv.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
const { quick, json } = runFlags();
/** Parts of `drift`, which can be named alone. */
const DRIFTS = ['loopback', 'far', 'skewed'];

if (option('role') === 'load') generate();
else await bench();

async function bench(): Promise<void> {
  const table = new Table({ title: 'Watching together', json });
  const only = option('only')?.split(',');
  for (const [name, part] of Object.entries(parts(table))) {
    const asked =
      !only || only.includes(name) || (name === 'drift' && DRIFTS.some((one) => only.includes(one)));
    if (!asked) continue;
    try {
      await part();
    } catch (error) {
      table.add(`${name}: went wrong`, 1, 'times', { atMost: 0 });
      console.error(`${name}:`, error);
    }
  }
  if (!table.end()) process.exitCode = 1;
}

function parts(table: Table): Record<string, () => Promise<void>> {
  const only = option('only')?.split(',');
  const driven = option('driven') ?? '';
  // Of each kind of event; 15, or 4 in a quick run.
  const rounds = Number(option('rounds')) || undefined;
  // Named alone: --only=loopback.
  const isAsked = (name: string): boolean => !only || only.includes('drift') || only.includes(name);
  return {
    drift: () => compareDrift(table, quick, isDriven(driven) ? driven : 'members', isAsked, rounds),
    relay: () => compareLoad(table, quick),
    // These take more than the minute that a quick run has; named alone they run all the same.
    ...(quick && !only ? {} : { members: () => ownTraffic(table, quick), capacity: () => capacity(table) }),
  };
}
