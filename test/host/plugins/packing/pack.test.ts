import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packPlugin } from '../../../../host/src/plugins/packing/packPlugin.ts';

let folder: string;
let root: string;
let into: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kp-pack-'));
  [root, into] = [join(folder, 'plugin'), join(folder, 'out')];
  mkdirSync(into);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const BUILD =
  "require('fs').mkdirSync('dist',{recursive:true});require('fs').writeFileSync('dist/index.js','//')";
const BUILT = { '.': { development: './src/index.ts', default: './dist/index.js' } };

function plugin(change: object, files: Readonly<Record<string, string>> = {}): void {
  const manifest = {
    name: 'kinoport-plugin-x',
    version: '1.2.3',
    type: 'module',
    keywords: ['kinoport-plugin'],
    engines: { kinoport: '^0.1.0' },
    kinoport: {},
    ...change,
  };
  for (const [path, text] of Object.entries({ 'package.json': JSON.stringify(manifest), ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

describe('a plugin that can be installed', () => {
  it('is built by its own script, packed, and described as an installation would', async () => {
    const kinoport = { permissions: { net: ['api.example.org'], spawn: [{ command: 'ffprobe' }] } };
    const scripts = { prepack: `node -e "${BUILD}"` };
    plugin(
      { exports: BUILT, files: ['dist'], kinoport, scripts },
      { 'src/index.ts': '', LICENSE: 'MIT', 'README.md': '' },
    );
    const packed = await packPlugin(root, into);
    expect(packed).toMatchObject({ id: 'x', version: '1.2.3', fullTrust: true, warnings: [] });
    expect(packed.files.map(({ path }) => path)).toEqual([
      'LICENSE',
      'README.md',
      'dist/index.js',
      'package.json',
    ]);
    expect(packed.permissions.map(({ key }) => key)).toEqual(['spawn: ffprobe', 'net: api.example.org']);
    expect(packed.file).toBe(join(into, 'kinoport-plugin-x-1.2.3.tgz'));
    expect(readFileSync(packed.file).length).toBe(packed.size);
  });

  it('is packed again in its place, with what others will miss', async () => {
    plugin({ private: true, keywords: [] }, { 'index.js': '// one' });
    await packPlugin(root, into);
    writeFileSync(join(root, 'index.js'), `// ${'two '.repeat(500)}`);
    const { warnings, files } = await packPlugin(root, into);
    expect(files.find(({ path }) => path === 'index.js')?.size).toBeGreaterThan(2000);
    expect(warnings.join('\n')).toMatch(/keyword[\s\S]*private[\s\S]*LICENSE[\s\S]*README/);
    expect(readdirSync(into)).toEqual(['kinoport-plugin-x-1.2.3.tgz']);
  });
});

describe('refused, with no tarball left', () => {
  const refused = async (): Promise<{
    readonly code: string;
    readonly message: string;
    readonly hint?: string;
  }> => {
    const error: unknown = await packPlugin(root, into).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(readdirSync(into)).toEqual([]);
    return error as { readonly code: string; readonly message: string; readonly hint?: string };
  };

  it.each<[string, object, Readonly<Record<string, string>>, string, RegExp]>([
    [
      'a manifest with a mistake',
      { kinoport: { contribute: {} } },
      { 'index.js': '' },
      'PLUGIN_MANIFEST_INVALID',
      /contribute/,
    ],
    [
      'another version of the API',
      { engines: { kinoport: '^9.0.0' } },
      { 'index.js': '' },
      'PLUGIN_ENGINE_MISMATCH',
      /9\.0\.0/,
    ],
    [
      'TypeScript as what runs',
      { main: './index.ts' },
      { 'index.ts': '' },
      'PLUGIN_MANIFEST_INVALID',
      /TypeScript/,
    ],
    [
      'sources without what is built of them',
      { exports: BUILT },
      { 'src/index.ts': '' },
      'PLUGIN_MANIFEST_INVALID',
      /dist\/index\.js/,
    ],
    [
      'an entry that is not packed',
      { files: ['other'], exports: './lib/a.js' },
      { 'lib/a.js': '', 'other/b.js': '' },
      'PLUGIN_MANIFEST_INVALID',
      /lib\/a\.js/,
    ],
    [
      'a dependency on a folder',
      { dependencies: { near: 'file:../near' } },
      { 'index.js': '' },
      'PACK_REFUSED',
      /near/,
    ],
  ])('%s', async (_what, change, files, code, message) => {
    plugin(change, files);
    const error = await refused();
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('an entry that is a link', async () => {
    plugin({ exports: './entry.js', files: ['entry.js', 'real.js'] }, { 'real.js': '' });
    symlinkSync('real.js', join(root, 'entry.js'));
    expect(await refused()).toMatchObject({
      code: 'PLUGIN_MANIFEST_INVALID',
      message: expect.stringMatching(/entry\.js/),
    });
  });

  it('a build that fails, with what it said', async () => {
    plugin(
      { scripts: { prepack: `node -e "console.error('no such colour'); process.exit(3)"` } },
      { 'index.js': '' },
    );
    expect(await refused()).toMatchObject({
      code: 'PACK_FAILED',
      hint: expect.stringMatching(/no such colour/),
    });
  });

  it('nothing at all', async () => {
    expect(await refused()).toMatchObject({ code: 'PLUGIN_NOT_FOUND' });
    expect(existsSync(root)).toBe(false);
  });
});
