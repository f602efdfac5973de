import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder. Found by its package.json, so that a bundled copy of this file finds it too. */
export const repository: string = findRepository(dirname(fileURLToPath(import.meta.url)));

/** An absolute path of something in the repository. */
export function inRepository(...parts: readonly string[]): string {
  return join(repository, ...parts);
}

/** Paths, relative and with slashes, of all files that are committed or would be with `git add .`. */
export function repositoryFiles(): readonly string[] {
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: repository,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return list.split('\0').filter((path) => path !== '' && existsSync(join(repository, path)));
}

function findRepository(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    if (existsSync(file) && readFileSync(file, 'utf8').includes('"kinoport-workspace"')) return folder;
    if (dirname(folder) === folder) throw new Error(`No repository above ${start}`);
  }
}
