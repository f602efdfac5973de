import { join } from 'node:path';
import type { Home } from '../home/home.ts';

/** Where a plugin's output goes, over all its generations. */
export function pluginLogFile(home: Pick<Home, 'logs'>, pluginId: string): string {
  return join(home.logs, `plugin-${pluginId}.log`);
}
