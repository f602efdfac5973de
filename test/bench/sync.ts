/** How near films that are watched together stay, and what the relay costs, against Debian's Syncplay in the same run. */
import { runFlags, Table } from '../support/table.ts';
import { failover } from './sync/failover/failover.ts';
import { capacity } from './sync/load/capacity.ts';
import { compareLoad } from './sync/load/compareLoad.ts';
import { generate } from './sync/load/generator.ts';
import { ownTraffic } from './sync/load/ownTraffic.ts';
import { type Part, runPart } from './sync/parts.ts';
import { compareDrift, isDriven } from './sync/together/drifts.ts';

const option = (name: string): string | undefined =>
  process.argv.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
const { quick, json } = runFlags();
/** Parts of `drift`, which can be named alone. */
const DRIFTS = ['loopback', 'far', 'skewed'];

if (option('role') === 'load') generate();
else await bench();

async function bench(): Promise<void> {
  // What has been started is ended on the way out.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  const table = new Table({ title: 'Watching together', json });
  const only = option('only')?.split(',');
  for (const part of parts(table)) {
    const { name } = part;
    const asked =
      !only || only.includes(name) || (name === 'drift' && DRIFTS.some((one) => only.includes(one)));
    if (asked) await runPart(part, table);
  }
  // Whatever a part that went wrong has left under way.
  process.exit(table.end() ? 0 : 1);
}

function parts(table: Table): readonly Part[] {
  const only = option('only')?.split(',');
  const driven = option('driven') ?? '';
  // Of each kind of event; 15, or 4 in a quick run.
  const rounds = Number(option('rounds')) || undefined;
  // Named alone: --only=loopback.
  const isAsked = (name: string): boolean => !only || only.includes('drift') || only.includes(name);
  return [
    {
      name: 'drift',
      most: quick ? 90 : 840,
      run: (owned) =>
        compareDrift(table, quick, isDriven(driven) ? driven : 'members', isAsked, owned, rounds),
    },
    {
      name: 'relay',
      most: quick ? 60 : 360,
      run: (owned) => compareLoad(table, quick, owned),
    },
    { name: 'failover', most: quick ? 60 : 120, run: (owned) => failover(table, quick, owned) },
    // These take more than the minute that a quick run has; named alone they run all the same.
    ...(quick && !only
      ? []
      : [
          { name: 'members', most: 180, run: (owned) => ownTraffic(table, quick, owned) } satisfies Part,
          { name: 'capacity', most: 280, run: (owned) => capacity(table, owned) } satisfies Part,
        ]),
  ];
}
