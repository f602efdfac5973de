import { existsSync, mkdirSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { KinoportError, PRODUCT } from '@kinoport/core';

/**
 * Whoever reads the file sees the old text or the new one; a link stays a link, the mode what it is.
 * @throws KinoportError `HOME_NOT_WRITABLE`
 */
export function replaceFile(file: string, text: string): void {
  const target = existsSync(file) ? realpathSync(file) : file;
  const beside = `${target}.${process.pid}.new`;
  try {
    mkdirSync(dirname(target), { recursive: true });
    const mode = existsSync(target) ? statSync(target).mode & 0o777 : 0o600;
    writeFileSync(beside, text, { mode, flush: true });
    renameSync(beside, target);
  } catch (error) {
    rmSync(beside, { force: true });
    throw new KinoportError('HOME_NOT_WRITABLE', `${target} cannot be written: ${String(error)}.`, {
      hint: `Make it and its folder writable, or edit it by hand; "${PRODUCT.command} config path" names it.`,
      cause: error,
    });
  }
}
