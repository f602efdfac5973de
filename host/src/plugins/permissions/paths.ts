import { isAbsolute, join, relative, resolve, sep } from 'node:path';

/** A path of a permission as the system knows it: `~` is the user's home. `*` stays. */
export function expandPath(path: string, userHome: string): string {
  if (path === '*') return path;
  if (path === '~' || path.startsWith('~/') || path.startsWith('~\\')) return join(userHome, path.slice(1));
  return resolve(path);
}

/** Whether a permission for `outer` includes `inner`; both expanded. */
export function includesPath(outer: string, inner: string): boolean {
  if (outer === '*' || outer === inner) return true;
  if (inner === '*') return false;
  const way = relative(outer, inner);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** What both lists of paths allow: of each two of which one lies within the other, the inner one. */
export function commonPaths(a: readonly string[], b: readonly string[], userHome: string): readonly string[] {
  const expanded = (paths: readonly string[]) =>
    paths.map((path) => ({ path, real: expandPath(path, userHome) }));
  const [left, right] = [expanded(a), expanded(b)];
  return [
    ...new Set([
      ...left
        .filter(({ real }) => right.some((other) => includesPath(other.real, real)))
        .map(({ path }) => path),
      ...right
        .filter(({ real }) => left.some((other) => includesPath(other.real, real)))
        .map(({ path }) => path),
    ]),
  ];
}
