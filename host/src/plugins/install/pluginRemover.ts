import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { deserializeError } from '@kinoport/core';
import { removePluginSetting } from '../../config/configEdit.ts';
import type { FileConfigService } from '../../config/fileConfigService.ts';
import type { Home } from '../../home/home.ts';
import { pluginLogFile } from '../../log/pluginLog.ts';
import type { DiscoveredPlugin } from '../discovery.ts';
import { compiledFolders, pluginFolders } from '../permissions/pluginFolders.ts';
import { installedRoot, packageFolder, remove } from './folders.ts';
import { readLockFile, writeLockFile } from './lockFile.ts';
import { notInstalled } from './notInstalled.ts';
import type { RemovedPlugin } from './views.ts';

export interface PluginRemoverOptions {
  readonly home: Home;
  readonly config: Pick<FileConfigService, 'problems' | 'reload'>;
  readonly discovered: () => readonly DiscoveredPlugin[];
  readonly refresh: () => Promise<void>;
  /** Removes what the host itself keeps of a plugin. */
  readonly forget: (id: string) => Promise<void>;
}

/**
 * Takes an installed plugin away: what uses it is ended, then its settings, files, log and cache go, and its data unless
 * it is to be kept.
 * @throws KinoportError `PLUGIN_NOT_INSTALLED`, `PLUGIN_LOCK_INVALID`, `HOME_NOT_WRITABLE`, of the config
 */
export async function removePlugin(
  options: PluginRemoverOptions,
  wanted: string,
  keepData: boolean,
): Promise<RemovedPlugin> {
  const { home, config, discovered, refresh, forget } = options;
  const locked = readLockFile(home);
  const found = discovered().find(
    ({ origin, id, key }) => origin === 'installed' && (id === wanted || key === wanted),
  );
  const key = found?.key ?? wanted;
  const entry = Object.hasOwn(locked, key) ? locked[key] : undefined;
  if (!entry) throw notInstalled(wanted);
  const id = found?.id ?? key;
  config.reload();
  // Any other mistake, in its own settings above all, keeps nobody from removing it.
  const problem = config.problems.find(
    ({ code }) => code === 'CONFIG_SYNTAX' || code === 'CONFIG_UNREADABLE',
  );
  if (problem) throw deserializeError(problem);
  // First: settings of a plugin that is not there keep a host from starting.
  if (removePluginSetting(home.configFile, key)) config.reload();
  const { [key]: _, ...others } = locked;
  writeLockFile(home, others);
  await refresh();
  remove(join(installedRoot(home), key));
  const { cache, runtime } = pluginFolders(home, id, packageFolder(home, key, entry.folder));
  for (const folder of [cache, runtime, ...compiledFolders(home, id, [])]) remove(folder);
  const log = pluginLogFile(home, id);
  for (const file of [log, `${log}.1`]) rmSync(file, { force: true });
  const data = join(home.data, 'plugins', id);
  const isKept = keepData && existsSync(data) && readdirSync(data).length > 0;
  if (!isKept) remove(data);
  await forget(id);
  return { id: key, version: entry.version, keptData: isKept ? data : null };
}
