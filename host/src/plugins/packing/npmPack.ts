import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { KinoportError } from '@kinoport/core';
import { ExecaError, execa } from 'execa';

/**
 * Has npm pack a package, its `prepack` and `prepare` run.
 * @returns the tarball, alone in the folder `into`
 * @throws KinoportError `PACK_FAILED`
 */
export async function npmPack(root: string, into: string): Promise<string> {
  try {
    // What scripts print is for nobody; it says what went wrong when they fail.
    await execa('npm', ['pack', '--pack-destination', into, '--loglevel', 'error'], {
      cwd: root,
      all: true,
      stdin: 'ignore',
      maxBuffer: 4 * 1024 * 1024,
    });
  } catch (error) {
    throw failure(error);
  }
  const [name] = (await readdir(into)).filter((file) => file.endsWith('.tgz'));
  if (name === undefined) throw new KinoportError('PACK_FAILED', 'npm packed nothing.');
  return join(into, name);
}

function failure(error: unknown): KinoportError {
  if (error instanceof ExecaError && error.code === 'ENOENT') {
    return new KinoportError('PACK_FAILED', 'npm is not found, which packs packages.', {
      hint: 'It comes with Node.js; see that it is on PATH.',
      cause: error,
    });
  }
  const output = error instanceof ExecaError && typeof error.all === 'string' ? error.all : String(error);
  const lines = output
    .split('\n')
    .filter((line) => line.trim() !== '' && !/complete log of this run/.test(line));
  return new KinoportError('PACK_FAILED', 'npm could not pack the package.', {
    hint: `It says:\n${lines.slice(-12).join('\n')}`,
    cause: error,
  });
}
