/** The packages of `examples/`, as their authors have them, and as others get them. */
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { inRepository } from '../support/repository.ts';
import { pack, packed, withCore } from './packing.ts';

interface Manifest {
  readonly [key: string]: unknown;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** A package in a folder of its own, with what it depends on out of tarballs. */
export interface ExamplePackage {
  readonly folder: string;
  readonly tarball: string;
  readonly files: readonly string[];
}

/** What `npm run` finds first: the Node and the compiler of this repository. */
const PATH = [inRepository('node_modules/.bin'), process.env.PATH ?? ''].join(delimiter);

export function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

/** Runs a script of a package in its folder. @returns what it printed */
export function npmRun(folder: string, script: string, ...args: readonly string[]): string {
  const command = ['run', '--silent', script, ...(args.length > 0 ? ['--', ...args] : [])];
  return execFileSync('npm', command, { cwd: folder, encoding: 'utf8', env: { ...process.env, PATH } });
}

/** Runs the tests of a package as its script does, or some of them. @returns what was printed */
export function nodeTest(folder: string, ...options: readonly string[]): string {
  const args = ['--test', ...options, 'test/*.test.{js,ts}'];
  return execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
}

/** Copies an example out of the repository, gives it its dependencies, builds and packs it. */
export function outsideRepository(name: string, outside: string): ExamplePackage {
  const folder = join(outside, name);
  cpSync(inRepository('examples', name), folder, {
    recursive: true,
    filter: (path) => !['node_modules', 'dist'].includes(basename(path)),
  });
  withCore(folder, outside);
  const { scripts = {}, dependencies = {} } = manifestOf(folder);
  for (const dependency of [...withTheirs(Object.keys(dependencies)), ...typesOf(Object.keys(dependencies))])
    packed(inRepository('node_modules', dependency), outside, join(folder, 'node_modules', dependency));
  if (scripts.build) npmRun(folder, 'build');
  return { folder, ...pack(folder, outside) };
}

/** Packages, and what those need. */
export function withTheirs(names: readonly string[]): readonly string[] {
  const all = new Set<string>();
  const add = (name: string): void => {
    if (all.has(name)) return;
    all.add(name);
    Object.keys(manifestOf(inRepository('node_modules', name)).dependencies ?? {}).forEach(add);
  };
  names.forEach(add);
  return [...all];
}

const typesOf = (names: readonly string[]): readonly string[] => names.map((name) => `@types/${name}`);
