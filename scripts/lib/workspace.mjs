// Where things are in the repository, and whether what was built is still what the sources say.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const at = (...parts) => join(root, ...parts);

/** The npm workspaces, as the root's package.json lists them. */
export const workspaces = JSON.parse(readFileSync(at('package.json'), 'utf8')).workspaces;

/** Written by a build that succeeded; its time is when that build began to read. */
export const buildStamp = at('host', 'dist', '.built');

const BUILD_INPUTS = ['src', 'lua', 'relay', 'package.json', 'tsconfig.build.json'];

/** Whether a build stands that is newer than everything it was made from. */
export function isBuildFresh() {
  const built = modified(buildStamp);
  if (built === undefined) return false;
  const inputs = workspaces.flatMap((dir) => BUILD_INPUTS.map((name) => at(dir, name)));
  return [...inputs, at('scripts/build.mjs'), at('package-lock.json')].every((path) => newest(path) <= built);
}

/** Builds when something changed since. @returns whether a good build stands now */
export function ensureBuild() {
  if (isBuildFresh()) return true;
  console.log('Building: the sources are newer than the build.');
  return spawnSync(process.execPath, [at('scripts/build.mjs')], { stdio: 'inherit' }).status === 0;
}

function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

/** The latest change in a file or folder; a folder's own time tells of removed files. */
function newest(path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return 0;
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}
