import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Folders of plugins, written for a test. */
export class PluginFolders {
  readonly root: string;
  readonly #isLasting: boolean;

  /** @param root a folder that is there and stays; default: a temporary one */
  constructor(root?: string) {
    this.root = root ?? mkdtempSync(join(tmpdir(), 'kp-plugins-'));
    this.#isLasting = root !== undefined;
  }

  /** A package: a valid manifest with the changes of a test; `undefined` removes a member. */
  add(
    name: string,
    change: object = {},
    files: Readonly<Record<string, string>> = { 'index.js': '' },
  ): string {
    const manifest = {
      name: `kinoport-plugin-${name}`,
      version: '1.0.0',
      type: 'module',
      main: './index.js',
      engines: { kinoport: '^0.1.0' },
      kinoport: {},
      ...change,
    };
    return this.raw(name, { 'package.json': JSON.stringify(manifest), ...files });
  }

  raw(name: string, files: Readonly<Record<string, string>>): string {
    const folder = join(this.root, name);
    mkdirSync(folder, { recursive: true });
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    return folder;
  }

  dispose(): void {
    if (!this.#isLasting) rmSync(this.root, { recursive: true, force: true });
  }
}
