/** `@kinoport/core` as it is published: what is in it, and whether everybody's compiler understands it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inRepository } from '../support/repository.ts';
import { pack, withCore } from './packing.ts';

let outside: string;
let core: string;

beforeAll(() => {
  outside = mkdtempSync(join(tmpdir(), 'kp-core-'));
  core = withCore(join(outside, 'use'), outside);
}, 60_000);
afterAll(() => rmSync(outside, { recursive: true, force: true }));

const PLUGIN = `
  import { definePlugin, KinoportError, type Player, type Source, type PluginContext } from '@kinoport/core';
  import { TestContext, VirtualClock } from '@kinoport/core/testing';
  import pack from '@kinoport/core/package.json' with { type: 'json' };
  export const source = (ctx: PluginContext): Source => ({
    resolve: async (uri) => ({ kind: 'single', items: [{ key: 'a:b', uri, title: pack.version, kind: 'video' }] }),
    open: async (_item, { streamId }) => {
      await ctx.streams.publish({ id: streamId, type: 'video/mp4', async *read() { yield new Uint8Array(1); } });
      return { location: { type: 'published' } };
    },
    release: async () => {},
  });
  export type Flags = Player['capabilities'];
  export const plugin = definePlugin({ activate(ctx) { ctx.sources.register('s', source(ctx)); } });
  export const test = new TestContext({ clock: new VirtualClock() });
  export const code: string = new KinoportError('SOURCE_NOT_FOUND', 'x').code;
  // @ts-expect-error: the types are those of the contract, not any
  export const wrong: number = test.ctx.plugin.id;
`;

describe('@kinoport/core, packed', () => {
  it('holds what runs, its types, and what there is to read', () => {
    const { files } = pack(inRepository('core'), join(outside, 'look'));
    expect(files).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'README.md',
        'dist/index.js',
        'dist/index.d.ts',
        'dist/testing.d.ts',
      ]),
    );
    const others = files.filter((path) => !/^(dist|docs)\/|^(LICENSE|README\.md|package\.json)$/.test(path));
    expect(others).toEqual([]);
    // Sources are named in source maps only; a declaration that names one is lost outside.
    const broken = files.filter(
      (path) => path.endsWith('.d.ts') && /from '\.[^']*\.ts'/.test(readFileSync(join(core, path), 'utf8')),
    );
    expect(broken).toEqual([]);
  });

  it('has nothing for publint to say', async () => {
    const { messages, pkg } = await publint({ pkgDir: core, strict: true, pack: false });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
  });

  it.each([
    { module: 'nodenext', moduleResolution: 'nodenext' },
    { module: 'esnext', moduleResolution: 'bundler' },
  ])('has complete types under $moduleResolution', (options) => {
    const folder = join(outside, 'use');
    const compilerOptions = {
      strict: true,
      noEmit: true,
      target: 'es2024',
      lib: ['es2024', 'esnext.disposable'],
      types: ['node'],
      resolveJsonModule: true,
      ...options,
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['plugin.ts'] }));
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
    writeFileSync(join(folder, 'plugin.ts'), PLUGIN);
    expect(output(inRepository('node_modules/typescript/bin/tsc'), '-p', folder)).toBe('');
  });

  it('runs', () => {
    const folder = join(outside, 'use');
    writeFileSync(join(folder, 'plugin.ts'), PLUGIN);
    const script = `import { plugin, test, code } from './plugin.ts';
      await test.activate(plugin);
      console.log(code, [...test.sources.keys()], test.ctx.clock.now());`;
    writeFileSync(join(folder, 'use.mjs'), script);
    expect(output(join(folder, 'use.mjs'))).toBe("SOURCE_NOT_FOUND [ 's' ] 1000000\n");
  });
});

function output(...args: readonly string[]): string {
  try {
    return execFileSync(process.execPath, args, { encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return `${stdout}${stderr}`;
  }
}
