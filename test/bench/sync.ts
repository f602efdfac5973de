/** How near films that are watched together stay, and what the relay costs, against Debian's Syncplay in the same run. */
import { runFlags, Table } from '../support/table.ts';
import { generate } from './sync/load/generator.ts';
import { capacity, compareLoad, ownTraffic } from './sync/load/loads.ts';

const option = (name: string): string | undefined =>
  process.argv.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
const { quick, json } = runFlags();

if (option('role') === 'load') generate();
else await bench();

async function bench(): Promise<void> {
  const table = new Table({ title: 'Watching together', json });
  const only = option('only')?.split(',');
  for (const [name, part] of Object.entries(parts(table))) {
    if (only && !only.includes(name)) continue;
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
  return {
    relay: () => compareLoad(table, quick),
    members: () => ownTraffic(table, quick),
    // Needs a minute or more, and more of the machine than anything else.
    ...(quick ? {} : { capacity: () => capacity(table) }),
  };
}
