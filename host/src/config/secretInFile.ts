import { KinoportError, PRODUCT } from '@kinoport/core';
import { createScanner, findNodeAtLocation, getNodeValue, parseTree } from 'jsonc-parser';
import { formatPath, JsonText } from './jsonText.ts';
import { readConfigText } from './parseConfig.ts';
import { replaceFile } from './replaceFile.ts';

/**
 * The value of a plugin's setting as it stands in the config file.
 * @param key how the file calls the plugin
 * @throws KinoportError `CONFIG_UNREADABLE`, `CONFIG_SYNTAX`, `CONFIG_INVALID` when it is not there or no text
 */
export function settingInFile(file: string, key: string, name: string): string {
  const text = textOf(file);
  const tree = parseTree(text, [], { allowTrailingComma: true });
  const path = ['plugins', key, 'config', name];
  const node = tree && findNodeAtLocation(tree, path);
  const value: unknown = node && getNodeValue(node);
  if (typeof value === 'string') return value;
  const what = node ? 'is no text' : 'is not in the file';
  throw new KinoportError('CONFIG_INVALID', `${file}: ${formatPath(path)} ${what}.`, {
    hint: node
      ? 'Put it in double quotes.'
      : `Without --move you are asked for it: "${PRODUCT.command} config secret ${key} ${name}".`,
  });
}

/**
 * Takes a setting out of the config file and leaves everything else as it stands, comments included; a comma that is
 * left at the end of an object is allowed there.
 * @throws KinoportError `CONFIG_UNREADABLE`, `CONFIG_SYNTAX`, `HOME_NOT_WRITABLE`
 */
export function removeSetting(file: string, key: string, name: string): void {
  const text = textOf(file);
  const tree = parseTree(text, [], { allowTrailingComma: true });
  const property = tree && findNodeAtLocation(tree, ['plugins', key, 'config', name])?.parent;
  if (property?.type !== 'property') return;
  const end = property.offset + property.length;
  const scanner = createScanner(text, true);
  scanner.setPosition(end);
  scanner.scan();
  const comma = scanner.getTokenOffset();
  const before = text.slice(0, property.offset);
  const after = text[comma] === ',' ? text.slice(end, comma) + text.slice(comma + 1) : text.slice(end);
  const isOwnLine = /(^|\n)[ \t]*$/.test(before) && /^[ \t]*(\r?\n|$)/.test(after);
  replaceFile(
    file,
    isOwnLine ? before.replace(/[ \t]*$/, '') + after.replace(/^[ \t]*\r?\n?/, '') : before + after,
  );
}

function textOf(file: string): string {
  const text = readConfigText(file);
  if (typeof text !== 'string')
    throw new KinoportError(text.code, text.message, text.hint === undefined ? {} : { hint: text.hint });
  const mistake = new JsonText(text).syntaxError;
  if (mistake === undefined) return text;
  const { line, column, expected } = mistake;
  throw new KinoportError('CONFIG_SYNTAX', `${file}:${line}:${column}: Expected ${expected}.`, {
    hint: `"${PRODUCT.command} config check" tells more.`,
  });
}
