/** Packages as those have them who know nothing of this repository: packed, and unpacked elsewhere. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { inRepository } from '../support/repository.ts';

interface Report {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/** Makes the tarball of a folder. @returns its path and what is in it */
export function pack(
  folder: string,
  into: string,
): { readonly tarball: string; readonly files: readonly string[] } {
  mkdirSync(into, { recursive: true });
  const args = ['pack', folder, '--json', '--ignore-scripts', '--pack-destination', into];
  const text = execFileSync('npm', args, { cwd: into, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const [report] = JSON.parse(text) as readonly Report[];
  if (!report) throw new Error(`npm packed nothing of ${folder}.`);
  return { tarball: join(into, report.filename), files: report.files.map(({ path }) => path) };
}

/** Packs a folder and unpacks the tarball at `target`. */
export function packed(folder: string, scratch: string, target: string): string {
  const { tarball } = pack(folder, scratch);
  mkdirSync(target, { recursive: true });
  execFileSync('tar', ['-xzf', tarball, '-C', target, '--strip-components=1']);
  return target;
}

/** Gives a folder `@kinoport/core` out of its tarball, with what it needs to run and to be compiled against. */
export function withCore(folder: string, scratch: string): string {
  const modules = join(folder, 'node_modules');
  for (const name of ['eventemitter3', '@types/node', 'undici-types'])
    packed(inRepository('node_modules', name), scratch, join(modules, name));
  return packed(inRepository('core'), scratch, join(modules, '@kinoport/core'));
}
