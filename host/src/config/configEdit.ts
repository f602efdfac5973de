import { isDeepStrictEqual } from 'node:util';
import { type JsonObject, KinoportError } from '@kinoport/core';
import { applyEdits, findNodeAtLocation, getNodeValue, type JSONPath, modify, parseTree } from 'jsonc-parser';
import { readConfigText } from './parseConfig.ts';
import { replaceFile } from './replaceFile.ts';

const FORMAT = { formattingOptions: { insertSpaces: true, tabSize: 2, eol: '\n' } };

/**
 * Switches a plugin on or off in the config file, leaving everything else as it stands, comments included.
 * @param key how the file calls it, or would
 * @returns whether the file has another text than before
 * @throws KinoportError `CONFIG_UNREADABLE`, `CONFIG_SYNTAX`, `HOME_NOT_WRITABLE`
 */
export function setPluginEnabled(file: string, key: string, enabled: boolean): boolean {
  const text = textToEdit(file);
  const tree = parseTree(text);
  const node = tree && findNodeAtLocation(tree, ['plugins', key]);
  const before: unknown = node && getNodeValue(node);
  const path: JSONPath = node?.type === 'object' ? ['plugins', key, 'enabled'] : ['plugins', key];
  if (before === enabled) return false;
  const next = applyEdits(text, modify(text, path, enabled, FORMAT));
  replaceFile(file, next);
  return true;
}

/**
 * Sets settings of a plugin in the config file, leaving everything else as it stands, comments included.
 * @returns whether the file has another text than before
 * @throws KinoportError `CONFIG_UNREADABLE`, `CONFIG_SYNTAX`, `HOME_NOT_WRITABLE`
 */
export function setPluginSettings(file: string, key: string, settings: JsonObject): boolean {
  const before = textToEdit(file);
  let text = before;
  for (const [name, value] of Object.entries(settings)) text = withSetting(text, key, name, value);
  if (text === before) return false;
  replaceFile(file, text);
  return true;
}

function withSetting(text: string, key: string, name: string, value: unknown): string {
  const tree = parseTree(text);
  const node = tree && findNodeAtLocation(tree, ['plugins', key]);
  const before = tree && findNodeAtLocation(tree, ['plugins', key, 'config', name]);
  if (before && isDeepStrictEqual(getNodeValue(before), value)) return text;
  // `"id": true` says that it is on, and no more.
  const [path, content]: [JSONPath, unknown] =
    node === undefined || node.type === 'object'
      ? [['plugins', key, 'config', name], value]
      : [['plugins', key], { config: { [name]: value } }];
  return applyEdits(text, modify(text, path, content, FORMAT));
}

function textToEdit(file: string): string {
  const read = readConfigText(file);
  if (typeof read !== 'string')
    throw new KinoportError(read.code, read.message, read.hint === undefined ? {} : { hint: read.hint });
  return read.trim() === '' ? '{}\n' : read;
}

/**
 * Takes what the config file says of a plugin out of it.
 * @returns whether the file has another text than before
 * @throws KinoportError `CONFIG_UNREADABLE`
 */
export function removePluginSetting(file: string, key: string): boolean {
  const read = readConfigText(file);
  if (typeof read !== 'string')
    throw new KinoportError(read.code, read.message, read.hint === undefined ? {} : { hint: read.hint });
  const tree = parseTree(read);
  if (!tree || !findNodeAtLocation(tree, ['plugins', key])) return false;
  replaceFile(file, applyEdits(read, modify(read, ['plugins', key], undefined, FORMAT)));
  return true;
}
