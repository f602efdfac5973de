import { join } from 'node:path';
import type { KinoportError } from '@kinoport/core';
import { transform } from 'esbuild';
import { afterEach, describe, expect, it } from 'vitest';
import { PluginHost, sourcePlugin } from './support/pluginHost.ts';

let host: PluginHost | undefined;

afterEach(async () => {
  await host?.dispose();
  host = undefined;
});

/** Starts a plugin whose folder holds these files beside an entry that imports `./part.js`. */
async function failure(files: Readonly<Record<string, string>>, entry = 'import "./part.js";') {
  host = new PluginHost({ a: { ...sourcePlugin('{}'), code: entry } });
  const { manifest } = sourcePlugin('{}');
  host.folders.add('a', { kinoport: manifest }, { 'index.js': entry, ...files });
  const error = await host.manager
    .source('s')
    .plugin.current()
    .then(
      () => expect.fail('it started'),
      (thrown: KinoportError) => thrown,
    );
  return { error, root: join(host.folders.root, 'a'), log: host.pluginLog('a') };
}

describe('a plugin whose code is at fault', () => {
  it.each<[string, string, { line: number; column: number; source: string }]>([
    ['a syntax error', 'const x = 1;\n\tconst y = ;\n', { line: 2, column: 12, source: '\tconst y = ;' }],
    [
      'an error while it is loaded',
      'const nothing = null;\n\nnothing.member;',
      { line: 3, column: 9, source: 'nothing.member;' },
    ],
    [
      'an import of what is not exported',
      'import { join,\n  jion } from "./other.js";',
      { line: 2, column: 3, source: '  jion } from "./other.js";' },
    ],
  ])('by %s: says file, line and column, and shows the line', async (_what, part, place) => {
    const { error, root, log } = await failure({ 'part.js': part, 'other.js': 'export const join = 1;' });
    const file = join(root, 'part.js');
    expect(error).toMatchObject({ code: 'PLUGIN_LOAD_FAILED', data: { file, ...place } });
    expect(error.hint).toContain(`${file}:${place.line}:${place.column}\n    ${place.source}\n`);
    const [, source, mark] = (error.hint ?? '').split('\n');
    expect(source?.slice(mark?.indexOf('^'))).toBe(`    ${place.source}`.slice(place.column + 3));
    expect(log).toContain(`${file}:${place.line}:${place.column}\n`);
  });

  it('in TypeScript is shown where Node cannot strip it', async () => {
    const { error, root } = await failure({ 'part.ts': '\nenum A { x }\n' }, 'import "./part.ts";');
    expect(error.data).toMatchObject({ file: join(root, 'part.ts'), line: 2, column: 1 });
  });

  it('in what a bundler made is shown where it was written', async () => {
    const source = 'type Name = string;\n\nexport const name: Name = missing.name;\n';
    const { code, map } = await transform(source, { loader: 'ts', sourcemap: true, sourcefile: 'part.ts' });
    const { error, root } = await failure({
      'part.js': `${code}//# sourceMappingURL=part.js.map\n`,
      'part.js.map': map,
      'part.ts': source,
    });
    expect(error.data).toMatchObject({
      file: join(root, 'part.ts'),
      line: 3,
      source: 'export const name: Name = missing.name;',
    });
  });

  it('in activate is shown too', async () => {
    const entry =
      'const start = () => {\n  throw new RangeError("too far");\n};\nexport default { activate: start };';
    const { error, root } = await failure({}, entry);
    expect(error).toMatchObject({
      code: 'PLUGIN_ACTIVATE_FAILED',
      data: { file: join(root, 'index.js'), line: 2, column: 9 },
    });
    expect(error.hint).toContain('index.js:2:9\n      throw new RangeError("too far");\n');
  });

  it('runs no line of its code to find that out', async () => {
    const { log } = await failure({ 'part.js': 'const y = ;' }, 'import "./part.js"; console.log("ran");');
    expect(log).not.toContain('\nran');
  });
});
