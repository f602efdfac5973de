import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Larger files count by their size: a start of the host must not wait for a disk. */
const READ_AT_MOST = 1024 * 1024;

/** A hash over the names and contents of a folder. @throws what the file system throws */
export function hashFolder(folder: string): string {
  const hash = createHash('sha512');
  const walk = (path: string, name: string): void => {
    const stat = lstatSync(path);
    if (stat.isDirectory()) {
      for (const entry of readdirSync(path).sort()) walk(join(path, entry), `${name}/${entry}`);
      return;
    }
    hash.update(`${name}\0${stat.size}\0${stat.isFile() ? '' : 'other'}\0`);
    if (stat.isFile() && stat.size <= READ_AT_MOST) hash.update(readFileSync(path));
  };
  walk(folder, '');
  return `sha512-${hash.digest('base64')}`;
}

/** @throws what the file system throws */
export function hashFile(file: string): string {
  return `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`;
}
