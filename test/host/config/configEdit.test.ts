import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { setPluginSettings } from '../../../host/src/config/configEdit.ts';
import { parseConfig } from '../../../host/src/config/parseConfig.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kp-edit-'));
  file = join(folder, 'config.jsonc');
});
afterEach(() => rmSync(folder, { recursive: true }));

const edited = (text: string, value = true): string => {
  writeFileSync(file, text);
  expect(setPluginSettings(file, 'x', { accepted: value })).toBe(true);
  return readFileSync(file, 'utf8');
};
const slice = (text: string): unknown => parseConfig(text, file).config.plugins.x?.config;

it.each([
  ['nothing', ''],
  ['no plugins', '{ "player": "mpv" }'],
  ['a plugin that is on', '{ "plugins": { "x": true } }'],
  ['a plugin without settings', '{ "plugins": { "x": { "enabled": true } } }'],
  ['the other value', '{ "plugins": { "x": { "config": { "accepted": false } } } }'],
])('is set where the file has %s', (_what, text) => {
  expect(slice(edited(text))).toEqual({ accepted: true });
});

it('leaves comments and other settings as they are, and a file that has it already', () => {
  const text = `{
  // mine
  "plugins": {
    "x": { "config": { "limit": 3 /* small */ } }, // why not
    "y": true
  }
}
`;
  const after = edited(text);
  expect(slice(after)).toEqual({ limit: 3, accepted: true });
  for (const part of ['// mine', '/* small */', '// why not', '"y": true']) expect(after).toContain(part);
  expect(setPluginSettings(file, 'x', { accepted: true })).toBe(false);
});
