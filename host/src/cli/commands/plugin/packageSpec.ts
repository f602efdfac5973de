import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KinoportError } from '@kinoport/core';

/**
 * What the host is given for what a person wants installed: folders and files by their absolute path, all else as it
 * is. `you/plugin` is a folder when there is one, else a repository as npm means it.
 * @throws KinoportError `USAGE` for an empty argument
 */
export function packageSpec(text: string, cwd: string): string {
  if (text.trim() === '') {
    throw new KinoportError('USAGE', 'An empty text is no package.', {
      hint: 'Give a package, a folder, a tarball or a git address.',
    });
  }
  if (/^file:\/\//i.test(text)) return fileURLToPath(text);
  if (/^file:/i.test(text)) return resolve(cwd, text.slice('file:'.length));
  const isAddress = /^(git\+)?[a-z][a-z0-9+.-]+:/i.test(text) || /^[^@/\\]+@[^:/]+\.[^:/]+:/.test(text);
  if (isAddress) return text;
  const path = resolve(cwd, text);
  const looksLikePath =
    isAbsolute(text) ||
    /^\.{1,2}([/\\]|$)/.test(text) ||
    /^~[/\\]/.test(text) ||
    /\.(tgz|tar\.gz|tar)$/i.test(text);
  const isThere = /[/\\]/.test(text) && !text.startsWith('@') && existsSync(path);
  return looksLikePath || isThere ? path : text;
}

/** The variables by which npm is set up, of whoever types the command. */
export function npmEnvironment(environment: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).filter(
      (entry): entry is [string, string] =>
        /^npm_config_.{1,200}$/i.test(entry[0]) && entry[1] !== undefined && entry[1].length <= 8192,
    ),
  );
}
