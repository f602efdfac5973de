import { existsSync, mkdirSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { KinoportError, PRODUCT } from '@kinoport/core';
import { applyEdits, findNodeAtLocation, getNodeValue, type JSONPath, modify, parseTree } from 'jsonc-parser';
import { readConfigText } from './parseConfig.ts';

const FORMAT = { formattingOptions: { insertSpaces: true, tabSize: 2, eol: '\n' } };

/**
 * Switches a plugin on or off in the config file, leaving everything else as it stands, comments included.
 * @param key how the file calls it, or would
 * @returns whether the file has another text than before
 * @throws KinoportError `CONFIG_UNREADABLE`, `CONFIG_SYNTAX`
 */
export function setPluginEnabled(file: string, key: string, enabled: boolean): boolean {
  const read = readConfigText(file);
  if (typeof read !== 'string')
    throw new KinoportError(read.code, read.message, read.hint === undefined ? {} : { hint: read.hint });
  const text = read.trim() === '' ? '{}\n' : read;
  const tree = parseTree(text);
  const node = tree && findNodeAtLocation(tree, ['plugins', key]);
  const before: unknown = node && getNodeValue(node);
  const path: JSONPath = node?.type === 'object' ? ['plugins', key, 'enabled'] : ['plugins', key];
  if (before === enabled) return false;
  const next = applyEdits(text, modify(text, path, enabled, FORMAT));
  replaceFile(file, next);
  return true;
}

/** Whoever reads it sees the old text or the new one; a link stays a link, the mode what it is. */
function replaceFile(file: string, text: string): void {
  const target = existsSync(file) ? realpathSync(file) : file;
  const beside = `${target}.${process.pid}.new`;
  try {
    mkdirSync(dirname(target), { recursive: true });
    const mode = existsSync(target) ? statSync(target).mode & 0o777 : 0o600;
    writeFileSync(beside, text, { mode, flush: true });
    renameSync(beside, target);
  } catch (error) {
    rmSync(beside, { force: true });
    throw new KinoportError('CONFIG_UNREADABLE', `The config file cannot be written: ${String(error)}.`, {
      hint: `Make ${target} and its folder writable, or edit it by hand; "${PRODUCT.command} config path" names it.`,
      cause: error,
    });
  }
}
