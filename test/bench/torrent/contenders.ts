import { execFile } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { inRepository } from '../../support/repository.ts';
import { CONTENDERS, type ContenderName, PYTHON } from './contender.ts';
import { hasKinoport, kinoport } from './kinoport.ts';
import { installPeerflix, peerflix } from './peerflix.ts';
import { serveContender } from './serve.ts';
import { webtorrent } from './webtorrent.ts';

const run = promisify(execFile);

interface Programs {
  canInstall(): boolean;
  installWithApt(packages: readonly string[]): boolean;
}

export function isContender(name: string): name is ContenderName {
  return CONTENDERS.some((each) => each === name);
}

/** Makes this process a contender. */
export function serveAs(role: string, home: string): Promise<void> {
  if (role === 'kinoport') return serveContender(() => kinoport(home));
  if (role === 'webtorrent') return serveContender(webtorrent);
  if (role === 'peerflix') return serveContender(peerflix);
  throw new Error(`There is no contender "${role}".`);
}

/** Gets what they need. Those that cannot be had are named on the standard error and left out. */
export async function readyContenders(names: readonly ContenderName[]): Promise<readonly ContenderName[]> {
  const ready: ContenderName[] = [];
  for (const name of names) {
    try {
      await prepare(name);
      ready.push(name);
    } catch (error) {
      console.error(`Without ${name}: ${error instanceof Error ? error.message : error}`);
    }
  }
  return ready;
}

async function prepare(name: ContenderName): Promise<void> {
  if (name === 'kinoport' && !hasKinoport()) throw new Error('The plugin has no source yet.');
  if (name === 'peerflix') await installPeerflix();
  if (name !== 'libtorrent') return;
  const isThere = (): Promise<boolean> =>
    run(PYTHON, ['-c', 'import libtorrent']).then(
      () => true,
      () => false,
    );
  if (await isThere()) return;
  const programs = (await import(pathToFileURL(inRepository('scripts/lib/programs.mjs')).href)) as Programs;
  if (programs.canInstall()) programs.installWithApt(['python3-libtorrent']);
  if (!(await isThere())) throw new Error("Debian's python3-libtorrent is not there.");
}
