import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { which } from '../../../processes/which.ts';
import { libraries, type NpmOptions } from './libraries.ts';

/** Seconds rather than npm's minutes: somebody waits for the answer. */
const RETRY = { retries: 2, factor: 2, minTimeout: 500, maxTimeout: 2_000 };

/**
 * The user's settings of npm (registry, proxies, certificates, tokens) as `npm config` knows them: environment, the
 * user's and the system's npmrc. That of a project counts only where npm runs inside it, so it does not here.
 * @param folder an empty folder, taken as the project
 */
export async function npmSettings(folder: string, cache: string): Promise<NpmOptions> {
  const { definitions, shorthands, flatten } = libraries.configDefinitions();
  const config = new (libraries.Config())({
    definitions,
    shorthands,
    flatten,
    argv: [process.execPath, 'npm', '--prefix', folder],
    cwd: folder,
    warn: false,
    ...(await npmPlace()),
  });
  await config.load();
  return {
    ...config.flat,
    cache: join(cache, '_cacache'),
    tufCache: join(cache, '_tuf'),
    nodeBin: process.execPath,
    retry: RETRY,
    // What the user has set for projects of his own.
    omit: [],
    include: [],
    global: false,
    location: 'user',
    workspaces: null,
    packageLock: true,
    packageLockOnly: false,
    dryRun: false,
    force: false,
    installStrategy: 'hoisted',
    ignoreScripts: true,
    foregroundScripts: false,
    audit: false,
    fund: false,
    progress: false,
    save: true,
  };
}

/** The system's npmrc lies beside the Node that npm belongs to, which need not be the one that runs here. */
async function npmPlace(): Promise<{ readonly npmPath: string; readonly execPath: string }> {
  const found = await which('npm', process.env);
  if (found === undefined) return { npmPath: dirname(process.execPath), execPath: process.execPath };
  const node = join(dirname(found), process.platform === 'win32' ? 'node.exe' : 'node');
  const npmPath = dirname(dirname(realpathSync(found)));
  return { npmPath, execPath: existsSync(node) ? node : process.execPath };
}
